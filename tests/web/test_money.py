"""The pages of money without a browser: who opens them, what they say, and the whole way from the pot to a receipt."""

from __future__ import annotations

import hashlib
import io
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.db import db
from app.money import commitments, grades, granting, queries
from app.money.grades import Period
from app.money.models import Commitment, Disbursement
from app.money.queries import LineKey
from app.teams.scope import scope_of
from tests import make
from tests.money import books
from tests.money.books import NOW, YEAR, give_points, new_id
from tests.strength.test_figures import out
from tests.web.conftest import TOKEN, send, text_of

PAGES = ("/desk/money", "/desk/money/commitments", "/desk/money/grants", "/desk/money/reconciliation")


@pytest.fixture
def today(people: Any, evening: Any) -> Any:
    return people


@pytest.fixture
def kept(today: Any) -> Any:
    """A pot with all of its money; a grant by grade, wages, and goods that wait."""
    books.open_pot(today)
    books.fund(today, 1_800_000)
    books.fund(today, 500_000, fund="wages")
    town = today.town
    scores = {v.id: Decimal("80.1") for v in town.villages}
    grades.enter(today.reviewer, town.township, Period(YEAR, 1, 4), scores, "联评公示", NOW)
    grades.confirm(today.admin, town.township, Period(YEAR, 1, 4), NOW)
    row = granting.propose_round(
        today.reviewer, town.township, granting.Wish(new_id(), "performance", Period(YEAR, 1, 4)),
        grades.scores_for(town.township.id, Period(YEAR, 1, 4)), NOW,
    )  # fmt: skip
    granting.approve_round(today.admin, scope_of(today.admin), row.id, NOW)
    books.approve(today, books.propose(today, 300_000, "wages", what="十一月工资"))
    books.propose(today, 12_345)
    db.session.commit()
    return today


def page_of(caller: Any, address: str, lang: str = "en") -> Any:
    caller.set_cookie("lang", lang, domain="localhost")
    answer = caller.get(address)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return answer


def ids_in(caller: Any, page: str) -> list[str]:
    html = caller.get(page).get_data(as_text=True)
    return re.findall(r'name="id"[^>]*value="([^"]+)"', html)


def line(people: Any, name: str = "points_shop") -> tuple[int, int, int]:
    row = queries.line_of(LineKey(people.town.township.id, YEAR, name))
    assert row is not None
    return row.allocated_fen, row.committed_fen, row.disbursed_fen


# --- what the pages say -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("address", PAGES)
def test_pages_are_whole_in_both_languages(kept: Any, as_person: Any, address: str, lang: str) -> None:
    html = page_of(as_person(kept.reviewer), address, lang).get_data(as_text=True)
    assert not re.findall(
        r"(?:money|shares|errors)\.[a-z_]+\.?[a-z_]*(?=[<\"\s])", html.replace("money.css", "")
    )
    assert "%(" not in html and kept.other.township.name not in html


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("address", PAGES)
def test_pages_are_whole_where_there_is_nothing_yet(
    today: Any, as_person: Any, address: str, lang: str
) -> None:
    html = page_of(as_person(today.reviewer), address, lang).get_data(as_text=True)
    assert "%(" not in html and "money.css" in html
    assert page_of(as_person(today.reviewer), f"{address}?year=2031").status_code == 200


def test_pages_are_for_reviewers_and_admins_of_the_township(kept: Any, as_person: Any, client: Any) -> None:
    commitment = db.session.scalars(select(Commitment.id)).first()
    for address in (*PAGES, f"/desk/money/commitments/{commitment}", "/desk/money/files/xlsx"):
        assert client.get(address).status_code == 302
        for who in (kept.member, kept.leader, kept.outsider):
            assert as_person(who).get(address).status_code == 403
    stranger = make.make_person("外镇审核员", kept.other.township)
    make.grant(stranger, "reviewer", area=kept.other.township)
    caller = as_person(stranger)
    for address in (*PAGES, "/desk/money/files/xlsx", "/desk/money/files/payments/pdf"):
        assert caller.get(f"{address}?area={kept.town.township.code}").status_code == 404
    assert caller.get(f"/desk/money/commitments/{commitment}").status_code == 404


