"""Checks of the gaming table: what a person should look at, never what somebody has done. Pure functions of facts.

Each answers flags with the figures it saw. A flag costs nobody anything: it is a question, and most have an innocent
answer. Here: reports and pairs; walks and phones in copies.py, the month's end in rushes.py, hotspots in camping.py.
Source: duty-incentives.md, docs/fairness.md.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from app.checkins.rules import metres_between

# In the order of the page: where and when, reports, pairs, time, places.
KINDS = (
    "same_walk", "shared_phone", "two_places", "self_closed", "closed_for", "split_reports", "same_pair", "cosign_pair",
    "month_end_rush", "team_rush", "after_cap_rush", "thin_visits", "paid_rhythm", "long_standing",
)  # fmt: skip
# Closings that say the hazard was there, and so may earn something.
CREDITED = ("mended", "gone", "handled")
MINUTE = timedelta(minutes=1)

Pair = tuple[int, int]


@dataclass(frozen=True)
class Policy:
    """Numbers of the checks; names carry the unit. What pays (45 minutes, 10 minutes, 400 points) is not here: the
    checks take it from the rules that pay."""

    same_m: float = 1
    same_s: int = 2
    same_walk_taps: int = 4
    same_walk_spots: int = 3
    same_walk_percent: int = 50
    shared_phone_times: int = 3
    shared_phone_min: int = 30
    two_places_kmh: int = 120
    two_places_m: int = 1000
    self_closed_least: int = 2
    closed_for_least: int = 5
    closed_for_times: float = 2
    split_m: int = 75
    split_days: int = 9
    split_least: int = 3
    pair_team: int = 4
    cosign_least: int = 5
    cosign_percent: int = 80
    cosign_above: int = 30
    rush_days: int = 3
    rush_percent: int = 40
    rush_above: int = 20
    rush_points: int = 60
    rush_visits: int = 10
    thin_min: int = 2
    thin_least: int = 10
    thin_percent: int = 80
    rhythm_min: int = 5
    rhythm_least: int = 6
    rhythm_percent: int = 60
    standing_percent: int = 60
    standing_duty_min: int = 90
    standing_duties: int = 3
    again_percent: int = 50
    rank_least: int = 3


@dataclass(frozen=True)
class Flag:
    """Something to look at. `people` are one or two, in order of their ids; none where it is of a whole team. `weight`
    is the figure by which it grows: a decided flag is asked again only when that has grown much."""

    kind: str
    people: tuple[int, ...]
    weight: int
    figures: dict[str, int] = field(default_factory=dict)
    team_id: int | None = None
    duty_ids: tuple[int, ...] = ()
    checkin_ids: tuple[str, ...] = ()
    report_ids: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        return "-".join(map(str, self.people)) or f"team:{self.team_id}"


def policy_from(mapping: Mapping[str, Any]) -> Policy:
    """A Policy from a stored mapping; what it does not know, and what cannot be, leaves the default."""
    known = {item.name: item.type for item in fields(Policy)}
    return Policy(**{key: value for key, value in mapping.items() if key in known and _can_be(key, value)})


def _can_be(key: str, value: object) -> bool:
    """A number above nothing, whole but for the two that are not; nobody is ranked among fewer than three."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1_000_000:
        return False
    whole = isinstance(value, int) or key in ("same_m", "closed_for_times")
    return whole and (value >= 3 or key != "rank_least") and (value <= 100 or not key.endswith("_percent"))


def has_grown(weight: int, decided_weight: int, policy: Policy) -> bool:
    """Whether what was decided on has become so much more that somebody should look again."""
    return weight * 100 >= decided_weight * (100 + policy.again_percent) and weight > decided_weight


# --- reports: who told, who closed ----------------------------------------------------------------


@dataclass(frozen=True)
class Report:
    """The first report of a hazard, and who closed it as what. Places are 1e-7 degrees; None where there is none."""

    id: str
    category: str
    person_id: int
    at: datetime
    team_id: int | None = None
    closed_by: int | None = None
    closing: str | None = None
    lon_e7: int | None = None
    lat_e7: int | None = None


def self_closed(reports: Iterable[Report], policy: Policy) -> list[Flag]:
    """Hazards that one and the same person reported and closed as there."""
    found: dict[int, list[Report]] = defaultdict(list)
    for report in _credited(reports):
        if report.closed_by == report.person_id:
            found[report.person_id].append(report)
    return [
        Flag("self_closed", (who,), len(own), {"reports": len(own)}, own[0].team_id, report_ids=_ids(own))
        for who, own in sorted(found.items())
        if len(own) >= policy.self_closed_least
    ]


def closed_for(reports: Iterable[Report], policy: Policy) -> list[Flag]:
    """One closes another's hazards far more often than chance would have it among those who close in that team. Where
    only one closes, it is never more than chance."""
    flags = []
    for team_id, own in sorted(grouped(_credited(reports), lambda r: r.team_id or 0).items()):
        told, closed = Counter(r.person_id for r in own), Counter(r.closed_by for r in own)
        for (who, by), pair in sorted(grouped(own, lambda r: (r.person_id, r.closed_by or 0)).items()):
            by_chance = told[who] * closed[by] / len(own)
            if who == by or len(pair) < policy.closed_for_least:
                continue
            if len(pair) >= policy.closed_for_times * by_chance:
                figures = {"reports": len(pair), "of": told[who], "by_chance": round(by_chance)}
                flags.append(
                    Flag(
                        "closed_for",
                        _pair(who, by),
                        len(pair),
                        figures,
                        team_id or None,
                        report_ids=_ids(pair),
                    )
                )
    return one_each(flags)


