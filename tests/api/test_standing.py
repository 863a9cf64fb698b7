"""Kept answers: given without asking the application, and never a moment longer than they are true.

Everywhere else in these tests every kept answer is held against a fresh one (tests/standing.py); here is counted when
the application is asked at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app import clock
from app.accounts import operations as accounts
from app.accounts import tokens
from app.api import made
from app.api.standing import Links, Standing
from app.coverage import cutting, sheets
from app.coverage.kept import Newest
from app.db import db
from app.duty.models import Duty
from app.duty.operations import touch_duties
from app.field import reviewing
from app.routes.models import NetworkVersion
from app.teams.models import RoleGrant, TeamMember
from app.teams.scope import scope_of
from tests import make, places
from tests.api.test_tiles import address, tile_at
from tests.conftest import Caller
from tests.exports.walked import DAY, evening_items
from tests.standing import Verified

TILE = address("streets", *tile_at(600, 600))
CELLS = address("cells", *tile_at(600, 600))
PAGE = f"/ogc/collections/streets/items?datetime={DAY}&limit=10"


@pytest.fixture
def asked(app: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The paths that the application was asked for; nothing is verified here, so that it can be counted."""
    standing = app.extensions["standing"]
    paths: list[str] = []
    ask = Standing.ask

    def counted(self: Standing, environ: dict[str, Any]) -> Any:
        paths.append(environ["PATH_INFO"])
        return ask(self, environ)

    monkeypatch.setattr(Standing, "ask", counted)
    standing.__class__ = Standing
    yield paths
    standing.__class__ = Verified


@pytest.fixture
def walked(people: Any, as_person: Any, phone: Any, sync: Any) -> Any:
    sync(as_person(people.member), evening_items(people, phone), make.EVENING + timedelta(minutes=61))
    return people


@pytest.mark.parametrize("path", [TILE, CELLS])
def test_a_tile_is_asked_for_once(walked: Any, as_person: Any, asked: list[str], path: str) -> None:
    caller = as_person(walked.reviewer)
    first, again = caller.get(path), caller.get(path)
    assert len(asked) == 1 and first.status_code == again.status_code == 200
    assert (first.data, first.headers["ETag"]) == (again.data, again.headers["ETag"])
    assert again.headers["Cache-Control"] == "private, no-cache" and again.headers["Vary"] == "Cookie"
    assert again.content_type == "application/vnd.mapbox-vector-tile"
    assert int(again.headers["Content-Length"]) == len(again.data)


def test_all_tiles_of_a_map_are_cut_from_what_was_read_once(
    walked: Any, as_person: Any, asked: list[str]
) -> None:
    caller = as_person(walked.reviewer)
    assert caller.get(TILE).status_code == 200
    deeper = [address("streets", *tile_at(x, 500, 16)) for x in (100, 500, 900)]
    assert {caller.get(path).status_code for path in (*deeper, CELLS)} == {200}
    far = caller.get(address("streets", *tile_at(9000, 9000)))
    assert far.status_code == 204 and not far.data
    assert len(asked) == 2, "the empty tile lies on no network of the sheet"
    assert caller.get(address("streets", *tile_at(9000, 9000))).status_code == 204
    assert len(asked) == 2


def test_who_sees_the_same_shares_it_and_is_known_from_the_first_request(
    walked: Any, as_person: Any, asked: list[str]
) -> None:
    member, mate, reviewer = (as_person(who) for who in (walked.member, walked.mate, walked.reviewer))
    tiles = [caller.get(TILE) for caller in (member, mate, reviewer, member, mate, reviewer)]
    assert len(asked) == 3, "everybody's first request goes through all the rules"
    assert tiles[0].data == tiles[1].data == tiles[3].data == tiles[4].data
    assert tiles[2].data == tiles[5].data != tiles[0].data, "a plain member sees no figures"


def test_an_unchanged_tile_is_not_sent_again(walked: Any, as_person: Any, asked: list[str]) -> None:
    caller = as_person(walked.reviewer)
    etag = caller.get(TILE).headers["ETag"]
    for known in (etag, f'W/{etag}, "other"', "*"):
        answer = caller.get(TILE, headers={"If-None-Match": known})
        assert answer.status_code == 304 and not answer.data and answer.headers["ETag"] == etag
        assert "Content-Type" not in answer.headers
    assert caller.get(TILE, headers={"If-None-Match": '"other"'}).status_code == 200
    assert len(asked) == 1


def test_another_period_datum_or_layer_is_another_answer(walked: Any, as_person: Any) -> None:
    """Verified: each of these is held against a fresh one."""
    caller = as_person(walked.reviewer)
    queries = (f"?from={DAY}&to={DAY}", f"?from={DAY}&to={DAY}&datum=gcj02", "?from=2026-11-01&to=2026-11-20",
               f"?from={DAY}&to={DAY}&times=2")  # fmt: skip
    for layer in ("streets", "cells"):
        bodies = [
            caller.get(address(layer, *tile_at(600, 600), query)).data for _ in range(2) for query in queries
        ]
        assert bodies[:4] == bodies[4:] and len(set(bodies)) >= 3, layer