def test_the_overview_says_the_pot_its_lines_and_the_forecast(kept: Any, as_person: Any) -> None:
    """Two active: 2 × 48 × 12 × 0.1 = 115.20 yuan a year; the line of 2,160 yuan carries 37, the stop comes at 30."""
    for who in (kept.member, kept.mate):
        out(who, kept.town.team, make.DAY - timedelta(days=1))
    give_points(kept.member, kept.town.township.id, 101)
    db.session.commit()
    words = text_of(page_of(as_person(kept.reviewer), "/desk/money"))
    assert "6,000 people × 3.00 yuan = 18,000.00 yuan" in words
    assert "Points shop 2,160.00 2,160.00 0.00 0.00 2,160.00" in words
    assert "Wages 0.00 5,000.00 3,000.00 0.00 2,000.00" in words
    assert "Pending: 50 points" in words and "the stop is 80% of it: 1,728.00 yuan" in words
    assert "2 active volunteers with 48 points a month need 115.20 yuan in a whole year" in words
    assert "The line carries 37 of them for a year; the stop comes at 30." in words


def test_a_stop_that_is_reached_stands_on_the_page(kept: Any, as_person: Any) -> None:
    give_points(kept.member, kept.town.township.id, 40_000)
    db.session.commit()
    words = text_of(page_of(as_person(kept.reviewer), "/desk/money"))
    assert (
        "The stop is reached: 2,000.00 of 1,728.00 yuan. No points are approved until the points shop's line has"
        in words
    )
    assert "340.00 yuan more" in words


def test_a_year_without_a_pot_says_which_line_holds_until_then(today: Any, as_person: Any) -> None:
    reviewer = as_person(today.reviewer)
    assert "still approved against" not in text_of(page_of(reviewer, "/desk/money"))
    books.open_pot(today, YEAR - 1)
    give_points(today.member, today.town.township.id, 101)
    db.session.commit()
    words = text_of(page_of(reviewer, "/desk/money"))
    assert f"points shop of {YEAR - 1}: 5.05 of 0.00 yuan are used" in words


def test_the_rail_counts_what_waits_for_the_caller(kept: Any, as_person: Any) -> None:
    html = page_of(as_person(kept.admin), "/desk/money").get_data(as_text=True)
    link = html.split('href="/desk/money"')[1].split("</a>")[0]
    assert ">1<" in link
    html = page_of(as_person(kept.reviewer), "/desk/money").get_data(as_text=True)
    assert "count" not in html.split('href="/desk/money"')[1].split("</a>")[0]


# --- the whole way ------------------------------------------------------------------------------------------------


def test_the_whole_way_from_the_pot_to_the_receipt(today: Any, as_person: Any) -> None:
    town = today.town.township
    one, two = as_person(today.reviewer), as_person(today.admin)
    for caller in (one, two):
        caller.set_cookie("lang", "en", domain="localhost")
    act = f"/desk/money/{town.code}/{YEAR}"
    page = f"/desk/money?area={town.code}"
    assert send(one, page, act, decision="pot").status_code == 302
    assert send(one, page, act, decision="open").status_code == 422
    assert "Your own proposal is approved by somebody else." in text_of(send(one, page, act, decision="open"))
    assert send(two, page, act, decision="open").status_code == 302
    source, wish = ids_in(one, page)
    for _ in range(2):
        assert send(
            one, page, act, decision="source", id=source, fund="pot", kind="county", name="县财政局",
            document="财〔2026〕7号", fen="18,000.00",
        ).status_code == 302  # fmt: skip
    assert send(
        one, page, act, decision="allocate", id=wish, origin=f"source:{source}", target="split", reason="年初安排"
    ).status_code == 302  # fmt: skip
    assert line(today) == (0, 0, 0)
    decide = f"/desk/money/allocations/{wish}"
    assert send(one, page, decide, decision="approve").status_code == 422
    assert send(two, page, decide, decision="approve").status_code == 302
    assert line(today) == (216_000, 0, 0)
    late = send(two, page, decide, decision="approve")
    assert late.status_code == 302 and "decided" in text_of(page_of(two, page))
    pay_goods(today, one, two)


