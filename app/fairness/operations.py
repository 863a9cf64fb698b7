"""Flags are looked for, kept and decided on by a person; a team shows a ranking or not; a member is in it or not."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from app.accounts import consents
from app.accounts.models import Person
from app.accounts.operations import record_audit
from app.accounts.rules import CONSENTS, uuid7
from app.db import db
from app.errors import Conflict, DomainError, FieldError, Forbidden
from app.fairness import looking, queries, rules
from app.fairness.models import MEASURES, REASONS, FairnessFlag, TeamRanking
from app.fairness.rules import Flag
from app.incidents.rules import words_about_people
from app.teams.scope import Scope, reach_team

NOTE_LETTERS = 280
# Which reasons belong to which decision.
EXPLAINED, PASSED_ON = REASONS[:6], REASONS[6:]
DECISIONS = {"explained": EXPLAINED, "passed_on": PASSED_ON}


def look(township_id: int, month: date, now: datetime) -> int:
    """Run every check over a month; answers how many flags wait for somebody now that did not before. Again it finds
    the same and makes nothing twice."""
    queries.lock_flags(township_id)
    found = looking.month_at(township_id, month, now)
    return sum(_keep(found, flag, now) for flag in looking.flags_of(found))


def _keep(month: looking.Month, flag: Flag, now: datetime) -> bool:
    row = queries.flag_of_subject(month.township_id, flag.kind, month.first, flag.subject)
    if row is None:
        db.session.add(_new(month, flag, now))
        db.session.flush()
        return True
    again = row.state != "open" and rules.has_grown(flag.weight, row.decided_weight or 0, month.policy)
    if again:
        _reopen(row, now)
    _see(row, flag, now)
    db.session.flush()
    return again


def _new(month: looking.Month, flag: Flag, now: datetime) -> FairnessFlag:
    a, b = (*flag.people, None, None)[:2]
    row = FairnessFlag(
        township_id=month.township_id, id=uuid7(now, secrets.token_bytes(10)), kind=flag.kind, month=month.first,
        subject=flag.subject, person_a=a, person_b=b, first_seen_at=now, state="open",
    )  # fmt: skip
    _see(row, flag, now)
    return row


def _see(row: FairnessFlag, flag: Flag, now: datetime) -> None:
    row.weight, row.figures, row.team_id, row.seen_at = flag.weight, dict(flag.figures), flag.team_id, now
    row.duty_ids = list(flag.duty_ids)
    row.checkin_ids = [UUID(id_) for id_ in flag.checkin_ids]
    row.report_ids = [UUID(id_) for id_ in flag.report_ids]


def _reopen(row: FairnessFlag, now: datetime) -> None:
    """What was decided stays in the audit."""
    record_audit(row.township_id, None, "fairness.again", "flag", row.id, now, before=row.state)
    row.state, row.decided_by, row.decided_at, row.decided_weight = "open", None, None, None
    row.reason, row.note = None, None


# --- deciding -------------------------------------------------------------------------------------


def decide(
    person: Person, scope: Scope, flag_id: UUID, state: str, reason: str, note: str, now: datetime
) -> FairnessFlag:
    """Explained, or passed on to be looked at closer; nothing else follows. The same again changes nothing.

    Raises NotFound outside one's teams and townships, Forbidden for whom it is about, Conflict where somebody decided
    otherwise meanwhile."""
    flag = queries.reach_flag(scope, flag_id)
    _refuse_concerned(person, scope, flag)
    note = note.strip()
    _check(state, reason, note)
    if (flag.state, flag.reason, flag.note or "") == (state, reason, note):
        return flag
    if flag.state != "open":
        raise Conflict("flag_decided")
    flag.state, flag.reason, flag.note = state, reason, note or None
    flag.decided_by, flag.decided_at, flag.decided_weight = person.id, now, flag.weight
    record_audit(flag.township_id, person.id, f"fairness.{state}", "flag", flag.id, now, reason=reason)
    db.session.flush()
    return flag


def may_decide(scope: Scope, flag: FairnessFlag) -> bool:
    """Not whom it is about; and of a whole team, its leader is one of them."""
    concerned = scope.person_id in (flag.person_a, flag.person_b)
    return not concerned and (flag.kind != "team_rush" or flag.township_id in scope.township_ids)


def _refuse_concerned(person: Person, scope: Scope, flag: FairnessFlag) -> None:
    if person.id != scope.person_id or not may_decide(scope, flag):
        raise Forbidden("flag_about_you")


def _check(state: str, reason: str, note: str) -> None:
    faults = []
    if reason not in DECISIONS.get(state, ()):
        faults.append(FieldError("/reason", "field_needed"))
    if len(note) > NOTE_LETTERS:
        faults.append(FieldError("/note", "too_long"))
    elif words_about_people(note):
        faults.append(FieldError("/note", "text_names_a_person"))
    if faults:
        raise DomainError("invalid", faults)


# --- rankings -------------------------------------------------------------------------------------


def set_ranking(
    person: Person, scope: Scope, team_id: int, *, shown: bool, measure: str, now: datetime
) -> None:
    """The team's yes or no, by who leads it. Raises NotFound for other teams."""
    team = reach_team(scope, team_id, to_lead=True)
    if measure not in MEASURES:
        raise DomainError("invalid", [FieldError("/measure", "field_needed")])
    values = {"shown": shown, "measure": measure, "changed_by": person.id, "changed_at": now}
    row = insert(TeamRanking).values(township_id=team.township_id, team_id=team.id, **values)
    db.session.execute(row.on_conflict_do_update(index_elements=["township_id", "team_id"], set_=values))
    record_audit(
        team.township_id, person.id, "ranking.set", "team", team.id, now, shown=shown, measure=measure
    )


def be_ranked(person: Person, shown: bool, now: datetime) -> None:
    """A member's own yes or no, which holds at once."""
    consents.set_consent(person, "ranking", shown, CONSENTS["ranking"], now)
