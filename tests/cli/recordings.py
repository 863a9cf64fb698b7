"""Two receivers' recordings of one run: the real ones where the shared folder is there, else two that are made here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "gpx"
METRES_CRS = "EPSG:2154"


def pair(folder: Path, run: str = "FC2") -> tuple[Path, Path]:
    """(the watch, whose times are two hours of local time off; the second receiver, in UTC), as GPX files."""
    real = SHARED / f"{run}_garmin.gpx", SHARED / f"{run}_keymaze.gpx"
    if all(path.is_file() for path in real):
        return real
    truth = _run(3_600)
    made = folder / "watch.gpx", folder / "receiver.gpx"
    write_gpx(made[0], _wobbled(truth, seed=1), datetime(2021, 7, 25, 17, 25, 32, tzinfo=UTC))
    write_gpx(made[1], _wobbled(truth, seed=2), datetime(2021, 7, 25, 15, 25, 28, tzinfo=UTC))
    return made


def write_gpx(path: Path, lonlat: np.ndarray, starts_at: datetime, every_s: float = 1.0) -> Path:
    """A track of one part, a fix every `every_s` seconds."""
    points = "".join(
        f'<trkpt lat="{lat:.7f}" lon="{lon:.7f}">'
        f"<time>{(starts_at + timedelta(seconds=i * every_s)).isoformat()}</time></trkpt>"
        for i, (lon, lat) in enumerate(lonlat)
    )
    path.write_text(
        '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><name>run</name><trkseg>'
        f"{points}</trkseg></trk></gpx>"
    )
    return path


def _run(seconds: int) -> np.ndarray:
    """A run of 2.7 m/s with slow turns, metres east and north of its start."""
    turn = np.cumsum(np.random.default_rng(0).normal(0, 0.02, seconds)) + np.linspace(0, 4 * np.pi, seconds)
    return np.cumsum(2.7 * np.column_stack((np.cos(turn), np.sin(turn))), axis=0)


def _wobbled(metres: np.ndarray, seed: int) -> np.ndarray:
    """What a receiver makes of it: an error of some metres that changes slowly, in degrees."""
    steps = np.random.default_rng(seed).normal(0, 0.5, metres.shape)
    error = np.zeros_like(metres)
    for i in range(1, len(metres)):
        error[i] = 0.98 * error[i - 1] + steps[i]
    east, north = (metres + error).T
    return np.column_stack((2.456 + east / (111_320 * np.cos(np.radians(48.84))), 48.8437 + north / 111_320))