def pay_goods(people: Any, one: Any, two: Any) -> None:
    town = people.town.township
    page = f"/desk/money/commitments?area={town.code}"
    number = ids_in(one, page)[0]
    assert send(
        one, page, f"/desk/money/{town.code}/{YEAR}/commitments", id=number, line="points_shop", payee_kind="shop",
        payee="供销社", what="第一批物品", fen="100",
    ).status_code == 302  # fmt: skip
    its = f"/desk/money/commitments/{number}"
    assert send(two, its, its, decision="approve").status_code == 302 and line(people) == (216_000, 10_000, 0)
    scan = io.BytesIO(b"a receipt"), "r.jpg"
    token = TOKEN.search(one.get(its).get_data(as_text=True))
    assert token
    fields = {"csrf_token": token[1], "decision": "pay", "id": ids_in(one, its)[0], "fen": "60.5"}
    paid = one.post(its, data={**fields, "paid_on": "2026-11-24", "receipt": "票1", "scan": scan})
    assert paid.status_code == 302 and line(people) == (216_000, 10_000, 6_050)
    row = db.session.scalars(select(Disbursement)).one()
    assert row.receipt_sha256 == hashlib.sha256(b"a receipt").digest()
    assert send(one, its, its, decision="close").status_code == 302 and line(people) == (
        216_000,
        6_050,
        6_050,
    )
    words = text_of(page_of(one, its))
    assert "Closed" in words and "票1" in words and row.receipt_sha256.hex()[:12] in words


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"fen": "1.005"}, "An amount above nothing, with two decimals at most."),
        ({"fen": "-5"}, "An amount above nothing, with two decimals at most."),
        ({"fen": "0"}, "An amount above nothing, with two decimals at most."),
        ({"what": ""}, "This is needed."),
        ({"payee": "6222 0202 0001 2345"}, "No number of a card, phone or account here"),
        ({"payee_kind": "wage"}, "This line does not pay such a payee."),
        ({"line": "nothing"}, "This is needed."),
        ({"id": "no-id"}, "Not everything"),
    ],
)  # fmt: skip
def test_bad_input_comes_back_with_a_sentence_and_what_was_typed(
    kept: Any, as_person: Any, fields: dict[str, str], sentence: str
) -> None:
    caller, code = as_person(kept.reviewer), kept.town.township.code
    caller.set_cookie("lang", "en", domain="localhost")
    good = {
        "id": str(new_id()), "line": "points_shop", "payee_kind": "shop", "payee": "供销社", "what": "物品", "fen": "5",
    }  # fmt: skip
    answer = send(
        caller, "/desk/money/commitments", f"/desk/money/{code}/{YEAR}/commitments", **good | fields
    )
    assert answer.status_code == 422
    words = text_of(answer)
    if "id" not in fields:
        assert sentence in words
    assert "供销社" in answer.get_data(as_text=True) or "payee" in fields or "id" in fields


def test_bad_allocations_and_payments_come_back_with_every_sentence(kept: Any, as_person: Any) -> None:
    caller, code = as_person(kept.reviewer), kept.town.township.code
    caller.set_cookie("lang", "en", domain="localhost")
    bad = {
        "decision": "allocate",
        "id": str(new_id()),
        "origin": "line:reserve",
        "target": "wages",
        "amount": "x",
    }
    answer = send(caller, "/desk/money", f"/desk/money/{code}/{YEAR}", **bad)
    words = text_of(answer)
    assert answer.status_code == 422 and "none goes into another" in words and "This is needed." in words
    assert "An amount above nothing" in words and "please look at what is marked" in words
    nothing = send(
        caller, "/desk/money", f"/desk/money/{code}/{YEAR}", decision="allocate", origin="source:x", id="x"
    )
    assert nothing.status_code == 422
    paid = db.session.scalars(select(Commitment.id).where(Commitment.line == "wages")).one()
    its = f"/desk/money/commitments/{paid}"
    words = text_of(
        send(caller, its, its, decision="pay", id=str(new_id()), fen="0.001", paid_on="", receipt="")
    )
    assert "An amount above nothing" in words and "The day of payment" in words and "This is needed." in words
    assert line(kept, "wages") == (500_000, 300_000, 0)


