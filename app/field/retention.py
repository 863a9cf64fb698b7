"""What is kept how long, and the forgetting itself. docs/privacy.md is generated from RETENTION.

Runs every night with the rights of the retention role, portion by portion; each portion is one transaction, safe to
repeat and to kill. A contested duty (a check-in is held and nobody has looked at it, or its member has answered and
nobody has closed that) keeps its evidence longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, and_, exists, func, null, or_, select, tuple_, update

from app import clock
from app.accounts import forgetting as accounts
from app.alarms import forgetting as alarms
from app.areas.models import Area
from app.checkins import answers
from app.checkins import forgetting as checkins
from app.coverage import folding
from app.db import db
from app.duty import crews
from app.duty.models import Duty
from app.field.models import InboxItem, ItemState, QuarantineItem
from app.hotspots import forgetting as hotspots
from app.incentives import cases
from app.incidents import forgetting as incidents
from app.planning import forgetting as planning
from app.tracks import queries as tracks

Finish = Callable[[], None]
Portion = tuple[str, Callable[[], int]]


@dataclass(frozen=True)
class Rule:
    """A kind of data: where it lies, days kept (None: no end yet), days while contested, and what happens then."""

    kind: str
    where: str
    days: int | None
    contested_days: int | None
    what: str


TRACK = Rule("Raw tracks", "segments", 30, 90, "rows deleted, a duty's all at once")
LOGGED = Rule("Points of a native logger that are in no track yet", "logger_fixes", 2, None, "rows deleted")
POSITION = Rule(
    "Position of a check-in", "checkins.position", 30, 90, "nulled; verdict, reasons and distances stay"
)
STREETS = Rule(
    "Streets by duty and hour", "street_presences", 30, 90,
    "folded into street_days: per street and day the number of shifts and the share covered, without duty or hour",
)  # fmt: skip
ROUTES = Rule(
    "Route pieces by duty and hour", "route_presences", 30, 90, "rows deleted; a duty's metres stay"
)
BODY = Rule(
    "What the phone sent", "inbox_items.body", 30, 90,
    "nulled; id and hash stay, so that the same item sent again is still a duplicate",
)  # fmt: skip
QUARANTINE = Rule(
    "What could not be taken", "quarantine_items.content", 30, None, "nulled; code and hash stay"
)
HANDOVER = Rule("Words for the next crew", "handovers.text", 90, None, "nulled; the fixed phrase stays")
ANSWER = Rule(
    "A member's words about a verdict", "answers.text", 90, None,
    "nulled, so many days after a leader closed it; the fixed phrase stays",
)  # fmt: skip
CASE = Rule(
    "A member's words about check-ins in question", "false_checkins.answer_text", 90, None,
    "nulled, so many days after the decision; the fixed phrase stays",
)  # fmt: skip
REPORT = Rule(
    "Free words of a report about a place", "incidents.text", 90, None,
    "nulled, so many days after it was closed (a year if nobody closed it); place and fixed phrase stay",
)  # fmt: skip
OBJECTION = Rule(
    "Words of an objection to a notice of points", "point_objections.text", 90, None,
    "nulled, so many days after its answer; the answer stays",
)  # fmt: skip
PHOTO = Rule(
    "Photos of places",
    "incident_photos",
    90,
    None,
    "files deleted and hashes nulled, counted as for the words",
)
LONE_PHOTO = Rule("Photos whose report never came", "incident_photos", 7, None, "rows and files deleted")
EVENTS = Rule(
    "Imported events at places: kind, place, time",
    "recorded_incidents",
    730,
    None,
    "rows deleted, counted from the event",
)
RUNS = Rule("Searches for hotspots, with what they found", "analysis_runs", 365, None, "rows deleted")
PROPOSALS = Rule(
    "Proposed hotspots that were not approved", "hotspot_proposals", 180, None,
    "rows deleted; one that was approved stays beside its hotspot",
)  # fmt: skip
PLANS = Rule(
    "Proposed beats and rosters",
    "plan_runs",
    30,
    None,
    "rows deleted; what was taken of them is in the roster",
)
ALARM = Rule(
    "Position of a call for help", "alarms.position", 30, None,
    "nulled, counted from its end (60 days more if nobody ended it); what happened stays",
)  # fmt: skip
PIN_USES = Rule("Numbers that a PIN was proved with", "pin_uses", 90, None, "rows deleted")
PUSH = Rule("Push addresses of sessions that have ended", "push_addresses", 1, None, "rows deleted")
FLAGS = Rule(
    "Flags of the fairness checks", "fairness_flags", 90, None,
    "rows deleted, so many days after somebody decided (twice as many after they were first seen if nobody did); that "
    "and how it was decided stays in the audit, by the flag's id",
)  # fmt: skip
SESSION = Rule("Sessions that have ended", "sessions", 30, None, "rows deleted")
TOKENS = Rule("Tokens of programs that read, once over or revoked", "access_tokens", 90, None, "rows deleted")
CODES = Rule(
    "Sign-in codes that nobody used", "sign_in_codes", 1, None, "rows deleted; a used one's at its use"
)
ATTEMPTS = Rule("Counted attempts to sign in or send", "rate_counts", 2, None, "rows deleted")
JOBS = Rule("Jobs that went well", "procrastinate_jobs", 7, None, "rows deleted; they hold ids only")
FAILED_JOBS = Rule("Jobs that failed", "procrastinate_jobs", 90, None, "rows deleted; they hold ids only")
KEPT = (
    Rule("Check-ins: verdict, place, time", "checkins", None, None, "kept; the limit of 24 months is not built yet"),
    Rule("Minutes at hotspots", "place_presences", None, None, "kept; the limit of 24 months is not built yet"),
    Rule(
        "Crew ticks, swaps, declines, leave", "crew_ticks, swaps, swap_steps, declines, leaves", None, None,
        "kept; ids, days and fixed phrases only",
    ),
    Rule(
        "Consents, second factor, calendar address", "consents, second_factors, calendar_feeds", None, None,
        "kept until the person changes them; no secret stands there as it is",
    ),
    Rule(
        "Reports about places: category, phrase, place, who reported it, what became of it", "incidents", None, None,
        "kept; a round that found nothing is a row without a place",
    ),
    Rule("Co-signatures", "cosigns", None, None, "kept; ids and times only"),
    Rule(
        "Secrets of checkpoint codes, links of screens", "checkpoint_codes, code_displays", None, None,
        "kept, sealed or as a hash",
    ),
    Rule(
        "Calls for help and their steps, a lone worker's answers, PINs", "alarms, alarm_steps, watches, pins",
        None, None, "kept; PINs as sealed keys, until their person takes them away",
    ),
    Rule(
        "Monthly reports as printed, and who wants them by themselves", "monthly_reports, report_schedules", None, None,
        "kept: a numbered paper is never taken back; places, and who asked for it",
    ),
    Rule(
        "Campaigns: their outlines, days and eight counts", "campaigns, campaign_areas", None, None,
        "kept: places and figures, and who proposed, approved, recorded or called them off",
    ),
    Rule("Which teams show a ranking", "team_rankings", None, None, "kept: the team's yes or no, and who said it"),
    Rule(
        "Changes of rules, what they would have made and made of points",
        "policy_changes, policy_bounds, policy_trials, repricings",
        None, None, "kept: who drafted and decided, and points by member before and after",
    ),
    Rule(
        "Duties, receipts, points with their chain, audit",
        "duties, item_states, point_entries, point_seals, frozen_months, audits", None, None, "kept",
    ),
    Rule(
        "Assessments: places' figures, who decided; no name of a member",
        "assessments, assessment_reviews, assessment_freezes, assessment_returns, assessment_notices, "
        "assessment_plan_items", None, None, "kept",
    ),
    Rule(
        "Who submitted, approved, audited, published and answered which points; names and pseudonyms of notices",
        "point_submissions, point_approvals, point_audits, point_notices, point_notice_lines, point_objections", None,
        None, "kept: points and numbers of shifts, no times and no places; a pseudonym is of one notice",
    ),
    Rule(
        "Goods of the shop, orders, donations", "shop_items, shop_orders, donation_purposes, donations", None, None,
        "kept beside the ledger: who ordered and gave what, who handed it out; of a collection code its fingerprint",
    ),
    Rule(
        "Service certificates as printed", "certificates", None, None,
        "kept: whoever holds the paper can ask whether it stands; also whose it is, who issued and who withdrew it",
    ),
    Rule(
        "Visits to hotspots as they were settled 72 h after a duty", "settled_visits", None, None,
        "kept: the minutes since anybody's last visit by which they were paid",
    ),
    Rule(
        "Priced beside duties: verified hazards, trainings and who was there, no-shows, check-ins in question",
        "verified_hazards, training_sessions, training_attendances, no_shows, false_checkins", None, None,
        "kept, as the ledger that follows from them; ids, days and fixed words only",
    ),
    Rule("Public holidays, months that are over", "holidays, ended_months", None, None, "kept; no person"),
)  # fmt: skip
RETENTION: tuple[Rule, ...] = (
    TRACK, LOGGED, POSITION, STREETS, ROUTES, BODY, QUARANTINE, HANDOVER, ANSWER, CASE, REPORT, OBJECTION, PHOTO,
    LONE_PHOTO, EVENTS, RUNS, PROPOSALS, PLANS, FLAGS, SESSION, TOKENS, CODES, ATTEMPTS, JOBS,
    FAILED_JOBS, *KEPT,
)  # fmt: skip


def table() -> str:
    """RETENTION as the Markdown table of docs/privacy.md."""
    head = ["| What | Where | Days | While contested | What happens then |", "|---|---|---|---|---|"]
    lines = [
        f"| {r.kind} | `{r.where}` | {r.days or '–'} | {r.contested_days or '–'} | {r.what} |"
        for r in RETENTION
    ]
    return "\n".join([*head, *lines]) + "\n"


def run(now: datetime, finish: Finish, zone: str | None = None) -> dict[str, int]:
    """Forget what is past its day in the townships of a zone (None: all); answers rows by place.

    `finish` ends the transaction of each portion: the caller commits, or rolls back to only look.
    """
    counts: dict[str, int] = {}
    for where, act in portions(now, zone):
        # A night's work may take longer than a request may.
        db.session.execute(select(func.set_config("statement_timeout", "0", True)))
        counts[where] = counts.get(where, 0) + act()
        finish()
    return counts


def portions(now: datetime, zone: str | None = None) -> Iterator[Portion]:
    for township_id, its_zone in _townships(zone):
        yield from _of_township(township_id, its_zone, now)
    yield LOGGED.where, lambda: tracks.delete_old_logger_fixes(_before(now, LOGGED.days))
    yield QUARANTINE.where, lambda: _forget_quarantine(_before(now, QUARANTINE.days))
    yield LONE_PHOTO.where, lambda: incidents.forget_lone_photos(_before(now, LONE_PHOTO.days))
    yield CODES.where, lambda: accounts.forget_codes(_before(now, CODES.days))
    yield PIN_USES.where, lambda: alarms.forget_pin_uses(_before(now, PIN_USES.days))
    yield PUSH.where, lambda: alarms.forget_push_addresses(_before(now, PUSH.days))
    yield SESSION.where, lambda: accounts.forget_sessions(_before(now, SESSION.days))
    yield TOKENS.where, lambda: accounts.forget_tokens(_before(now, TOKENS.days))
    yield ATTEMPTS.where, lambda: accounts.forget_attempts(_before(now, ATTEMPTS.days))


def zones() -> list[str]:
    """The zones of the townships; each has a night of its own."""
    return list(
        db.session.scalars(select(Area.time_zone).where(Area.level == "township").distinct().order_by(Area.time_zone))
    )  # fmt: skip


def _townships(zone: str | None) -> list[tuple[int, str]]:
    townships = select(Area.id, Area.time_zone).where(Area.level == "township").order_by(Area.id)
    if zone is not None:
        townships = townships.where(Area.time_zone == zone)
    return [(row[0], row[1]) for row in db.session.execute(townships)]


def _of_township(township_id: int, zone: str, now: datetime) -> Iterator[Portion]:
    def old(rule: Rule) -> ColumnElement[bool]:
        return _old_duties(township_id, zone, now, rule)

    yield POSITION.where, lambda: checkins.forget_positions(old(POSITION))
    yield TRACK.where, lambda: tracks.delete_segments_of(old(TRACK))
    yield from _folding(old(STREETS), now)
    yield ROUTES.where, lambda: folding.drop_route_presence(old(ROUTES))
    yield BODY.where, lambda: _forget_bodies(township_id, now)
    yield ALARM.where, lambda: alarms.forget_positions(township_id, _before(now, ALARM.days))
    yield HANDOVER.where, lambda: crews.forget_words(township_id, _before(now, HANDOVER.days))
    yield ANSWER.where, lambda: answers.forget_words(township_id, _before(now, ANSWER.days))
    yield CASE.where, lambda: cases.forget_words(township_id, _before(now, CASE.days))
    yield REPORT.where, lambda: incidents.forget_words(township_id, _before(now, REPORT.days))
    yield OBJECTION.where, lambda: _forget_objections(township_id, _before(now, OBJECTION.days))
    yield PHOTO.where, lambda: incidents.forget_photos(township_id, _before(now, PHOTO.days))
    yield EVENTS.where, lambda: incidents.forget_recorded(township_id, _before(now, EVENTS.days))
    yield RUNS.where, lambda: hotspots.forget_runs(township_id, _before(now, RUNS.days))
    yield PROPOSALS.where, lambda: hotspots.forget_proposals(township_id, _before(now, PROPOSALS.days))
    yield PLANS.where, lambda: planning.forget_runs(township_id, _before(now, PLANS.days))
    yield FLAGS.where, lambda: _forget_flags(township_id, now)


def _folding(which: ColumnElement[bool], now: datetime) -> Iterator[Portion]:
    for key in folding.days_to_fold(which):
        yield STREETS.where, partial(folding.fold_day, *key, which, now)


def portions_of_duties(which: ColumnElement[bool], now: datetime) -> Iterator[Portion]:
    """The trails of the duties meant, whatever their age (forgetting.py)."""
    yield POSITION.where, lambda: checkins.forget_positions(which)
    yield TRACK.where, lambda: tracks.delete_segments_of(which)
    yield LOGGED.where, lambda: tracks.delete_waiting_of(which)
    yield from _folding(which, now)
    yield ROUTES.where, lambda: folding.drop_route_presence(which)


def _before(now: datetime, days: int | None) -> datetime:
    assert days is not None
    return now - timedelta(days=days)


def _old_duties(township_id: int, zone: str, now: datetime, rule: Rule) -> ColumnElement[bool]:
    """Duties of days that are past by more than the rule's days. By the day and not by each row's time: what is kept
    of a duty is kept as a whole, or a rebuild from half a track would lose what the other half gave."""
    assert rule.contested_days is not None
    today = clock.local_day(now, zone)
    past = or_(Duty.day < today - timedelta(days=rule.days or 0), Duty.last_item_at < _before(now, rule.days))
    long_past = Duty.day < today - timedelta(days=rule.contested_days)
    contested = [duty_id for t, duty_id in contested_duties() if t == township_id]
    return and_(Duty.township_id == township_id, or_(long_past, and_(past, Duty.id.not_in(contested))))


def contested_duties() -> set[tuple[int, int]]:
    """(township, duty) about which somebody has still to decide."""
    return {*checkins.contested_duties(), *cases.contested_duties()}


def _forget_bodies(township_id: int, now: datetime) -> int:
    """By the day of arrival: what a phone kept for weeks has its time with us all the same."""
    contested = [key for key in contested_duties() if key[0] == township_id]
    of_contested = exists().where(
        ItemState.township_id == InboxItem.township_id, ItemState.id == InboxItem.id,
        Duty.township_id == ItemState.township_id, Duty.shift_id == ItemState.shift_id,
        Duty.person_id == ItemState.author_id, tuple_(Duty.township_id, Duty.id).in_(contested),
    )  # fmt: skip
    past = InboxItem.received_at < _before(now, BODY.days)
    if contested:
        long_past = InboxItem.received_at < _before(now, BODY.contested_days)
        past = or_(long_past, and_(past, ~of_contested))
    return _null_bodies(and_(InboxItem.township_id == township_id, past))


def _null_bodies(which: ColumnElement[bool]) -> int:
    gone = update(InboxItem).where(which, InboxItem.body.is_not(None)).values(body=null())
    done = db.session.execute(gone.execution_options(synchronize_session=False))
    return int(done.rowcount or 0)  # type: ignore[attr-defined]


def _forget_flags(township_id: int, now: datetime) -> int:
    """By the table and not by its model, which stands above this domain."""
    flags, days = db.metadata.tables["fairness_flags"], FLAGS.days or 0
    old = or_(
        flags.c.decided_at < _before(now, days),
        and_(flags.c.decided_at.is_(None), flags.c.first_seen_at < _before(now, 2 * days)),
    )
    return int(
        db.session.execute(flags.delete().where(flags.c.township_id == township_id, old)).rowcount or 0
    )  # type: ignore[attr-defined]


def _forget_objections(township_id: int, before: datetime) -> int:
    """The table of a domain beside this one, by its name."""
    table = db.metadata.tables["point_objections"]
    gone = table.update().where(
        table.c.township_id == township_id, table.c.answered_at < before, table.c.text.is_not(None)
    )
    return int(db.session.execute(gone.values(text=null())).rowcount or 0)  # type: ignore[attr-defined]


def _forget_quarantine(before: datetime) -> int:
    """SQL null, not JSON's: the column then holds nothing at all."""
    gone = (
        update(QuarantineItem)
        .where(QuarantineItem.received_at < before, QuarantineItem.content.is_not(None))
        .values(content=null())
        .execution_options(synchronize_session=False)
    )
    return int(db.session.execute(gone).rowcount or 0)  # type: ignore[attr-defined]