def test_no_anchor_is_given_a_second_time(walked: Any, as_person: Any, asked: list[str]) -> None:
    caller = as_person(walked.member)
    assert "X-Xunfang-Anchor" in caller.get(TILE).headers
    assert "X-Xunfang-Anchor" not in caller.get(TILE).headers and len(asked) == 1


# --- what ends it -----------------------------------------------------------------------------------------------------


def end_the_session(people: Any) -> None:
    accounts.end_sessions(people.reviewer, people.admin, clock.now())


def take_the_role(people: Any) -> None:
    db.session.scalar(
        db.select(RoleGrant).where(RoleGrant.person_id == people.reviewer.id)
    ).revoked_at = clock.now()


def give_a_role(people: Any) -> None:
    make.grant(people.reviewer, "reviewer", area=people.other.township)


def close_the_account(people: Any) -> None:
    people.reviewer.active = False


def join_a_team(people: Any) -> None:
    make.join_team(people.reviewer, people.town.team)


def a_new_village(people: Any) -> None:
    make.make_area("village", "新村", places.square(0, 0, 100, 100), people.town.township)


def new_streets(people: Any) -> None:
    make.make_network(people.town.township, places.street_grid(100, 100, 3, 400))


def other_numbers(people: Any) -> None:
    make.make_policy(people.town.township, "coverage", {"fresh_days": [2, 4, 8, 16]})


def numbers_of_the_county(people: Any) -> None:
    make.make_policy(people.county, "coverage", {"fresh_days": [2, 4, 8, 16]})


def a_touched_duty(people: Any) -> None:
    touch_duties(people.town.township.id, db.session.scalars(db.select(Duty.id)).all())


