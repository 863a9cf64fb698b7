"""The pages of rules without a browser: what counts, a draft from form to decision, its dry run, refusals."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from app.db import db
from app.jobs.rulebook import reprice_points, try_rules
from app.rulebook import queries
from app.rulebook.models import PolicyChange
from app.rulebook.topics import TOPICS
from app.web import rule_words
from tests import make
from tests.rulebook.test_changes import FIRST
from tests.rulebook.test_trials import HOUR, an_hour
from tests.web.conftest import TOKEN

PAGE = "/desk/points/rules"


@pytest.fixture
def desk(people: Any, as_person: Any, at: Any) -> Any:
    at(make.EVENING + 3 * HOUR)

    def caller(name: str, lang: str = "en") -> Any:
        client = as_person(getattr(people, name))
        client.set_cookie("lang", lang, domain="localhost")
        return client

    return caller


def posted(client: Any, address: str, fields: dict[str, str], **options: Any) -> Any:
    """A form, with the token that the list's page gives."""
    token = TOKEN.search(client.get(PAGE).get_data(as_text=True))
    return client.post(address, data={"csrf_token": token[1] if token else "", **fields}, **options)


def text_of(answer: Any) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).split()))


def form(people: Any, **more: Any) -> dict[str, str]:
    """As the page fills it, but for what is changed."""
    topic = TOPICS[more.pop("topic", "incentives")]
    filled = {f"key_{n}": rule_words.written(topic.keys[n], v) for n, v in topic.defaults.items()}
    head = {
        "area": people.town.township.code,
        "topic": topic.name,
        "valid_from": FIRST.isoformat(),
        "note": "试一试",
    }
    return {**head, **filled, **more}


def drafted(people: Any, desk: Any, **more: Any) -> int:
    answer = posted(desk("reviewer"), PAGE, form(people, **more))
    assert answer.status_code == 302, text_of(answer)
    return int(answer.location.rsplit("/", 1)[1])


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_is_whole_in_both_languages(people: Any, desk: Any, topic: str, lang: str) -> None:
    for path in (f"{PAGE}?topic={topic}", f"{PAGE}/new?topic={topic}"):
        answer = desk("reviewer", lang).get(path)
        page = text_of(answer)
        assert answer.status_code == 200
        assert not re.search(r"rules\.[a-z]", page) and "%(" not in page


def test_it_says_what_counts_since_when_and_from_whom(people: Any, desk: Any) -> None:
    make.make_policy(people.county, "incentives", {"base_per_hour": 12})
    page = text_of(desk("reviewer").get(PAGE))
    assert "Set by 临江县, since 2026-01-01." in page
    assert "Base points an hour 12 points 10 points none" in page
    make.make_policy(people.town.township, "incentives", {"visit": 4}, FIRST)
    page = text_of(desk("reviewer").get(PAGE))
    assert f"Set by 清禾镇, since {FIRST}." in page and "Base points an hour 10 points" in page


def test_the_county_sees_in_what_townships_differ(people: Any, desk: Any) -> None:
    make.make_policy(people.county, "incentives", {"base_per_hour": 12})
    make.make_policy(people.town.township, "incentives", {"base_per_hour": 12, "visit": 4}, FIRST)
    page = text_of(desk("admin").get(f"{PAGE}?area={people.county.code}"))
    assert f"清禾镇 {FIRST} Each qualified hotspot visit: 3 points → 4 points" in page
    assert "How townships differ" not in text_of(desk("reviewer").get(PAGE))


def test_from_draft_by_dry_run_to_approval(
    people: Any, as_person: Any, desk: Any, sync: Any, phone: Any
) -> None:
    sync(as_person(people.member), an_hour(phone, people.shift), make.EVENING + 3 * HOUR)
    change_id = drafted(people, desk, key_base_per_hour="20")
    one = f"{PAGE}/{change_id}"
    assert "Base points an hour 10 points 20 points" in text_of(desk("admin").get(one))
    assert posted(desk("reviewer"), one, {"decision": "try", "period": "2026-11"}).status_code == 302
    assert "Queued" in text_of(desk("admin").get(one))
    try_rules(change_id)
    assert "Done" in text_of(desk("admin").get(f"{one}/progress"))
    page = text_of(desk("admin").get(one))
    assert "10 → 20 points in all (+10). More for 1, less for 0, the same for 0." in page
    assert "In goods: 1.00 → 2.00 yuan (1.00 yuan)." in page
    assert "王队员 10 20 +10" in page and "清禾镇 10 20 +10 2.00" in page and "have changed since" not in page
    assert posted(desk("admin"), one, {"decision": "approve"}).status_code == 302
    reprice_points(people.town.township.id, change_id)
    page = text_of(desk("admin").get(one))
    assert "Approved" in page and "Open months priced again" in page and "Reason 试一试" in page
    assert "drafted by 镇审核员, approved by 县管理员" in text_of(desk("reviewer").get(PAGE))
    again = posted(desk("admin"), one, {"decision": "approve"}, follow_redirects=True)
    assert "This draft has been decided already." in text_of(again)


