"""What an answer is made from, stamped before it is made, so that it may stand (app/api/standing.py).

The order is what makes it true: what the caller reaches, the stamps, what the caller reaches once more, and only then
networks and figures. Whatever changes in between makes other stamps at the next request.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from flask import request

from app.accounts.operations import digest
from app.clock import day_span, local_day
from app.coverage import queries as coverage
from app.coverage import tiles
from app.coverage.cutting import Tile
from app.coverage.kept import Cut
from app.coverage.queries import Network, Period
from app.coverage.sheets import MOST_AT_HAND, Atlas, Sheet, atlas_of
from app.db import db
from app.gate import cookie_name, is_ogc, language, scope_anew, token_in
from app.standing import queries
from app.standing.queries import Credential, Ground, Reach, Stamps
from app.teams.scope import Scope

# Where in the request's environment an answer that may stand is described, if anybody wants to know.
MADE = "xunfang.made"
NO_GROUND = Ground((), (), date.min, date.min)


@dataclass(frozen=True)
class Map:
    """Of a tile: what it was cut from."""

    atlas: Atlas
    networks: tuple[Network, ...]
    sheet: Sheet
    datum: str


@dataclass(frozen=True)
class MadeFrom:
    """`sees`: the same for callers who see the same; `until`: how long it stands, if nothing changes."""

    shown: Credential
    reach: Reach
    sees: bytes
    language: str
    now: datetime
    stamps: Stamps
    ground: Ground = NO_GROUND
    until: datetime | None = None
    map: Map | None = None

    def on(self, townships: Iterable[int], period: Period) -> MadeFrom | None:
        """The same with the stamp of what the figures of these townships rest on; None where something has changed
        meanwhile."""
        ground = queries.ground_of(frozenset(townships), period.kept_from, period.last)
        stamps = stamps_of(self.shown, self.reach, ground, self.now)
        if stamps is None or stamps[:3] != self.stamps[:3]:
            return None
        return replace(self, stamps=stamps, ground=ground)


def begin(scope: Scope, now: datetime) -> MadeFrom | None:
    """None where nobody wants to know, where the answer rests on too many townships, and where the caller's reach
    changes at this moment."""
    shown = credential()
    townships = coverage.townships_of(scope.visible_area_ids)
    if MADE not in request.environ or shown is None or len(townships) > MOST_AT_HAND:
        return None
    reach = queries.reach_of(scope.visible_area_ids, townships)
    stamps = stamps_of(shown, reach, NO_GROUND, now)
    if stamps is None or scope_anew() != scope:
        return None
    return MadeFrom(shown, reach, sees(scope), language(), now, stamps)


def stamps_of(shown: Credential, reach: Reach, ground: Ground, now: datetime) -> Stamps | None:
    """As the request's own transaction sees them."""
    with db.session.connection().connection.cursor() as cursor:
        return queries.stamps(cursor, shown, reach, ground, now)


def credential() -> Credential | None:
    token = token_in(request) if is_ogc() else None
    if token is not None:
        return Credential("token", digest(token))
    secret = request.cookies.get(cookie_name())
    return Credential("session", digest(secret)) if secret else None


def sees(scope: Scope) -> bytes:
    areas = sorted(scope.visible_area_ids), sorted(coverage.measured_ids(scope))
    return hashlib.sha256(json.dumps(areas).encode()).digest()


def stands(made_from: MadeFrom, zone: str, until: datetime | None, map: Map | None = None) -> None:
    """The answer that is being made stands until then, and never longer than today lasts in the zone: the last day of
    a period may be today's. Committed, because the credential's last use was perhaps written down."""
    today = local_day(made_from.now, zone)
    midnight = day_span(today, today, zone)[1]
    last = min(midnight, until) if until is not None else midnight
    db.session.commit()
    request.environ[MADE].append(replace(made_from, until=last, map=map))


def tile_of(layer: str, scope: Scope, tile: Tile, period: Period, now: datetime, zone: str) -> Cut:
    """As app/coverage/tiles.py makes it; of streets and hexagons such that it stands."""
    made_from = None
    if layer in tiles.SHEETS and not tiles.is_empty(layer, scope, tile):
        made_from = begin(scope, now)
    if made_from is None:
        return tiles.tile_of(layer, scope, tile, period, now)
    atlas = atlas_of(scope, period)
    networks = atlas.around(layer, tile)
    stamped = made_from.on((n.township_id for n in networks), period)
    sheet = atlas.sheet(networks, now)
    cut = sheet.cut(layer, tile)
    if stamped is not None:
        stands(stamped, zone, sheet.good_until, Map(atlas, networks, sheet, tile.datum))
    return cut


def page_of_streets(scope: Scope, period: Period, now: datetime) -> MadeFrom | None:
    """To be asked for before the page is read."""
    made_from = begin(scope, now)
    return made_from and made_from.on(coverage.townships_of(coverage.measured_ids(scope)), period)