def test_an_unknown_deed_is_refused_plainly(kept: Any, as_person: Any) -> None:
    caller, code = as_person(kept.reviewer), kept.town.township.code
    commitment = db.session.scalars(select(Commitment.id).where(Commitment.state == "proposed")).one()
    for page, address in (
        ("/desk/money", f"/desk/money/{code}/{YEAR}"),
        ("/desk/money/grants", f"/desk/money/{code}/{YEAR}/grants"),
        (f"/desk/money/commitments/{commitment}", f"/desk/money/commitments/{commitment}"),
    ):
        assert send(caller, page, address, decision="burn").status_code == 422
    assert send(caller, "/desk/money", f"/desk/money/{code}/2031", decision="pot").status_code == 422


def test_a_line_that_is_too_short_says_so_and_changes_nothing(kept: Any, as_person: Any) -> None:
    number = books.propose(kept, 216_001)
    db.session.commit()
    caller = as_person(kept.admin)
    caller.set_cookie("lang", "en", domain="localhost")
    its = f"/desk/money/commitments/{number}"
    answer = send(caller, its, its, decision="approve")
    assert answer.status_code == 422
    assert "2,160.01 yuan are needed, 2,160.00 are free. Nothing was changed." in text_of(answer)
    assert line(kept) == (216_000, 0, 0)


def test_an_own_proposal_shows_no_button_to_approve(kept: Any, as_person: Any) -> None:
    number = db.session.scalars(select(Commitment.id).where(Commitment.state == "proposed")).one()
    its = f"/desk/money/commitments/{number}"
    assert 'value="approve"' not in page_of(as_person(kept.reviewer), its).get_data(as_text=True)
    assert 'value="approve"' in page_of(as_person(kept.admin), its).get_data(as_text=True)


# --- grants -------------------------------------------------------------------------------------------------------


def test_grades_and_grants_on_their_page(today: Any, as_person: Any) -> None:
    books.open_pot(today)
    books.fund(today, 1_800_000)
    db.session.commit()
    one, two, town = as_person(today.reviewer), as_person(today.admin), today.town
    for caller in (one, two):
        caller.set_cookie("lang", "en", domain="localhost")
    page, act = (
        f"/desk/money/grants?area={town.township.code}",
        f"/desk/money/{town.township.code}/{YEAR}/grants",
    )
    missing = send(one, page, act, decision="propose", kind="performance", quarters="1-4", id=str(new_id()))
    assert missing.status_code == 422 and "no confirmed assessment yet: 清禾镇西村、清禾镇东村" in text_of(
        missing
    )
    scores = {f"f-{v.id}": f for v, f in zip(town.villages, ("88.1", "55"), strict=True)}
    bad = send(
        one,
        page,
        act,
        decision="grades",
        quarters="1-4",
        evidence="公示",
        **scores | {next(iter(scores)): "x"},
    )
    assert bad.status_code == 422 and "Between 0 and 100" in text_of(bad)
    assert (
        send(one, page, act, decision="grades", quarters="9-1", evidence="公示", **scores).status_code == 422
    )
    assert (
        send(one, page, act, decision="grades", quarters="1-4", evidence="公示", **scores).status_code == 302
    )
    assert send(one, page, act, decision="confirm", quarters="1-4").status_code == 422
    assert send(two, page, act, decision="confirm", quarters="1-4").status_code == 302
    number = str(new_id())
    for _ in range(2):
        sent = send(one, page, act, decision="propose", kind="performance", quarters="1-4", id=number)
        assert sent.status_code == 302
    its = f"/desk/money/grants/{number}"
    assert send(one, page, its, decision="approve").status_code == 422
    assert send(two, page, its, decision="approve").status_code == 302
    words = text_of(page_of(one, page))
    assert (
        "清禾镇西村 3,000 3,000 88.1 B 1 3,857.14" in words
        and "清禾镇东村 3,000 3,000 55 D 0.4 1,542.86" in words
    )
    restore_one(today, one, page, its)


