"""Beats and rosters by a solver (CP-SAT): numbers in, numbers out, the same ones every time.

Imported in the worker only, inside a task: the library takes half a second and 100 MB. It searches on one thread and
stops by the work done and not by the clock, so that a busy machine answers as an idle one does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations, pairwise
from math import floor

from ortools.sat.python import cp_model

from app.planning.puzzles import RULES, Beat, Limits, Member, Roster, Slot, too_often

# Parts of a minute. Ways are rounded down and the limit up, so that no beat that fits is lost; what that lets in
# beyond the limit is less than a tick a stop.
TICKS = 100_000
# The solver's own measure of work, near seconds of an idle core.
WORK = 30.0
Minutes = Sequence[Sequence[float]]
Leg = tuple[int, int]


# --- beats --------------------------------------------------------------------------------------------------------


def best_beat(
    values: Sequence[int],
    minutes: Minutes,
    limit: float,
    start: int,
    end: int,
    windows: Sequence[tuple[float, float]] | None = None,
    apart: Iterable[tuple[int, int, float]] = (),
    work: float = WORK,
) -> Beat:
    """The orienteering problem: which stops, in which order, are worth most within the limit.

    `minutes[i][j]` is from the beginning of stop i to that of stop j. A stop may be begun within its window only (who
    comes early waits); of `apart` (i, j, m) the two are begun m minutes apart at least, where both are on the beat.
    """
    if start == end:  # the way back ends at a stop of its own, at the same place
        minutes = [[*row, row[start]] for row in [*minutes, minutes[start]]]
        values, end = [*values, 0], len(values)
        windows = None if windows is None else [*windows, windows[start]]
    beat = _Beat(values, minutes, limit, start, end)
    if windows is not None:
        beat.keep_times(windows, apart)
    return beat.solve(work)


class _Beat:
    """The model: a circuit that may leave out any stop but the two ends, closed from the end to the start."""

    def __init__(self, values: Sequence[int], minutes: Minutes, limit: float, start: int, end: int) -> None:
        self.minutes, self.limit, self.start, self.end = minutes, limit, start, end
        self.stops = [i for i in range(len(values)) if i not in (start, end)]
        self.values = values
        self.opens = [0.0] * len(values)
        self.apart: list[tuple[int, int, float]] = []
        self.model = cp_model.CpModel()
        self.on = {i: self.model.new_bool_var(f"on {i}") for i in self.stops}
        self.legs = {leg: self.model.new_bool_var(f"leg {leg}") for leg in self._legs()}
        arcs = [(i, j, used) for (i, j), used in self.legs.items()]
        arcs += [(i, i, ~is_on) for i, is_on in self.on.items()]
        self.model.add_circuit([*arcs, (end, start, self.model.new_constant(1))])
        ticks = sum(_ticks(minutes[i][j]) * used for (i, j), used in self.legs.items())
        self.model.add(ticks <= _most_ticks(limit))
        self.model.maximize(sum(values[i] * is_on for i, is_on in self.on.items()))

    def _legs(self) -> list[Leg]:
        froms, tos = [self.start, *self.stops], [*self.stops, self.end]
        return [(i, j) for i in froms for j in tos if i != j]

    def keep_times(
        self, windows: Sequence[tuple[float, float]], apart: Iterable[tuple[int, int, float]]
    ) -> None:
        self.opens, self.apart = [opens for opens, _ in windows], list(apart)
        at = {i: self._begun(i, *windows[i]) for i in (self.start, self.end, *self.stops)}
        for (i, j), used in self.legs.items():
            if windows[i][0] + self.minutes[i][j] > min(windows[j][1], self.limit):
                self.model.add(used == 0)
            else:
                self.model.add(at[j] >= at[i] + _ticks(self.minutes[i][j])).only_enforce_if(used)
        for i, j, least in self.apart:
            self._keep_apart(i, j, at, _ticks(least))

    def _begun(self, i: int, opens: float, closes: float) -> cp_model.IntVar:
        first, last = _ticks(opens), _most_ticks(min(closes, self.limit))
        if first > last:
            self.model.add(self.on[i] == 0)
        return self.model.new_int_var(first, max(first, last), f"at {i}")

    def _keep_apart(self, i: int, j: int, at: Mapping[int, cp_model.IntVar], least: int) -> None:
        first = self.model.new_bool_var(f"{i} before {j}")
        both = [self.on[i], self.on[j]]
        self.model.add(at[j] >= at[i] + least).only_enforce_if([*both, first])
        self.model.add(at[i] >= at[j] + least).only_enforce_if([*both, ~first])

    def solve(self, work: float) -> Beat:
        solver = _solver(work)
        status = solver.solve(self.model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return self._read([self.start, self.end], status == cp_model.INFEASIBLE)
        after = {i: j for (i, j), used in self.legs.items() if solver.boolean_value(used)}
        order = [self.start]
        while order[-1] != self.end:
            order.append(after[order[-1]])
        return self._read(order, status == cp_model.OPTIMAL)

    def _read(self, order: Sequence[int], proved: bool) -> Beat:
        """Each stop as early as may be: where the order is given, that is never too late for one that follows."""
        at = {order[0]: self.opens[order[0]]}
        for i, j in pairwise(order):
            rests = [at[a] + m for a, b, m in self._both_ways() if b == j and a in at]
            at[j] = max(at[i] + self.minutes[i][j], self.opens[j], *rests)
        value = sum(self.values[i] for i in order[1:-1])
        return Beat(tuple(order), tuple(at[i] for i in order), value, proved)

    def _both_ways(self) -> list[tuple[int, int, float]]:
        return [*self.apart, *((b, a, m) for a, b, m in self.apart)]


def _ticks(minutes: float) -> int:
    return max(0, floor(minutes * TICKS - 1e-6))


def _most_ticks(minutes: float) -> int:
    return floor(minutes * TICKS + 1e-6)


def _solver(work: float, is_linear: bool = False) -> cp_model.CpSolver:
    """`is_linear`: all that is asked can be written as sums, and relaxing them tells early what cannot be had."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.max_deterministic_time = work
    if is_linear:
        solver.parameters.linearization_level = 2
    return solver


