"""Retention of reports: words and photos go so many days after closing; place, phrase and what became of it stay."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, or_, select, tuple_, update

from app.db import db
from app.incidents import media
from app.incidents.models import Incident, IncidentPhoto, RecordedIncident

# A file is written before its row is committed: what is younger than this is left alone.
YOUNG = timedelta(days=1)
# A report that nobody closed keeps its words and photos this much longer, from its arrival.
NEVER_CLOSED = timedelta(days=275)


def _over(township_id: int, closed_before: datetime) -> ColumnElement[bool]:
    never = and_(Incident.closed_at.is_(None), Incident.received_at < closed_before - NEVER_CLOSED)
    return and_(Incident.township_id == township_id, or_(Incident.closed_at < closed_before, never))


def forget_words(township_id: int, closed_before: datetime) -> int:
    gone = (
        update(Incident)
        .where(_over(township_id, closed_before), Incident.text.is_not(None))
        .values(text=None)
        .execution_options(synchronize_session=False)
    )
    return int(db.session.execute(gone).rowcount or 0)  # type: ignore[attr-defined]


def forget_photos(township_id: int, closed_before: datetime) -> int:
    """The rows say so; the files go with `sweep`, once that is committed."""
    over = select(Incident.id).where(_over(township_id, closed_before))
    gone = (
        update(IncidentPhoto)
        .where(
            IncidentPhoto.township_id == township_id, IncidentPhoto.state == "stored",
            IncidentPhoto.incident_id.in_(over),
        )
        .values(state="forgotten", sha256=None, bytes=None)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return int(db.session.execute(gone).rowcount or 0)  # type: ignore[attr-defined]


def forget_recorded(township_id: int, before: datetime) -> int:
    """Imported events, by when they had ended."""
    gone = (
        delete(RecordedIncident)
        .where(RecordedIncident.township_id == township_id, RecordedIncident.happened_to < before)
        .execution_options(synchronize_session=False)
    )
    return int(db.session.execute(gone).rowcount or 0)  # type: ignore[attr-defined]


def forget_lone_photos(before: datetime) -> int:
    """Photos whose report never came."""
    gone = (
        delete(IncidentPhoto)
        .where(IncidentPhoto.incident_id.is_(None), IncidentPhoto.named_at < before)
        .execution_options(synchronize_session=False)
    )
    return int(db.session.execute(gone).rowcount or 0)  # type: ignore[attr-defined]


def sweep(folder: str, now: datetime) -> int:
    """Delete every file that no row says is stored: forgotten ones, and what a cut-off request left."""
    n, oldest = 0, (now - YOUNG).timestamp()
    batch: list[tuple[int, UUID, Path]] = []
    for township_id, photo_id, path, written in media.files_of(folder):
        if written < oldest:
            batch.append((township_id, photo_id, path))
        if len(batch) == 500:
            n, batch = n + _sweep(batch), []
    return n + _sweep(batch)


def _sweep(files: list[tuple[int, UUID, Path]]) -> int:
    keys = [(township_id, photo_id) for township_id, photo_id, _ in files]
    rows = db.session.execute(
        select(IncidentPhoto.township_id, IncidentPhoto.id).where(
            tuple_(IncidentPhoto.township_id, IncidentPhoto.id).in_(keys), IncidentPhoto.state == "stored"
        )
    )
    kept = {(row[0], row[1]) for row in rows}
    gone = [path for *key, path in files if tuple(key) not in kept or path.suffix != ".jpg"]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)