def restore_one(people: Any, caller: Any, page: str, its: str) -> None:
    east = people.town.villages[1].id
    fields = {"decision": "restore", "village": str(east), "document": "整改验收单"}
    assert send(caller, page, its, **fields, id=str(new_id()), added="0.4").status_code == 422
    assert send(caller, page, its, **fields, id=str(new_id()), added="x").status_code == 422
    assert send(caller, page, its, **fields, id=str(new_id()), added="0.1").status_code == 302
    row = db.session.scalars(select(Commitment).where(Commitment.line == "reserve")).one()
    assert (row.fen, row.state, row.village_id) == (38_571, "proposed", east)


# --- the public page ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_shares_are_open_to_everybody_and_name_nobody(kept: Any, client: Any, lang: str) -> None:
    answer = page_of(client, f"/shares/{kept.town.township.code}?lang={lang}", "zh")
    words = text_of(answer)
    assert "18,000.00" in words and "2,700.00" in words and "30%" in words
    for somebody in (kept.member, kept.reviewer, kept.admin, kept.leader):
        assert somebody.name not in words
    assert "money." not in words and "shares." not in words and "%(" not in words
    assert answer.headers["Cache-Control"] == "public, max-age=600" and "Set-Cookie" not in answer.headers


def test_what_was_restored_is_public_too(kept: Any, client: Any) -> None:
    east, town = kept.town.villages[1], kept.town.township
    wish = books.wish(kept, 12_300, "reserve", village_id=east.id, what="整改验收单")
    commitments.add(kept.reviewer, town.id, YEAR, wish, NOW, cause=f"restore:1:{east.id}")
    db.session.commit()
    address = f"/shares/{kept.town.township.code}?lang=en"
    assert "Restored after improvement" not in text_of(page_of(client, address))
    books.approve(kept, wish.id)
    db.session.commit()
    words = text_of(page_of(client, address))
    assert (
        "Restored after improvement" in words
        and "清禾镇东村 123.00" in words
        and "清禾镇东村 2,823.00" in words
    )


def test_shares_of_no_pot_are_not_there(today: Any, client: Any) -> None:
    assert client.get(f"/shares/{today.town.township.code}").status_code == 404
    assert client.get("/shares/nowhere").status_code == 404
    assert client.get(f"/shares/{today.town.villages[0].code}").status_code == 404


def test_a_grant_that_waits_is_not_public(today: Any, client: Any) -> None:
    books.open_pot(today)
    granting.propose_round(
        today.reviewer, today.town.township, granting.Wish(new_id(), "base", Period(YEAR, 1, 4)), {}, NOW
    )
    db.session.commit()
    words = text_of(page_of(client, f"/shares/{today.town.township.code}?lang=en"))
    assert "No grant has been approved in this year yet." in words and "清禾镇西村" not in words


def test_money_of_a_closed_commitment_is_told_in_the_books(kept: Any, as_person: Any) -> None:
    wages = db.session.scalars(select(Commitment).where(Commitment.line == "wages")).one()
    books.pay(kept, wages.id, 300_000)
    commitments.close(kept.reviewer, scope_of(kept.reviewer), wages.id, NOW)
    db.session.commit()
    words = text_of(page_of(as_person(kept.reviewer), "/desk/money/reconciliation"))
    assert "the books add up" in words and "Wages 0.00 5,000.00 3,000.00 3,000.00 2,000.00" in words
    assert "Total 18,000.00 23,000.00 8,400.00 3,000.00 14,600.00" in words
