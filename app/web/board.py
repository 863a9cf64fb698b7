"""The board: a line a crew, what needs the leader first. Words and times; never where somebody is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.alarms.queries import names_of, open_by_shift
from app.checkins.board import Progress, progress_of
from app.duty import board, choices
from app.duty.objections import duty_policy
from app.duty.rules import Board, DutyState, Policy, Window, shift_state
from app.field import received
from app.field.sending import missing_items
from app.gate import allow, my_scope
from app.web.review import duty_answers_of
from app.web.words import hhmm, minutes_words, names, today, use_zone

pages = Blueprint("board", __name__)

TONES = {
    "late": "need",
    "short_crew": "need",
    "missed": "need",
    "paused": "wait",
    "silent": "wait",
    "on": "good",
}
TALLIES = {
    "not_started": "later",
    "done": "done",
    "on": "out",
    "sos": "out",
    "paused": "out",
    "silent": "out",
    "short_crew": "out",
}
# No signal for this long is said on the board; it is no fault, the phone keeps everything.
SILENT_AFTER_MIN = 20


@dataclass(frozen=True)
class Line:
    """One crew as the page shows it; sentences are in the caller's language."""

    id: int
    starts_at: datetime
    ends_at: datetime
    team: str
    route: str | None
    state: str
    tone: str
    order: tuple[int, datetime, int]
    crew_words: str
    started_words: str
    needs: list[str]
    remarks: list[str]
    progress: Progress


@pages.get("/desk/board")
@allow("leader")
def show() -> ResponseReturnValue:
    n_received = received.count(my_scope(), clock.now())
    return render_template("desk/board.html", answers=duty_answers_of(), n_received=n_received, **view())


@pages.get("/desk/board/lines")
@allow("leader")
def lines() -> ResponseReturnValue:
    """The fragment that the page fetches again every 30 s."""
    return render_template("desk/_lines.html", **view())


def view() -> dict[str, object]:
    now = clock.now()
    teams = choices.led_teams(my_scope())
    if teams:
        use_zone(teams[0].zone)
    shifts = [s for s in board.crews_on(my_scope(), today(), now) if s.status == "planned"]
    progress = progress_of(shifts)
    missing = missing_items(shifts)
    calls = call_words(shifts)
    policies = {key: duty_policy(*key) for key in {(s.township_id, s.day) for s in shifts}}
    found = [
        line_of(s, policies[s.township_id, s.day], progress[s.id], missing.get(s.id, 0), now) for s in shifts
    ]
    found = [with_call(line, calls.get(line.id, [])) for line in found]
    shown = sorted(found, key=lambda line: line.order)
    tally = dict.fromkeys(("need", "out", "later", "done"), 0)
    for line in shown:
        tally["need"] += line.tone == "need" or bool(line.needs)
        tally[TALLIES.get(line.state, "need")] += line.state in TALLIES
    return {"lines": shown, "tally": tally, "today": today(), "now": now}


def judged(shift: board.CrewShift, policy: Policy, now: datetime) -> Board:
    """The shift's state by the duty rules, from the duties of its crew."""
    windows = [
        Window(mate.started_at, mate.ended_at, mate.ended_at, (), (), mate.worked_s, window_state(mate), ())
        for mate in shift.mates
        if mate.started_at
    ]
    needed = min(shift.crew_wanted, policy.min_crew) if shift.fit_for_one else policy.min_crew
    return shift_state(
        shift.starts_at,
        shift.ends_at,
        windows,
        now,
        policy,
        cancelled=shift.status == "cancelled",
        crew_needed=needed,
    )


def window_state(mate: board.Mate) -> DutyState:
    if mate.ended_at:
        return "ended"
    return "paused" if mate.state == "paused" else "on"


