"""`flask replay FILE.gpx --as LOGIN --route R --date D`: a recorded track through the real sync endpoint."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask_babel import force_locale

from app import clock
from app.cli.envelope import Device, Item
from app.cli.import_report import words
from app.cli.replay_http import ReplayFailed, Server, batches
from app.cli.replay_shift import make_shift
from app.cli.replay_track import Walk, items_of, moved, walk_of
from app.geofiles.gpx import Trace, read_gpx
from app.geofiles.problems import FileRefused


def register(app: Flask) -> None:
    """Add `flask replay` to the application."""
    app.cli.add_command(replay)


@dataclass(frozen=True)
class _Wanted:
    """Whose shift, on which route and day, as the command line has it."""

    login: str
    route: str
    day: date


@click.command("replay")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--as", "login", required=True, help="The member who walks.")
@click.option("--route", required=True, help="The route's name.")
@click.option("--date", "day", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The duty day.")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Where the server is.")
@click.option(
    "--password-env", default="XUNFANG_PASSWORD", show_default=True, help="The variable with the password."
)
@click.option("--track", type=click.IntRange(1), help="Which track of a file that has several.")
@click.option("--crs", help="gcj02 or bd09 when the recorder wrote that.")
@click.option("--segment-fixes", type=click.IntRange(2, 500), default=40, show_default=True)
@click.option("--shuffle", type=int, help="Send in an order drawn with this seed.")
@click.option("--twice", is_flag=True, help="Send everything a second time.")
@click.option("--clock-offset", type=float, default=0.0, help="Seconds by which the phone's clock is wrong.")
@click.option(
    "--make-shift", "make_one", is_flag=True, help="Plan the shift first (only on the server itself)."
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def replay(file: Path, login: str, route: str, day: datetime, lang: str, **how: Any) -> None:
    """Send a recorded track as a phone would: start, segments, check-ins where it passes a checkpoint, end."""
    with force_locale(lang):
        try:
            _replay(file, _Wanted(login.strip().lower(), route, day.date()), **how)
        except FileRefused as refused:
            subject = "replay" if isinstance(refused, ReplayFailed) else "import"
            sentence = words(f"{subject}.problem.{refused.problem.code}", **refused.problem.values)
            click.echo(
                words("import.problem_of_file", code=refused.problem.code, sentence=sentence), err=True
            )
            raise SystemExit(1) from refused


def _replay(
    file: Path, wanted: _Wanted, url: str, password_env: str, track: int | None, crs: str | None, segment_fixes: int,
    shuffle: int | None, twice: bool, clock_offset: float, make_one: bool,
) -> None:  # fmt: skip
    trace = _trace(read_gpx(file, crs).traces, track)
    walk = walk_of(trace)
    if len(walk.fixes) < 2:
        raise FileRefused("gpx_without_times")
    counts = {"fixes": len(walk.fixes), "parts": len(walk.parts), "dropped": walk.dropped}
    click.echo(words("replay.track", name=trace.name or "-", **counts))
    password = os.environ.get(password_env)
    if not password:
        raise ReplayFailed("no_password", name=password_env)
    if make_one:
        make_shift(wanted.login, wanted.route, wanted.day, walk.fixes[-1].at - walk.fixes[0].at, clock.now())
    server = Server(url)
    session = server.sign_in(wanted.login, password)
    plan = server.plan()
    shift = _shift(plan, wanted)
    walk = _at_the_shift(walk, shift)
    device = Device(session["person"]["id"], timedelta(seconds=clock_offset))
    items = items_of(walk, device, shift, _checkpoints(plan, shift), segment_fixes)
    _send_and_count(server, device, _in_order(items, shuffle, twice))


def _trace(traces: list[Trace], track: int | None) -> Trace:
    tracks = [trace for trace in traces if trace.kind == "track"]
    if not tracks or (track is not None and track > len(tracks)):
        raise FileRefused("nothing_to_import")
    if track is None and len(tracks) > 1:
        raise ReplayFailed("several_tracks", n=len(tracks))
    return tracks[(track or 1) - 1]


def _shift(plan: dict[str, Any], wanted: _Wanted) -> dict[str, Any]:
    """The planned shift of the person on that route and day."""
    names = {route["version_id"]: route["name"] for route in plan["routes"]}
    mine = [shift for shift in plan["shifts"] if shift["mine"] and shift["status"] == "planned"]
    for shift in mine:
        if shift["day"] == wanted.day.isoformat() and names.get(shift["route_version_id"]) == wanted.route:
            return shift
    there = "; ".join(f"{shift['day']} {names.get(shift['route_version_id'], '-')}" for shift in mine) or "-"
    raise ReplayFailed(
        "no_shift", login=wanted.login, day=wanted.day.isoformat(), route=wanted.route, there=there[:300]
    )


def _at_the_shift(walk: Walk, shift: dict[str, Any]) -> Walk:
    """The walk begun when the shift begins. What has not happened yet can't be claimed."""
    starts_at = datetime.fromisoformat(shift["starts_at"])
    by = starts_at - walk.fixes[0].at
    there = moved(walk, starts_at)
    if there.fixes[-1].at > clock.now():
        raise ReplayFailed("in_the_future", starts=shift["starts_at"], ends=clock.rfc3339(there.fixes[-1].at))
    click.echo(
        words("replay.shift", shift=shift["id"], starts=shift["starts_at"], seconds=round(by.total_seconds()))
    )
    return there


def _checkpoints(plan: dict[str, Any], shift: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        checkpoint
        for route in plan["routes"]
        if route["version_id"] == shift["route_version_id"]
        for checkpoint in route["checkpoints"]
    ]


def _in_order(items: list[Item], shuffle: int | None, twice: bool) -> list[Item]:
    order = list(items)
    if shuffle is not None:
        random.Random(shuffle).shuffle(order)
    return order + order if twice else order


def _send_and_count(server: Server, device: Device, items: list[Item]) -> None:
    """Send all batches; then what the receipts said, by kind, result and verdict, and every reason."""
    packed = list(batches(items))
    click.echo(words("replay.sending", items=len(items), batches=len(packed)))
    counts: Counter[tuple[str, str, str]] = Counter()
    reasons: Counter[str] = Counter()
    for batch in packed:
        receipts = server.send(batch, clock.now() + device.clock_offset)
        for item, receipt in zip(batch, receipts, strict=True):
            counts[item["kind"], receipt["result"], receipt["verdict"] or "-"] += 1
            reasons.update(receipt["reasons"])
    for (kind, result, verdict), n in sorted(counts.items()):
        click.echo(words("replay.count", kind=kind, result=result, verdict=verdict, n=n))
    for reason, n in sorted(reasons.items()):
        click.echo(words("replay.reason", reason=reason, n=n))
