"""The files of photos: one JPEG a photo, beside the database, named by township and id and by nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID


def path_of(folder: str, township_id: int, photo_id: UUID) -> Path:
    """Split by the last two digits: a UUIDv7 begins with its time."""
    return Path(folder) / str(township_id) / photo_id.hex[-2:] / f"{photo_id}.jpg"


def write(folder: str, township_id: int, photo_id: UUID, data: bytes) -> None:
    """Whole or not at all, and on the disk before the row says so. Raises OSError when there is no room."""
    path = path_of(folder, township_id, photo_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    draft = path.with_suffix(f".{os.getpid()}.part")
    try:
        with draft.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read(folder: str, township_id: int, photo_id: UUID) -> bytes | None:
    try:
        return path_of(folder, township_id, photo_id).read_bytes()
    except FileNotFoundError:
        return None


def remove(folder: str, township_id: int, photo_id: UUID) -> None:
    path_of(folder, township_id, photo_id).unlink(missing_ok=True)


def files_of(folder: str) -> Iterator[tuple[int, UUID, Path, float]]:
    """(township, photo, file, when it was written) of everything that lies there, drafts that died too."""
    for path in Path(folder).glob("*/*/*"):
        try:
            yield int(path.parts[-3]), UUID(path.name.split(".")[0]), path, path.stat().st_mtime
        except (ValueError, FileNotFoundError):
            continue