def silent_min(shift: board.CrewShift, now: datetime) -> int | None:
    """Whole minutes since anything came from a crew that is out; None while somebody was heard of lately."""
    out = [mate for mate in shift.mates if mate.started_at and not mate.ended_at]
    heard = [mate.last_item_at or mate.started_at for mate in out]
    if not heard:
        return None
    minutes = int((now - max(at for at in heard if at)).total_seconds() // 60)
    return minutes if minutes >= SILENT_AFTER_MIN else None


def state_and_tone(shift: board.CrewShift, policy: Policy, now: datetime) -> tuple[Board, str, str]:
    found = judged(shift, policy, now)
    state = "silent" if found.state == "on" and silent_min(shift, now) else found.state
    return found, state, TONES.get(state, "idle")


def line_of(shift: board.CrewShift, policy: Policy, progress: Progress, missing: int, now: datetime) -> Line:
    found, state, tone = state_and_tone(shift, policy, now)
    needs = needs_of(shift, found, now)
    # Work for the leader that is no trouble yet (an open place, an end that was forgotten) stands after the trouble
    # and before the rest; a silent crew before those heard of lately.
    rank = 5 if needs and not found.needs_you else 7 if state == "silent" else found.order * 2
    began = [mate for mate in shift.mates if mate.started_at]
    started = [_("desk.board.started_one", name=mate.name, at=hhmm(mate.started_at)) for mate in began]
    return Line(
        id=shift.id,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        team=shift.team,
        route=shift.route,
        state="open_places" if needs and tone == "idle" else state,
        tone="need" if needs and tone == "idle" else tone,
        order=(rank, shift.starts_at, shift.id),
        crew_words=names(shift.mates),
        started_words=_("desk.board.started", who=names(started)) if started else "",
        needs=needs,
        remarks=remarks_of(shift, found, policy, missing, now),
        progress=progress,
    )


def with_call(line: Line, said: list[str]) -> Line:
    """A crew that calls for help stands before everything else."""
    if not said:
        return line
    return replace(line, state="sos", tone="need", needs=[*said, *line.needs], order=(-1, *line.order[1:]))


def call_words(shifts: list[board.CrewShift]) -> dict[int, list[str]]:
    """Calls for help of the crews that are not ended, as sentences by shift."""
    calls = open_by_shift([(s.township_id, s.id) for s in shifts]) if shifts else {}
    people = names_of([p for some in calls.values() for a in some for p in (a.person_id, a.acknowledged_by)])
    said: dict[int, list[str]] = {}
    for shift_id, some in calls.items():
        for alarm in some:
            who, by = people.get(alarm.person_id, ""), people.get(alarm.acknowledged_by)
            words = (
                _("alarm.board.taken", name=who, by=by) if by else _(f"alarm.board.{alarm.kind}", name=who)
            )
            said.setdefault(shift_id, []).append(_("alarm.board.drill", words=words) if alarm.test else words)
    return said


def needs_of(shift: board.CrewShift, found: Board, now: datetime) -> list[str]:
    """What only the leader can settle, as sentences."""
    waiting = names(mate for mate in shift.planned_mates if not mate.started_at)
    needs = []
    if found.state == "late":
        needs.append(_("desk.board.not_there_for", names=waiting, late=minutes_words(found.late_min)))
    elif found.state == "missed":
        needs.append(_("desk.board.nobody_came"))
    elif found.state == "short_crew":
        came = sum(1 for mate in shift.mates if mate.started_at)
        needs.append(_("desk.board.came_short", n=came))
        if any(not mate.started_at for mate in shift.planned_mates):
            needs.append(_("desk.board.not_there", names=waiting))
    if shift.open_places and found.state in ("not_started", "late"):
        needs.append(_("desk.board.short_crew", n=shift.open_places))
    if found.on_duty and now > shift.ends_at:
        needs.append(_("desk.board.not_ended", at=hhmm(shift.ends_at)))
    return needs


def remarks_of(
    shift: board.CrewShift, found: Board, policy: Policy, missing: int, now: datetime
) -> list[str]:
    """What is good to know: late, heard of when, what is still on its way from a phone."""
    remarks = []
    if found.late_min > policy.late_after_min and any(mate.started_at for mate in shift.mates):
        remarks.append(_("desk.board.late", late=minutes_words(found.late_min)))
    wrong = [mate for mate in shift.mates if "crew_code_wrong" in mate.flags]
    if wrong:
        remarks.append(_("desk.board.code_wrong", names=names(wrong)))
    silent = silent_min(shift, now)
    heard = [mate.last_item_at for mate in shift.mates if mate.last_item_at]
    if silent:
        remarks.append(_("desk.board.silent", silent=minutes_words(silent)))
    elif heard and found.on_duty:
        remarks.append(_("desk.board.silent_since", at=hhmm(max(heard))))
    if missing:
        remarks.append(_("desk.board.missing", n=missing))
    elif heard:
        remarks.append(_("desk.board.all_received"))
    return remarks
