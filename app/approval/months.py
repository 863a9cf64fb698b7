"""A township's month put together: each person's figures and state, the audits, the path so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from app.approval import published, queries, rules
from app.approval.models import PointAudit, PointNotice, PointSubmission
from app.approval.queries import Decided, Held, Work
from app.approval.rules import Policy, Standing, State, Waiting, Worked, policy_from
from app.areas.models import Area
from app.areas.policies import policies_in_force
from app.clock import day_span
from app.incentives import queries as ledger_queries
from app.incentives.models import FrozenMonth
from app.incentives.operations import month_of
from app.incentives.rules import policy_from as price_policy_from

NOTHING = Held(0, 0, 0, None, 0)
NO_WORK = Work(0, 0, 0, None, frozenset(), False)


@dataclass(frozen=True)
class PersonMonth:
    """What a person's month holds. `open_half`: still pending; `carried_half`: as much of it comes from earlier months;
    `move_half`: what an approval would move now; `approved_half`: what was moved so far."""

    person_id: int
    team_id: int | None
    work: Work
    earned_half: int
    open_half: int
    carried_half: int
    approved_half: int
    move_half: int
    state: State
    settles_at: datetime | None
    decided: Decided | None
    submission: PointSubmission | None
    audit: PointAudit | None = None

    @property
    def n(self) -> int:
        return self.decided.last.n if self.decided else 0

    @property
    def rest_half(self) -> int:
        """A debt that could not be taken back: it is earned back in later months."""
        return self.open_half - self.move_half


@dataclass(frozen=True)
class Month:
    township: Area
    month: date
    ends_at: datetime
    policy: Policy
    persons: tuple[PersonMonth, ...]
    audits: tuple[PointAudit, ...]
    notice: PointNotice | None
    frozen: FrozenMonth | None
    objections: dict[str, int]

    @property
    def audits_open(self) -> list[PointAudit]:
        return [one for one in self.audits if one.result is None]

    @property
    def returned(self) -> int:
        """Persons whose approval was taken back and who are not decided anew."""
        return sum(
            1
            for one in self.persons
            if one.decided and one.decided.last.kind == "returned" and one.state not in rules.DECIDED
        )

    @property
    def waiting(self) -> Waiting:
        closes_at = self.notice.closes_at if self.notice else None
        return Waiting(closes_at, self.objections.get("open", 0), self.returned, len(self.audits_open))

    def of(self, person_id: int) -> PersonMonth | None:
        return next((one for one in self.persons if one.person_id == person_id), None)


def month_state(township: Area, month: date, now: datetime) -> Month:
    """All of a township's month; persons without a point or a decision are not in it."""
    first, last = month_of(month)
    audits = newest(queries.audits_of(township.id, first))
    return Month(
        township, first, day_span(first, last, township.time_zone)[1], policy_on(township.id, last),
        tuple(persons_of(township, first, now, audits=audits)), tuple(audits.values()),
        published.notice_of(township.id, first), published.frozen_of(township.id, first),
        published.objection_counts(township.id, first),
    )  # fmt: skip


def newest(audits: list[PointAudit]) -> dict[int, PointAudit]:
    """By person: an audit of an approval that was followed by another is done when the later one is."""
    return {one.person_id: one for one in audits}


def policy_on(township_id: int, day: date) -> Policy:
    return policy_from(policies_in_force(township_id, day).body("approval"))


def persons_of(
    township: Area, month: date, now: datetime, person_id: int | None = None,
    audits: dict[int, PointAudit] | None = None,
) -> list[PersonMonth]:  # fmt: skip
    first, last = month_of(month)
    ends_at = day_span(first, last, township.time_zone)[1]
    frozen = ledger_queries.frozen_months(township.id)
    held = queries.held(township.id, first, frozen, person_id)
    elsewhere = queries.carried_elsewhere(township.id, first, frozen, person_id)
    decided = queries.decisions(township.id, first, person_id)
    submitted = queries.submissions(township.id, first, person_id)
    work = queries.work_of(township.id, first, last, person_id)
    carrying = {one for one, has in held.items() if has.earlier_half > elsewhere.get(one, 0)}
    by_hand = queries.entered_earlier(township.id, first, frozen, carrying, person_id)
    teams = queries.teams_of(township.id, set(held) | set(decided))
    found = []
    for one in sorted(set(held) | set(decided)):
        holds, worked = held.get(one, NOTHING), work.get(one, NO_WORK)
        worked = replace(worked, entered_by=worked.entered_by | by_hand.get(one, frozenset()))
        found.append(
            _person(
                one, holds, worked, worked.team_id or teams.get(one), elsewhere.get(one, 0), decided.get(one),
                submitted.get(one), ends_at, now, (audits or {}).get(one),
            )
        )  # fmt: skip
    return [one for one in found if one.earned_half or one.open_half or one.decided]


def _person(
    person_id: int, held: Held, work: Work, team_id: int | None, elsewhere_half: int, decided: Decided | None,
    submission: PointSubmission | None, ends_at: datetime, now: datetime, audit: PointAudit | None,
) -> PersonMonth:  # fmt: skip
    brought = held.earlier_half - elsewhere_half
    n = decided.last.n if decided else 0
    stands = submission if submission is not None and submission.after_n == n else None
    settles_at = max(filter(None, (ends_at, held.settles_at)))
    if work.is_on:
        settles_at = max(settles_at, now + rules.ONE_DAY)
    standing = Standing(
        held.own_half + brought, held.approved_half, decided.last.kind if decided else None,
        stands.half if stands else None, settles_at,
    )  # fmt: skip
    return PersonMonth(
        person_id, team_id, work, held.earned_half, standing.open_half,
        brought - (decided.carried_half if decided else 0), decided.half if decided else 0,
        rules.movable(standing), rules.state_of(standing, now), settles_at, decided, stands, audit,
    )  # fmt: skip


def worked_of(persons: list[PersonMonth]) -> list[Worked]:
    """The month as audits are drawn from it: what the month's own work earned."""
    return [
        Worked(
            one.person_id, one.team_id, one.earned_half, one.work.worked_s, one.work.shifts, one.work.flags
        )
        for one in persons
    ]


def cap_half_on(township_id: int, day: date) -> int:
    return 2 * price_policy_from(policies_in_force(township_id, day).body("incentives")).month_cap
