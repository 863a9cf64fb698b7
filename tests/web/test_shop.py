"""The shop at the desk: handing out by code, goods and purposes with their history, certificates, and the page on which
anybody checks one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from app.db import db
from app.jobs import redemption as jobs
from app.redemption import certificates, operations, queries, rules
from app.redemption.certificates import Asked
from app.redemption.models import ShopOrder
from tests import make
from tests.redemption import stocked
from tests.redemption.served import attend
from tests.redemption.stocked import new_id
from tests.web.conftest import send, text_of

SHOP, GOODS, PAPERS = (f"/desk/points/shop{part}" for part in ("", "/goods", "/certificates"))
ITEM = {
    "name_zh": "雨伞", "name_en": "Umbrella", "price": "150", "fen": "15", "pieces": "4", "month_quota": "1",
    "total_quota": "", "first_on": "2026-11-01", "last_on": "",
}  # fmt: skip
YEAR = Asked(date(2026, 1, 1), date(2026, 11, 23), "zh", True)


@pytest.fixture
def reviewer(people, as_person, evening):
    return as_person(people.reviewer)


@pytest.fixture
def admin(people, as_person, evening):
    return as_person(people.admin)


@pytest.fixture
def order(people, evening):
    """An order of the member that waits."""
    item = stocked.make_item(people.town.township.id)
    row = operations.order(stocked.rich(people), new_id(), item.id, 100, evening)
    db.session.commit()
    return row


# --- handing out ----------------------------------------------------------------------------------


def test_a_leader_hands_out_by_the_code_and_sees_no_list_of_names(people, leader, order):
    page = text_of(leader.get(f"{SHOP}?code=AB"))
    assert "兑换码" in page and "王队员" not in page and "物品与捐赠" not in page
    answer = send(leader, SHOP, f"{SHOP}/collect", code=operations.code_of(order).lower())
    assert answer.status_code == 302
    assert "请把“洗衣液”交给王队员" in text_of(leader.get(SHOP))
    assert queries.order_of(order.township_id, order.id).state == "collected"


def test_a_wrong_code_stays_in_the_form_with_its_sentence_and_is_counted(people, leader, order):
    wrong = rules.with_check("2222222")
    for _ in range(operations.WRONG_CODES):
        answer = send(leader, SHOP, f"{SHOP}/collect", code=wrong)
        assert answer.status_code == 422 and "没有这个兑换码" in text_of(answer)
        assert f'value="{wrong}"' in answer.get_data(as_text=True)
    answer = send(leader, SHOP, f"{SHOP}/collect", code=operations.code_of(order))
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
    assert queries.order_of(order.township_id, order.id).state == "ordered"


@pytest.mark.parametrize("code", ["", "x", "ABCD2345" * 9, "<script>", "王王王王"])
def test_what_is_no_code_is_told_so(leader, code):
    answer = send(leader, SHOP, f"{SHOP}/collect", code=code)
    assert answer.status_code == 422 and "<script>" not in answer.get_data(as_text=True)


def test_the_reviewer_sees_what_waits_and_calls_it_off_with_a_reason(people, reviewer, order):
    assert "洗衣液 · 王队员" in text_of(reviewer.get(SHOP))
    address = f"{SHOP}/orders/{order.id}/cancel"
    assert send(reviewer, SHOP, address, reason="no").status_code == 422
    assert send(reviewer, SHOP, address, reason="goods_missing").status_code == 302
    assert "已取消" in text_of(reviewer.get(SHOP))
    assert send(reviewer, SHOP, address, reason="goods_missing").status_code == 302
    assert "已经办结" in text_of(reviewer.get(SHOP))


# --- goods ----------------------------------------------------------------------------------------


def test_what_waits_is_shown_however_much_was_closed_since(people, reviewer, order, evening):
    """Three hundred younger orders went back; the one that waits is still there to be handed out or called off."""
    values = [
        {
            "township_id": order.township_id, "id": new_id(), "item_id": order.item_id, "person_id": people.mate.id,
            "unit": "hours", "price": 1, "day": make.DAY, "state": "lapsed", "code_mac": bytes([n % 256, n // 256]),
            "ordered_at": evening + timedelta(seconds=n + 1), "collect_by": evening + timedelta(days=1),
            "closed_at": evening + timedelta(days=1),
        }
        for n in range(301)
    ]  # fmt: skip
    db.session.execute(insert(ShopOrder), values)
    db.session.commit()
    html = reviewer.get(SHOP).get_data(as_text=True)
    assert f"{SHOP}/orders/{order.id}/cancel" in html


def test_goods_are_added_supplied_and_changed_with_their_history(people, reviewer):
    assert send(reviewer, GOODS, GOODS, **ITEM).status_code == 302
    item = queries.items_of(people.town.township.id)[0]
    assert (item.price, item.fen, item.stock, item.month_quota, item.total_quota) == (150, 1500, 4, 1, None)
    assert send(reviewer, GOODS, f"{GOODS}/{item.id}/supply", pieces="6").status_code == 302
    page = reviewer.get(f"{GOODS}/{item.id}").get_data(as_text=True)
    assert 'value="15.00"' in page and 'value="1"' in page
    changed = {**ITEM, "price": "160", "version": "1"}
    assert send(reviewer, f"{GOODS}/{item.id}", f"{GOODS}/{item.id}", **changed).status_code == 302
    words = text_of(reviewer.get(GOODS))
    for said in ("剩 10 件", "160 积分", "添加了“雨伞”", "修改了“雨伞”", "价格 150 → 160", "件数 6"):
        assert said in words, said


def test_goods_too_cheap_for_a_new_price_of_points_are_named(people, reviewer):
    assert send(reviewer, GOODS, GOODS, **ITEM).status_code == 302
    make.make_policy(people.town.township, "redemption", {"fen_per_point": 5})
    db.session.commit()
    assert "至少 300 分，改价前不能兑换" in text_of(reviewer.get(GOODS))


@pytest.mark.parametrize(
    ("more", "words"),
    [({"price": "149"}, "至少 150 积分"), ({"fen": "-1"}, "0 到 10000 元"), ({"name_zh": ""}, "这一项要填"),
     ({"fen": "NaN"}, "0 到 10000 元"), ({"price": "x"}, "这一项填得不对"),
     ({"last_on": "2026-10-01"}, "结束日期在开始日期之前")],
)  # fmt: skip
def test_what_is_wrong_stands_by_its_field(people, reviewer, more, words):
    answer = send(reviewer, GOODS, GOODS, **{**ITEM, **more})
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert 'value="Umbrella"' in answer.get_data(as_text=True), "nothing that was filled in is lost"
    assert queries.items_of(people.town.township.id) == []


def test_the_second_of_two_is_told_and_loses_nothing(people, reviewer, admin):
    item = stocked.make_item(people.town.township.id)
    page = f"{GOODS}/{item.id}"
    assert send(admin, page, page, **{**ITEM, "version": "1"}).status_code == 302
    answer = send(reviewer, page, page, **{**ITEM, "name_zh": "大雨伞", "version": "1"})
    assert answer.status_code == 409 and "别人刚改过" in text_of(answer)
    assert 'value="大雨伞"' in answer.get_data(as_text=True)
    assert send(reviewer, page, page, **{**ITEM, "name_zh": "大雨伞", "version": "2"}).status_code == 302


def test_purposes_are_opened_and_closed(people, reviewer):
    town = people.town.township.id
    assert send(reviewer, GOODS, f"{GOODS[:-6]}/purposes", name_zh="路灯", name_en="Lamps").status_code == 302
    assert send(reviewer, GOODS, f"{GOODS[:-6]}/purposes", name_zh="路灯", name_en="").status_code == 422
    pot = queries.pots_of(town)[0]
    for _ in range(2):
        assert send(reviewer, GOODS, f"{GOODS[:-6]}/purposes/{pot.purpose.id}/close").status_code == 302
    assert "结束了用途“路灯”" in text_of(reviewer.get(GOODS))


def test_pieces_that_are_not_there(people, reviewer):
    item = stocked.make_item(people.town.township.id)
    for pieces, status in (("", 422), ("x", 422), ("0", 422), ("9999999", 422), ("-6", 409)):
        answer = send(reviewer, GOODS, f"{GOODS}/{item.id}/supply", pieces=pieces)
        assert answer.status_code == status, pieces


# --- certificates ---------------------------------------------------------------------------------


def test_a_certificate_is_issued_printed_opened_checked_and_withdrawn(people, reviewer, client):
    attend(people, people.member, 3, 5)
    row = certificates.ask(people.member, YEAR, make.EVENING)
    db.session.commit()
    decide = f"{PAPERS}/{row.id}"
    assert "待出具" in text_of(reviewer.get(PAPERS))
    assert send(reviewer, PAPERS, decide, decision="issue").status_code == 302
    waiting = reviewer.get(PAPERS)
    assert "正在生成文件" in text_of(waiting) and waiting.headers["Refresh"]
    assert reviewer.get(f"{decide}.pdf").status_code == 404
    jobs.print_certificate(row.township_id, row.id)
    assert reviewer.get(f"{decide}.pdf").get_data()[:5] == b"%PDF-"
    code = queries.certificate_at(row.township_id, row.id).code
    shown = client.get(f"/verify/{rules.in_groups(code).lower()}")
    words = text_of(shown)
    assert shown.status_code == 200 and shown.headers["X-Robots-Tag"] == "noindex, nofollow"
    for said in ("有效", "王**", "15 小时，共 5 次", "清禾镇", "2026-01-01 至 2026-11-23", "2026-1"):
        assert said in words, said
    assert "王队员" not in words
    assert send(reviewer, PAPERS, decide, decision="withdraw", reason="wrong_hours").status_code == 302
    words = text_of(client.get(f"/verify/{code}"))
    assert "已于 2026-11-24 撤回，无效" in words
    assert send(reviewer, PAPERS, decide, decision="withdraw", reason="wrong_hours").status_code == 302
    assert "已经办过了" in text_of(reviewer.get(PAPERS))


def test_refusals_are_told(people, reviewer):
    row = certificates.ask(people.member, YEAR, make.EVENING)
    own = certificates.ask(people.reviewer, YEAR, make.EVENING)
    db.session.commit()
    answer = send(reviewer, PAPERS, f"{PAPERS}/{row.id}", decision="issue")
    assert answer.status_code == 422 and "没有核实过的服务" in text_of(answer)
    answer = send(reviewer, PAPERS, f"{PAPERS}/{own.id}", decision="issue")
    assert answer.status_code == 422 and "不能给自己出具" in text_of(answer)
    assert send(reviewer, PAPERS, f"{PAPERS}/{row.id}", decision="?").status_code == 422
    assert (
        send(reviewer, PAPERS, f"{PAPERS}/{row.id}", decision="refuse", reason="no_service").status_code
        == 302
    )
    assert "未出具" in text_of(reviewer.get(PAPERS))


def test_the_desk_asks_for_a_member_without_a_phone(people, reviewer):
    fields = {
        "person": str(people.mate.id),
        "first_on": "2026-01-01",
        "last_on": "2026-11-23",
        "language": "zh",
    }
    assert send(reviewer, PAPERS, PAPERS, **fields).status_code == 302
    assert "李队员" in text_of(reviewer.get(PAPERS))
    for wrong in ({"last_on": "2026-11-24"}, {"last_on": "2025-01-01"}, {"last_on": "x"}, {"language": "fr"}):
        assert send(reviewer, PAPERS, PAPERS, **{**fields, **wrong}).status_code == 422
    for stranger in (people.outsider.id, people.reviewer.id, "x"):
        assert send(reviewer, PAPERS, PAPERS, **{**fields, "person": str(stranger)}).status_code in (404, 422)


def test_codes_are_asked_for_and_mistyped_ones_told(client, evening, people):
    assert client.get("/verify").status_code == 200
    assert client.get("/verify?code=ab-cd").location.endswith("/verify/ABCD")
    answer = client.get("/verify/ABCD")
    assert answer.status_code == 404 and "没有这份证明" in text_of(answer)
    client.set_cookie("lang", "en", domain="localhost")
    assert "There is no such certificate" in text_of(client.get("/verify/ABCD"))


def test_codes_cannot_be_tried_out(client, at, people):
    at(make.EVENING)
    answers = [client.get(f"/verify/ABC{n}").status_code for n in range(61)]
    assert answers == [404] * 60 + [429]
    at(make.EVENING + timedelta(minutes=11))
    assert client.get("/verify/ABCD").status_code == 404


# --- everywhere -----------------------------------------------------------------------------------


def test_all_pages_read_in_english(people, reviewer, order):
    certificates.ask(people.member, YEAR, make.EVENING)
    db.session.commit()
    reviewer.set_cookie("lang", "en", domain="localhost")
    for address, said in ((SHOP, "Washing liquid"), (GOODS, "On the shelf"), (PAPERS, "waiting")):
        words = text_of(reviewer.get(address))
        assert said in words and "shop." not in words and "certificate." not in words


def test_a_time_bank_shows_hours(people, reviewer):
    make.make_policy(people.town.township, "redemption", {"mode": "time_bank"})
    assert "价格（小时）" in text_of(reviewer.get(GOODS))
    assert send(reviewer, GOODS, GOODS, **{**ITEM, "price": "3"}).status_code == 302
    assert "3 小时" in text_of(reviewer.get(GOODS))


def test_the_tab_leads_here(leader, reviewer):
    for caller in (leader, reviewer):
        assert 'aria-current="page"' in caller.get(SHOP).get_data(as_text=True)