def split_reports(
    reports: Iterable[Report], since: datetime, near_m: float, near: timedelta, policy: Policy
) -> list[Flag]:
    """Reports of one kind by one person just beyond what would be one and the same: 50 m to 75 m off within a week, or
    at the same place in the eighth or ninth day. Those before `since` are there to be compared with."""
    flags = []
    for (who, _), own in sorted(grouped(reports, lambda r: (r.person_id, r.category)).items()):
        later = [r for r in own if r.at >= since]
        just = [r for r in later if any(_is_split(r, o, near_m, near, policy) for o in own if o.at < r.at)]
        if len(just) >= policy.split_least:
            figures = {"reports": len(just), "of": len(later)}
            flags.append(
                Flag("split_reports", (who,), len(just), figures, just[0].team_id, report_ids=_ids(just))
            )
    return one_each(flags)


def _is_split(a: Report, b: Report, near_m: float, near: timedelta, policy: Policy) -> bool:
    if a.lon_e7 is None or a.lat_e7 is None or b.lon_e7 is None or b.lat_e7 is None:
        return False
    metres, apart = metres_between(a.lon_e7, a.lat_e7, b.lon_e7, b.lat_e7), abs(a.at - b.at)
    beside = near_m < metres <= policy.split_m and apart <= near
    after = metres <= near_m and near < apart <= timedelta(days=policy.split_days)
    return beside or after


def _credited(reports: Iterable[Report]) -> list[Report]:
    return [r for r in reports if r.closed_by is not None and r.closing in CREDITED]


def _ids(reports: Iterable[Report]) -> tuple[str, ...]:
    return tuple(sorted(r.id for r in reports))


# --- pairs ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outing:
    """Who was out on a shift of a team, and their duties by person."""

    shift_id: int
    team_id: int
    starts_at: datetime
    duties: dict[int, int]

    @property
    def people(self) -> frozenset[int]:
        return frozenset(self.duties)


def same_pair(
    outings: Sequence[Outing], in_a_row: Mapping[Pair, int], most: int, policy: Policy
) -> list[Flag]:
    """`in_a_row`: how often each pair of the team was out together in a row (app/duty/pairs.py counts). In a team of
    which fewer than four were out there is no other choice."""
    if len({who for one in outings for who in one.people}) < policy.pair_team:
        return []
    flags = []
    for pair, times in sorted(in_a_row.items()):
        if times > most:
            together = [one for one in outings if one.people.issuperset(pair)]
            duties = tuple(sorted(one.duties[who] for one in together for who in pair))
            figures = {"times": times, "most": most, "together": len(together)}
            flags.append(Flag("same_pair", _pair(*pair), times, figures, together[0].team_id, duties))
    return flags


@dataclass(frozen=True)
class Vouching:
    """`by` has co-signed a check-in of `person_id` on a shift."""

    checkin_id: str
    shift_id: int
    person_id: int
    by: int


def cosign_pair(vouchings: Iterable[Vouching], outings: Sequence[Outing], policy: Policy) -> list[Flag]:
    """Two who co-sign for each other and for hardly anybody else, far beyond how often they are out together."""
    given = set(vouchings)
    flags = []
    for a, b in sorted({_pair(v.person_id, v.by) for v in given if v.person_id != v.by}):
        shares = [_cosign_share(own, other, given, outings, policy) for own, other in ((a, b), (b, a))]
        if all(share is not None for share in shares):
            own = [v for v in given if _pair(v.person_id, v.by) == (a, b)]
            on = {v.shift_id for v in own}
            duties = sorted(o.duties[w] for o in outings if o.shift_id in on for w in (a, b) if w in o.duties)
            figures = {"cosigns": len(own), "percent": min(share or 0 for share in shares)}
            flags.append(
                Flag(
                    "cosign_pair", (a, b), len(own), figures, None, tuple(duties),
                    tuple(sorted({v.checkin_id for v in own})),
                )
            )  # fmt: skip
    return flags


def _cosign_share(
    who: int, by: int, given: Collection[Vouching], outings: Sequence[Outing], policy: Policy
) -> int | None:
    """Percent of `who`'s co-signatures that came from `by`; None where that is little, or what their shifts explain."""
    mine = [v for v in given if v.person_id == who and v.by != who]
    from_by = sum(v.by == by for v in mine)
    if from_by < policy.cosign_least:
        return None
    percent, explained = 100 * from_by // len(mine), _explained_percent(who, by, outings)
    enough = percent >= policy.cosign_percent and percent - explained >= policy.cosign_above
    return percent if enough else None


def _explained_percent(who: int, by: int, outings: Sequence[Outing]) -> float:
    """What `by` would sign if each of those out with `who` signed alike."""
    crews = [one.people - {who} for one in outings if who in one.people and len(one.people) > 1]
    return 100 * sum(1 / len(crew) for crew in crews if by in crew) / len(crews) if crews else 100.0


# --- small things ---------------------------------------------------------------------------------


def grouped(things: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for one in things:
        found[key(one)].append(one)
    return found


def _pair(a: int, b: int) -> Pair:
    return (a, b) if a < b else (b, a)


def one_each(flags: Iterable[Flag]) -> list[Flag]:
    """One for each kind and subject, the heaviest."""
    heaviest: dict[tuple[str, str], Flag] = {}
    for flag in flags:
        key = flag.kind, flag.subject
        if key not in heaviest or flag.weight > heaviest[key].weight:
            heaviest[key] = flag
    return list(heaviest.values())