def test_wrong_numbers_are_told_beside_their_fields_and_nothing_is_lost(people: Any, desk: Any) -> None:
    wrong = form(
        people, key_visit="51", key_base_per_hour="ten", key_night_from_min="25:00", note="",
        valid_from="2026-10-31", key_visits_a_shift="7",
    )  # fmt: skip
    answer = posted(desk("reviewer"), PAGE, wrong)
    page, body = text_of(answer), answer.get_data(as_text=True)
    assert answer.status_code == 422
    for sentence in ("Between 0 points and 50 points, please.", "A whole number, please.",
                     "In force from 2026-11-01 at the earliest.", "Please give a reason"):  # fmt: skip
        assert sentence in page
    assert 'value="ten"' in body and 'value="7"' in body
    assert db.session.scalars(select(PolicyChange.id)).all() == []


def test_a_draft_outside_the_countys_bounds_is_refused_with_them(people: Any, desk: Any) -> None:
    bounds = {"area": people.county.code, "topic": "incentives", "kind": "bounds", "valid_from": FIRST.isoformat(),
              "note": "统一", "low_visit": "2", "high_visit": "4"}  # fmt: skip
    change_id = int(posted(desk("admin"), PAGE, bounds).location.rsplit("/", 1)[1])
    second = make.make_person("县副管理员", None, login="second")
    make.grant(second, "admin", area=people.county)
    people.second = second
    assert "none 2 points to 4 points" in text_of(desk("second").get(f"{PAGE}/{change_id}"))
    assert posted(desk("second"), f"{PAGE}/{change_id}", {"decision": "approve"}).status_code == 302
    answer = posted(desk("reviewer"), PAGE, form(people, key_visit="5"))
    assert answer.status_code == 422 and "The county allows 2 points to 4 points." in text_of(answer)
    page = text_of(desk("reviewer").get(PAGE))
    assert "Each qualified hotspot visit 3 points 3 points 2 points to 4 points" in page
    assert drafted(people, desk, key_visit="4")


def test_the_own_draft_offers_to_be_taken_back_and_a_reviewer_no_decision(people: Any, desk: Any) -> None:
    change_id = drafted(people, desk, key_visit="4")
    assert "Take the draft back" in text_of(desk("reviewer").get(f"{PAGE}/{change_id}"))
    answer = posted(desk("reviewer"), f"{PAGE}/{change_id}", {"decision": "approve"})
    assert answer.status_code == 403 and "An administrator decides." in text_of(answer)
    assert posted(desk("reviewer"), f"{PAGE}/{change_id}", {"decision": "withdraw"}).status_code == 302
    assert "Taken back" in text_of(desk("reviewer").get(f"{PAGE}/{change_id}"))
    assert posted(desk("admin"), f"{PAGE}/{change_id}", {"decision": "dance"}).status_code == 422


def test_sent_twice_it_is_told_plainly(people: Any, desk: Any) -> None:
    drafted(people, desk, key_visit="4")
    answer = posted(desk("reviewer"), PAGE, form(people, key_visit="4"))
    assert answer.status_code == 409 and "A draft for that day waits already." in text_of(answer)


def test_what_is_not_there_is_404(people: Any, desk: Any) -> None:
    change_id = drafted(people, desk, key_visit="4")
    for path in (f"{PAGE}?topic=weather", f"{PAGE}?area={people.other.township.code}", f"{PAGE}/new?kind=x",
                 f"{PAGE}/{change_id + 1}", f"{PAGE}/{change_id}/progress"):  # fmt: skip
        assert desk("reviewer").get(path).status_code == 404
    assert desk("member").get(PAGE).status_code == 403


def test_the_rail_counts_what_waits_for_a_decision(people: Any, desk: Any) -> None:
    from app.teams.scope import scope_of

    drafted(people, desk, key_visit="4")
    assert queries.waiting_for(scope_of(people.admin)) == 1
    assert queries.waiting_for(scope_of(people.reviewer)) == 0


@pytest.mark.parametrize(
    ("topic", "name", "text", "value"),
    [
        ("incentives", "night_from_min", "22:30", 1350), ("incentives", "night_from_min", "7", "7"),
        ("incentives", "night_factor", "1.25", 1.25), ("incentives", "night_factor", "1,5", 1.5),
        ("incentives", "base_per_hour", "10.0", "10.0"), ("incentives", "base_per_hour", "", ""),
        ("staffing", "wage_fen_a_month", "3,000.50", 300_050), ("staffing", "wage_fen_a_month", "0.001", "0.001"),
        ("staffing", "wage_fen_a_month", "NaN", "NaN"), ("coverage", "fresh_days", "1, 3，7、14", [1, 3, 7, 14]),
        ("staffing", "volunteer_base", "population", "population"),
    ],
)  # fmt: skip
def test_settings_are_read_as_people_write_them(topic: str, name: str, text: str, value: Any) -> None:
    assert rule_words.read(TOPICS[topic], name, text) == value


@pytest.mark.parametrize("name", TOPICS)
def test_what_is_written_is_read_back(name: str) -> None:
    topic = TOPICS[name]
    for key, value in topic.defaults.items():
        assert rule_words.read(topic, key, rule_words.written(topic.keys[key], value)) == value