# --- rosters ------------------------------------------------------------------------------------------------------


def roster(members: Sequence[Member], slots: Sequence[Slot], limits: Limits, work: float = WORK) -> Roster:
    """As many places filled as the rules allow; then shifts spread evenly, then nights. `slots` may hold past and full
    shifts: they count for rest, nights and who was with whom, and get nobody."""
    found = _filled(members, slots, limits, work)
    if not found.empty:
        return found
    return Roster(found.crews, found.empty, _why(members, slots, limits, work), found.proved)


def _why(members: Sequence[Member], slots: Sequence[Slot], limits: Limits, work: float) -> tuple[str, ...]:
    def fills(*without: str) -> bool:
        return not _filled(members, slots, limits, work, without).empty

    alone = tuple(rule for rule in RULES if fills(rule))
    return alone or (("several",) if fills(*RULES) else ("too_few",))


def _filled(
    members: Sequence[Member], slots: Sequence[Slot], limits: Limits, work: float, without: Sequence[str] = ()
) -> Roster:
    """Pairs are seldom together too often, and to forbid it to all of them is most of the work: it is forbidden to
    those that were, until none is."""
    watched: set[tuple[int, int]] = set()
    while True:
        found = _Roster(members, slots, limits, without, watched).solve(work)
        more = too_often(members, slots, found, limits.pair_in_a_row) - watched
        if not more or "same_pair" in without:
            return found
        watched |= more


