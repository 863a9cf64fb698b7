"""Does an answer still stand? One statement tells whether anything that it was made from has changed since.

A stamp is read before the answer is made. It holds, of each kind of row that the answer rests on, how many there are
and a hash over the transactions that wrote them last (xmin), so that whatever is added, changed or taken away makes
another stamp. Whatever changes what a duty says about the map is counted in the duty's row (`changes`,
app/duty/operations.py), so that check-ins, tracks and presence need not be read for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import select

from app.areas.models import Area
from app.db import db
from app.teams.scope import within

# As often as the application writes that a session or token was seen: then it has to be asked itself.
SEEN_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Credential:
    """What was shown: `kind` is "session" or "token"; its SHA-256."""

    kind: str
    sha256: bytes


@dataclass(frozen=True)
class Reach:
    """The townships that a caller sees anything of, and the counties that are seen as a whole."""

    townships: tuple[int, ...]
    counties: tuple[int, ...]

    @cached_property
    def asked(self) -> dict[str, Any]:
        return {"townships": array(self.townships), "counties": array(self.counties)}


@dataclass(frozen=True)
class Ground:
    """What an answer's figures rest on: the duties of these townships on these days, and the policies of these areas
    (the townships and their counties)."""

    townships: tuple[int, ...]
    policy_areas: tuple[int, ...]
    first: date
    last: date

    @cached_property
    def asked(self) -> dict[str, Any]:
        return {
            "grounds": array(self.townships), "policy_areas": array(self.policy_areas),
            "first": self.first, "last": self.last,
        }  # fmt: skip


def array(ids: tuple[int, ...]) -> str:
    """As PostgreSQL writes it: made once, where the driver would make it at every request."""
    return "{" + ",".join(map(str, ids)) + "}"


class Stamps(NamedTuple):
    """`caller`: who it is, with roles, teams and second factor; `areas`: the tree that is seen; `networks`: which
    streets there are; `ground`: the figures."""

    caller: str
    areas: str
    networks: str
    ground: str


def reach_of(area_ids: frozenset[int], townships: frozenset[int]) -> Reach:
    counties = db.session.scalars(select(Area.id).where(within(Area.id, area_ids), Area.level == "county"))
    return Reach(tuple(sorted(townships)), tuple(sorted(counties)))


def ground_of(townships: frozenset[int], first: date, last: date) -> Ground:
    above = select(Area.county_id).where(within(Area.id, townships), Area.county_id.is_not(None)).distinct()
    counties = db.session.scalars(above).all()
    return Ground(tuple(sorted(townships)), tuple(sorted({*townships, *counties})), first, last)


def stamps(cursor: Any, shown: Credential, reach: Reach, ground: Ground, now: datetime) -> Stamps | None:
    """`cursor`: of the driver. None where the credential opens nothing, or was not seen for so long that the
    application has to write it down."""
    seen = {"sha256": shown.sha256, "now": now, "seen": now - SEEN_WITHIN}
    row = cursor.execute(_STAMPS[shown.kind], {**seen, **reach.asked, **ground.asked}).fetchone()
    return Stamps(*row) if row else None


_SHOWN = {
    "session": """SELECT person_id FROM sessions WHERE secret_sha256 = %(sha256)s AND revoked_at IS NULL
        AND expires_at > %(now)s AND seen_at >= %(seen)s""",
    "token": """SELECT person_id FROM access_tokens WHERE token_sha256 = %(sha256)s AND revoked_at IS NULL
        AND expires_at > %(now)s AND used_at >= %(seen)s""",
}


def _stamp(row: str, seed: str) -> str:
    return f"concat(count(*), ':', bit_xor(hashtextextended({row}, {seed})))"


def _all_stamps(kind: str) -> str:
    return f"""
    SELECT
      concat_ws('|', p.id, p.xmin,
        (SELECT {_stamp("r.xmin::text", "r.id")} FROM role_grants r WHERE r.person_id = p.id),
        (SELECT {_stamp("concat(m.xmin, ' ', t.xmin)", "t.id")} FROM team_members m JOIN teams t ON t.id = m.team_id
          WHERE m.person_id = p.id),
        (SELECT f.xmin FROM second_factors f WHERE f.person_id = p.id)),
      (SELECT {_stamp("a.xmin::text", "a.id")} FROM areas a WHERE a.township_id = ANY(CAST(%(townships)s AS bigint[]))
        OR a.id = ANY(CAST(%(townships)s AS bigint[]) || CAST(%(counties)s AS bigint[]))
        OR a.parent_id = ANY(CAST(%(counties)s AS bigint[]))),
      (SELECT {_stamp("n.xmin::text", "n.id")} FROM network_versions n
        WHERE n.township_id = ANY(CAST(%(townships)s AS bigint[]))),
      (SELECT {_stamp("v.xmin::text", "v.id")} FROM policy_versions v
        WHERE v.area_id = ANY(CAST(%(policy_areas)s AS bigint[]))) || '|' ||
      (SELECT {_stamp("concat(d.xmin, ' ', d.changes)", "d.id")} FROM duties d
        WHERE d.township_id = ANY(CAST(%(grounds)s AS bigint[])) AND d.day BETWEEN %(first)s AND %(last)s)
    FROM people p WHERE p.active AND p.id = ({_SHOWN[kind]})
    """


_STAMPS = {kind: _all_stamps(kind) for kind in _SHOWN}
