"""What phones say about places: the taker of `report`, what becomes of words about people, and my own reports.

Words that would be about a person are not kept anywhere: not in the inbox, not in quarantine (see
docs/decisions/0008-words-that-are-not-kept.md). The phone keeps them and offers to edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import Person
from app.db import db
from app.duty import queries as duties
from app.field.kinds import Arrival, Outcome
from app.geo import lon_lat
from app.incidents import operations, queries
from app.incidents.models import Incident, IncidentPhoto
from app.incidents.operations import Report
from app.incidents.rules import words_about_people
from app.routes.models import Checkpoint

TEXT_NAMES_A_PERSON = "text_names_a_person"
WITH_WORDS = ("report", "answer", "handover", "note")
SHOWN_FOR = timedelta(days=30)


def why_not_kept(kind: str, body: Any) -> str | None:
    """The code with which an item is rejected before anything of it is stored."""
    return TEXT_NAMES_A_PERSON if kind in WITH_WORDS and _tells_of_people(body) else None


def _tells_of_people(body: Any) -> bool:
    words = body.get("text") if isinstance(body, dict) else None
    return isinstance(words, str) and bool(words_about_people(words))


def without_words(content: Any) -> Any:
    """An envelope that goes to quarantine, without words about people."""
    if not isinstance(content, dict) or why_not_kept(str(content.get("kind")), content.get("body")) is None:
        return content
    body = {key: value for key, value in content["body"].items() if key != "text"}
    return {**content, "body": {**body, "text_withheld": True}}


# --- taking ---------------------------------------------------------------------------------------


def take_report(arrival: Arrival) -> Outcome:
    operations.record_report(report_of(arrival), arrival.now)
    return Outcome()


def report_of(arrival: Arrival) -> Report:
    """A shift or a checkpoint that is not of this township means nothing; the report stands without it."""
    body, township_id = arrival.body, arrival.township_id
    shift = duties.shift_of(township_id, body["shift_id"]) if "shift_id" in body else None
    checkpoint = _checkpoint(township_id, body.get("checkpoint_id"))
    place, how, accuracy_m = _place(body, checkpoint)
    team_id = shift.team_id if shift else queries.team_of_member(township_id, arrival.author_id)
    return Report(
        township_id=township_id, id=arrival.item_id, reporter_id=arrival.author_id, team_id=team_id,
        shift_id=shift.id if shift else None, category=body["category"], phrase=body.get("phrase"),
        text=body.get("text"), place=place, how=how, accuracy_m=accuracy_m,
        checkpoint_id=checkpoint[0] if checkpoint else None,
        photo_ids=tuple(dict.fromkeys(UUID(one) for one in body.get("photo_ids", []))),
        reported_at=arrival.effective.at,
    )  # fmt: skip


Found = tuple[int, float, float]


def _checkpoint(township_id: int, checkpoint_id: int | None) -> Found | None:
    if checkpoint_id is None:
        return None
    row = db.session.execute(
        select(Checkpoint.id, *lon_lat(Checkpoint.geom)).where(
            Checkpoint.id == checkpoint_id, Checkpoint.township_id == township_id
        )
    ).first()
    return (row[0], float(row[1]), float(row[2])) if row else None


def _place(
    body: dict[str, Any], checkpoint: Found | None
) -> tuple[tuple[float, float] | None, str | None, int | None]:
    """As the phone said; else the checkpoint's own place; else nowhere."""
    said = body.get("place")
    if said is not None and said["how"] != "checkpoint":
        return (said["lon_e7"] / 1e7, said["lat_e7"] / 1e7), said["how"], said.get("accuracy_m")
    if checkpoint is not None:
        return (checkpoint[1], checkpoint[2]), "checkpoint", None
    if said is not None:
        return (said["lon_e7"] / 1e7, said["lat_e7"] / 1e7), "dragged", None
    return None, None, None


# --- what is shown --------------------------------------------------------------------------------


def reports_for(person: Person, now: datetime) -> list[dict[str, Any]]:
    """A member's own reports of the last 30 days and what became of each."""
    home = person.home_township_id or 0
    mine = queries.reports_of(home, person.id, now - SHOWN_FOR)
    photos = queries.photos_of([(home, one.id) for one in mine])
    names = checkpoint_names(mine)
    return [_doc(one, names.get(one.checkpoint_id), photos.get(one.id, [])) for one in mine]


def _doc(incident: Incident, checkpoint: str | None, photos: Sequence[IncidentPhoto]) -> dict[str, Any]:
    return {
        "id": str(incident.id), "category": incident.category, "phrase": incident.phrase,
        "reported_at": incident.reported_at, "state": incident.state, "passed_to": incident.passed_to,
        "closing": incident.closing, "changed_at": incident.decided_at, "checkpoint": checkpoint,
        "photos": [{"id": str(photo.id), "state": photo.state} for photo in photos],
    }  # fmt: skip


def checkpoint_names(incidents: Sequence[Incident]) -> dict[int | None, str]:
    wanted = {one.checkpoint_id for one in incidents if one.checkpoint_id is not None}
    rows = db.session.execute(select(Checkpoint.id, Checkpoint.name).where(Checkpoint.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}