CHANGES = (
    end_the_session, take_the_role, give_a_role, close_the_account, join_a_team, a_new_village, new_streets,
    other_numbers, numbers_of_the_county, a_touched_duty,
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("path", [TILE, PAGE], ids=["tile", "page"])
def test_the_application_is_asked_at_the_next_request_after(
    walked: Any, as_person: Any, asked: list[str], path: str, change: Callable[[Any], None]
) -> None:
    caller = as_person(walked.reviewer)
    assert [caller.get(path).status_code for _ in range(3)] == [200] * 3 and len(asked) == 1
    change(walked)
    db.session.commit()
    caller.get(path)
    assert len(asked) == 2


def test_a_session_that_was_ended_opens_nothing(walked: Any, as_person: Any) -> None:
    caller = as_person(walked.reviewer)
    assert caller.get(TILE).status_code == caller.get(TILE).status_code == 200
    end_the_session(walked)
    db.session.commit()
    assert caller.get(TILE).status_code == 401


def test_what_is_over_by_the_clock_is_over(walked: Any, as_person: Any, at: Any, asked: list[str]) -> None:
    caller = as_person(walked.reviewer)
    caller.get(TILE)
    caller.get(TILE)
    assert len(asked) == 1
    at(clock.now() + timedelta(hours=25))
    assert caller.get(TILE).status_code == 401, "the session of these tests lives for a day"


def test_a_new_day_is_another_period(walked: Any, as_person: Any, at: Any, asked: list[str]) -> None:
    at(make.EVENING + timedelta(hours=2))
    caller = as_person(walked.reviewer)
    path = address("streets", *tile_at(600, 600), "")
    today = caller.get(path)
    assert caller.get(path).data == today.data and len(asked) == 1
    at(make.EVENING + timedelta(hours=5))
    assert caller.get(path).status_code == 200 and len(asked) == 2, "it is past midnight in the township"


def test_whoever_was_not_seen_for_long_is_written_down_as_seen(
    walked: Any, as_person: Any, at: Any, asked: list[str]
) -> None:
    caller = as_person(walked.reviewer)
    for minutes, n in ((0, 1), (9, 1), (11, 2), (20, 2)):
        at(make.EVENING + timedelta(hours=14, minutes=minutes))
        if minutes == 0:
            db.session.execute(text("UPDATE sessions SET seen_at = :now, expires_at = :now + interval '1 day'"),
                               {"now": clock.now()})  # fmt: skip
            db.session.commit()
        assert caller.get(TILE).status_code == 200
        assert len(asked) == n, minutes


def test_a_walk_that_comes_in_is_on_the_map_and_on_the_page(
    people: Any, as_person: Any, phone: Any, sync: Any, asked: list[str]
) -> None:
    caller = as_person(people.reviewer)
    before = [caller.get(path).data for path in (TILE, CELLS, PAGE) for _ in range(2)]
    sync(as_person(people.member), evening_items(people, phone), make.EVENING + timedelta(minutes=61))
    after = [caller.get(path).data for path in (TILE, CELLS, PAGE) for _ in range(2)]
    assert not set(before) & set(after)
    assert asked.count(TILE.split("?")[0]) == 2


def test_what_is_kept_of_one_township_outlives_a_walk_in_another(
    walked: Any, as_person: Any, asked: list[str]
) -> None:
    caller = as_person(walked.admin)
    caller.get(TILE)
    with make.together():
        shift = make.make_shift(walked.other.team, walked.other.route, [walked.outsider])
        db.session.add(Duty(township_id=walked.other.township.id, shift_id=shift.id, person_id=walked.outsider.id,
                            team_id=walked.other.team.id, day=shift.day, on_roster=True))  # fmt: skip
    db.session.commit()
    assert caller.get(TILE).status_code == 200 and len(asked) == 1


# --- pages and tokens -------------------------------------------------------------------------------------------------


def test_a_page_is_asked_for_once(walked: Any, reading: Any, asked: list[str]) -> None:
    caller = reading(walked.reviewer)
    first, again = caller.get(PAGE).get_json(), caller.get(PAGE).get_json()
    assert len(asked) == 1 and first == again and len(first["features"]) == 10
    html = caller.get(PAGE, headers={"Accept": "text/html"})
    assert html.content_type.startswith("text/html") and len(asked) == 2


def test_a_token_in_the_address_stays_its_persons_own(
    walked: Any, app: Any, token_for: Any, asked: list[str]
) -> None:
    mine, theirs = token_for(walked.reviewer), token_for(walked.admin)
    caller = Caller(app)
    pages = [caller.get(f"{PAGE}&token={token}") for token in (mine, theirs, mine, theirs)]
    assert len(asked) == 2 and {page.status_code for page in pages} == {200}
    assert mine in pages[2].text and mine not in pages[3].text and theirs in pages[3].text
    tokens.revoke(walked.reviewer, tokens.tokens_of(walked.reviewer, clock.now())[0].id, clock.now())
    db.session.commit()
    assert caller.get(f"{PAGE}&token={mine}").status_code == 401
    assert caller.get(f"{PAGE}&token={theirs}").status_code == 200


def test_a_token_opens_no_tile_of_the_api(walked: Any, reading: Any) -> None:
    caller = reading(walked.reviewer)
    assert caller.get(PAGE).status_code == 200
    assert [caller.get(TILE).status_code for _ in range(2)] == [401, 401]


def test_a_member_is_refused_the_page_however_well_it_is_kept(walked: Any, as_person: Any) -> None:
    assert as_person(walked.reviewer).get(PAGE).status_code == 200
    member = as_person(walked.member)
    assert [member.get(path).status_code for path in (TILE, PAGE, TILE, PAGE)] == [200, 403, 200, 403]


def test_an_outsider_gets_nothing_of_it(walked: Any, as_person: Any) -> None:
    assert as_person(walked.reviewer).get(TILE).status_code == 200
    outsider = as_person(walked.outsider)
    assert [outsider.get(TILE).status_code for _ in range(2)] == [204, 204]


def test_while_somebody_walks_a_page_is_kept_for_the_minute(
    people: Any, as_person: Any, phone: Any, sync: Any, at: Any, asked: list[str]
) -> None:
    sync(as_person(people.member), evening_items(people, phone)[:3], make.EVENING + timedelta(minutes=20))
    at(make.EVENING + timedelta(minutes=20, seconds=10))
    caller = as_person(people.reviewer)
    first = caller.get(PAGE).get_json()
    at(make.EVENING + timedelta(minutes=20, seconds=50))
    assert caller.get(PAGE).get_json() == first and len(asked) == 1
    at(make.EVENING + timedelta(minutes=21))
    later = caller.get(PAGE).get_json()
    assert len(asked) == 2 and later["features"] != first["features"], "walked a minute later than before"


# --- what is not kept -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", ["hotspots", "routes", "areas"])
def test_other_layers_are_asked_for_every_time(
    walked: Any, as_person: Any, asked: list[str], layer: str
) -> None:
    caller = as_person(walked.reviewer)
    path = address(layer, *tile_at(600, 600))
    etags = {caller.get(path).headers["ETag"] for _ in range(3)}
    assert len(etags) == 1 and len(asked) == 3
    assert caller.get(path, headers={"If-None-Match": etags.pop()}).status_code == 304


@pytest.mark.parametrize(
    "path",
    ["/api/v1/tiles/streets/25/0/0.mvt", "/api/v1/tiles/streets/3/9/0.mvt", "/api/v1/tiles/streets/14/1/1.pbf",
     "/api/v1/tiles/walls/14/1/1.mvt", TILE + "&datum=moon", TILE + "&times=x"],
)  # fmt: skip
def test_what_is_wrong_is_answered_by_the_application(
    walked: Any, as_person: Any, asked: list[str], path: str
) -> None:
    caller = as_person(walked.reviewer)
    assert caller.get(TILE).status_code == 200
    answers = [caller.get(path) for _ in range(2)]
    assert all(400 <= answer.status_code < 500 for answer in answers) and len(asked) == 3


def test_of_a_province_nothing_is_kept(
    walked: Any, as_person: Any, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made, "MOST_AT_HAND", 0)
    caller = as_person(walked.reviewer)
    assert [caller.get(TILE).status_code for _ in range(2)] == [200, 200] and len(asked) == 2


def test_without_a_connection_of_its_own_the_application_is_asked(
    walked: Any, as_person: Any, asked: list[str], app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = as_person(walked.reviewer)
    caller.get(TILE)

    def gone() -> Any:
        raise OperationalError("", {}, Exception())

    monkeypatch.setattr(app.extensions["standing"]._links, "cursor", gone)
    assert caller.get(TILE).status_code == 200 and len(asked) == 2


def test_its_connections_ask_and_come_back(app: Any) -> None:
    links = Links(app.extensions["settings"].stream_database_url)
    rows = links.execute(text("SELECT n AS part FROM generate_series(1, 3) n"))
    assert [row.part for row in rows.all()] == [1, 2, 3] and links.scalar(text("SELECT 7")) == 7
    with pytest.raises(psycopg.Error), links.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    with links.cursor() as cursor:
        assert cursor.execute("SELECT 8").fetchone() == (8,)
    links._engine.dispose()


def test_a_tile_that_would_be_too_heavy_is_cut_to_weight_on_a_connection_of_its_own(
    walked: Any, as_person: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = as_person(walked.reviewer)
    whole = caller.get(TILE).data
    monkeypatch.setattr(cutting, "MOST_BYTES", len(whole) // 2)
    monkeypatch.setattr(sheets, "KEPT", Newest(0))
    light = [caller.get(TILE).data for _ in range(2)]
    assert light[0] == light[1] and 0 < len(light[0]) <= len(whole) // 2


def test_a_reach_that_changes_at_this_moment_is_not_kept(
    walked: Any, as_person: Any, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    caller, anew = as_person(walked.reviewer), made.scope_anew
    monkeypatch.setattr(made, "scope_anew", lambda: scope_of(walked.admin))
    caller.get(TILE)
    caller.get(TILE)
    assert len(asked) == 2
    monkeypatch.setattr(made, "scope_anew", anew)
    caller.get(TILE)
    caller.get(TILE)
    assert len(asked) == 3


def test_streets_that_change_while_a_tile_is_made_are_not_kept(
    walked: Any, as_person: Any, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    caller, atlas_of = as_person(walked.reviewer), made.atlas_of

    def meanwhile(*args: Any) -> Any:
        found = atlas_of(*args)
        db.session.scalars(db.select(NetworkVersion)).first().source = "other"
        db.session.commit()
        return found

    monkeypatch.setattr(made, "atlas_of", meanwhile)
    caller.get(TILE)
    monkeypatch.setattr(made, "atlas_of", atlas_of)
    caller.get(TILE)
    assert len(asked) == 2


def test_a_check_in_that_was_decided_is_seen(people: Any, as_person: Any, phone: Any, sync: Any) -> None:
    """Of a crew without a track the check-ins are the walk (verified at each request)."""
    items = [item for item in evening_items(people, phone) if item["kind"] != "segment"]
    sync(as_person(people.member), items, make.EVENING + timedelta(minutes=61))
    caller = as_person(people.reviewer)
    before = {caller.get(TILE).data for _ in range(2)}
    checkin = db.session.execute(text("SELECT id FROM checkins WHERE checkpoint_id IS NOT NULL")).scalar_one()
    reviewing.review_checkin(people.leader, scope_of(people.leader), checkin, "not_counted",
                             "returned_not_there", make.EVENING + timedelta(hours=2))  # fmt: skip
    db.session.commit()
    after = {caller.get(TILE).data for _ in range(2)}
    assert len(before) == len(after) == 1 and before != after


def test_who_leaves_the_team_sees_nothing_more(walked: Any, as_person: Any) -> None:
    caller = as_person(walked.member)
    assert [caller.get(TILE).status_code for _ in range(2)] == [200, 200]
    row = db.session.scalar(db.select(TeamMember).where(TeamMember.person_id == walked.member.id))
    row.left_on = make.EVENING.date()
    db.session.commit()
    assert [caller.get(TILE).status_code for _ in range(2)] == [204, 204]