class _Roster:
    """The model. `without` are rules that are left aside, to see what stands in the way; `watched` are the pairs that
    may not always be together."""

    def __init__(
        self, members: Sequence[Member], slots: Sequence[Slot], limits: Limits, without: Sequence[str],
        watched: Collection[tuple[int, int]],
    ) -> None:  # fmt: skip
        self.members, self.limits, self.without = members, limits, without
        self.slots = sorted(slots, key=lambda slot: (slot.start, slot.id))
        self.open = [slot for slot in self.slots if slot.places]
        self.weeks = sorted({slot.week for slot in self.open})
        self.model = cp_model.CpModel()
        self.takes = {
            (member.id, slot.id): self.model.new_bool_var(f"{member.id} takes {slot.id}")
            for member in members
            for slot in self.open
            if self._may(member, slot)
        }
        self.empty = {slot.id: self._filled(slot) for slot in self.open}
        for member in members:
            self._rested(member)
            self._within_the_week(member)
        for a, b in combinations(members, 2):
            if (a.id, b.id) in watched:
                self._not_always_together(a, b)
        self._wanted()

    def _may(self, member: Member, slot: Slot) -> bool:
        too_long = self.limits.longest_min is not None and slot.end - slot.start > self.limits.longest_min
        if too_long and "longest" not in self.without:
            return False
        barred = slot.id in member.barred and "barred" not in self.without
        return not barred and member.id not in slot.crew

    def _on(self, member: Member, slot: Slot) -> cp_model.IntVar | int:
        """1 or 0 where it is settled, else the variable."""
        if member.id in slot.crew:
            return 1
        return self.takes.get((member.id, slot.id), 0)

    def _filled(self, slot: Slot) -> cp_model.IntVar:
        empty = self.model.new_int_var(0, slot.places, f"empty {slot.id}")
        self.model.add(
            sum(self._on(m, slot) for m in self.members if m.id not in slot.crew) + empty == slot.places
        )
        return empty

    def _rested(self, member: Member) -> None:
        least = 0 if "rest" in self.without else self.limits.rest_min
        mine = [slot for slot in self.slots if member.id in slot.crew or (member.id, slot.id) in self.takes]
        for n, slot in enumerate(mine):
            for later in mine[n + 1 :]:
                on = (self._on(member, slot), self._on(member, later))
                near = later.start < slot.end + least
                if near and not all(isinstance(one, int) for one in on):
                    self.model.add(on[0] + on[1] <= 1)

    def _within_the_week(self, member: Member) -> None:
        for week in self.weeks:
            mine = [slot for slot in self.slots if slot.week == week]
            most, nights = self.limits.most_a_week, self.limits.nights_a_week
            if most is not None and "most_a_week" not in self.without:
                self._at_most(member, mine, most)
            if nights is not None and "nights" not in self.without:
                dark = [slot for slot in mine if slot.is_night]
                self._at_most(member, dark, nights - member.nights.get(week, 0))

    def _at_most(self, member: Member, slots: Sequence[Slot], most: int) -> None:
        """New ones only fill what is left; what is planned already stays, be it too much."""
        planned = sum(member.id in slot.crew for slot in slots)
        new = [self.takes[member.id, slot.id] for slot in slots if (member.id, slot.id) in self.takes]
        self.model.add(sum(new) <= max(0, most - planned))

    def _not_always_together(self, a: Member, b: Member) -> None:
        """How often the two have been together in a row, and whether any of it is new: a shift of only one of them
        begins the count anew, and too many that were planned already are none of ours."""
        most = self.limits.pair_in_a_row
        run: cp_model.IntVar | int = 0
        is_new: cp_model.IntVar | int = 0
        for slot in self.slots:
            one, other = self._on(a, slot), self._on(b, slot)
            if isinstance(one, int) and isinstance(other, int):
                if one != other:
                    run, is_new = 0, 0
                elif one:
                    run = self._one_more(run, is_new, most)
            else:
                run, is_new = self._counted(run, is_new, one, other, most)

    def _one_more(
        self, run: cp_model.IntVar | int, is_new: cp_model.IntVar | int, most: int
    ) -> cp_model.IntVar | int:
        """Planned already: it stays, and forbids what is new beside it. Counted no further than one too many."""
        if isinstance(run, int) or isinstance(is_new, int):
            return min(int(run) + 1, most + 1)
        more = self.model.new_int_var(0, most + 1, "")
        self.model.add_min_equality(more, [run + 1, most + 1])
        self.model.add(more <= most).only_enforce_if(is_new)
        return more

    def _counted(
        self,
        run: cp_model.IntVar | int,
        is_new: cp_model.IntVar | int,
        one: cp_model.IntVar | int,
        other: cp_model.IntVar | int,
        most: int,
    ) -> tuple[cp_model.IntVar, cp_model.IntVar]:
        now, now_new = self.model.new_int_var(0, most + 1, ""), self.model.new_bool_var("")
        both, neither = self.model.new_bool_var(""), self.model.new_bool_var("")
        alone = self.model.new_bool_var("")
        self.model.add(both + neither + alone == 1)
        self.model.add(one + other == 2 * both + alone)
        self.model.add(now == run + 1).only_enforce_if(both)
        self.model.add(now <= most).only_enforce_if(both)
        self.model.add(now_new == 1).only_enforce_if(both)
        self.model.add(now == run).only_enforce_if(neither)
        self.model.add(now_new == is_new).only_enforce_if(neither)
        self.model.add(now == 0).only_enforce_if(alone)
        self.model.add(now_new == 0).only_enforce_if(alone)
        return now, now_new

    def _wanted(self) -> None:
        """Places filled before all; then the squares of the shifts each, which are least when they are even; then of
        the nights."""
        week = [slot for slot in self.slots if slot.week in self.weeks]
        dark = [slot for slot in week if slot.is_night]
        shifts = [step for member in self.members for step in self._squares(member, week)]
        nights = [step for member in self.members for step in self._squares(member, dark)]
        most = len(self.members) * len(week) ** 2 + 1
        self.model.minimize(most * most * sum(self.empty.values()) + most * sum(shifts) + sum(nights))

    def _squares(self, member: Member, slots: Sequence[Slot]) -> list[cp_model.LinearExpr]:
        """n² = 1 + 3 + 5 + …: a step each, of which a minimum takes the cheapest first."""
        on = [self._on(member, slot) for slot in slots]
        steps = [self.model.new_bool_var("") for _ in on]
        self.model.add(sum(steps) == sum(on))
        return [(2 * n + 1) * step for n, step in enumerate(steps)]

    def solve(self, work: float) -> Roster:
        solver = _solver(work, is_linear=True)
        status = solver.solve(self.model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return Roster({}, {slot.id: slot.places for slot in self.open}, (), False)
        crews = {
            slot.id: tuple(
                m.id for m in self.members
                if (m.id, slot.id) in self.takes and solver.boolean_value(self.takes[m.id, slot.id])
            )
            for slot in self.open
        }  # fmt: skip
        empty = {slot_id: n for slot_id, one in self.empty.items() if (n := solver.value(one))}
        return Roster(crews, empty, (), status == cp_model.OPTIMAL)
