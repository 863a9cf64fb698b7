"""What redemption does by itself: lapsing, expiring, and a certificate on paper that says what it should."""

from __future__ import annotations

import re
import zlib
from datetime import date, timedelta

import pytest
from flask_babel import force_locale

from app.db import db
from app.incentives import statements
from app.jobs import redemption as jobs
from app.redemption import certificates, operations, queries, rules
from app.redemption.certificates import Asked
from app.teams.scope import scope_of
from tests import make
from tests.redemption import stocked
from tests.redemption.served import attend

NOW = make.EVENING


def test_orders_lapse_and_points_expire_once_however_often_the_jobs_run(people, at):
    town, member = people.town.township.id, stocked.rich(people)
    stocked.earn(member, 40, date(2024, 10, 3))
    stocked.freeze(town, people.reviewer, date(2024, 10, 1))
    item = stocked.make_item(town)
    order_id = operations.order(member, stocked.new_id(), item.id, 100, NOW).id
    db.session.commit()
    at(NOW + timedelta(days=20))
    for _ in range(2):
        jobs.lapse_orders(0)
        jobs.expire_points(0)
    assert queries.order_of(town, order_id).state == "lapsed"
    held = statements.balances(town)
    assert held["expired"] == 80 and held[f"person:{member.id}:approved"] == 600
    assert queries.item_of(town, item.id).stock == 5


@pytest.fixture
def issued(people):
    attend(people, people.member, 3, 5)
    attend(people, people.member, 2)
    last = NOW.date() - timedelta(days=1)

    def issue(language: str = "zh") -> object:
        row = certificates.ask(people.member, Asked(date(2026, 1, 1), last, language, True), NOW)
        certificates.issue(people.reviewer, scope_of(people.reviewer), row.township_id, row.id, NOW)
        db.session.commit()
        jobs.print_certificate(row.township_id, row.id)
        return row

    return issue


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "zh",
            (
                "志愿服务记录证明",
                "17 小时，共 6 次",
                "2026年1月1日至2026年11月23日",
                "出具日期：2026年11月24日",
            ),
        ),
        ("en", ("Volunteer service certificate", "17 hours on 6 duties", "2026-1-1 to 2026-11-23")),
    ],
)
def test_the_paper_says_who_when_how_long_and_how_to_check(issued, language, said):
    row = issued(language)
    with force_locale(language):
        page = jobs.page_of(row)
    for one in (*said, "王队员", "清禾镇", "清禾镇志愿队", rules.in_groups(row.code), f"/verify/{row.code}"):
        assert one in page, one
    assert "certificate." not in page.replace("/certificate.css", "")
    pdf = bytes(row.pdf)
    assert pdf.startswith(b"%PDF-")
    inside = pdf + b" ".join(inflated(m) for m in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.S))
    assert len(re.findall(rb"/Type\s*/Page\b", inside)) == 1, "one page"


def inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


def test_it_is_printed_once(issued):
    row = issued()
    before = bytes(row.pdf)
    jobs.print_certificate(row.township_id, row.id)
    jobs.print_certificate(row.township_id, 10**9)
    assert bytes(row.pdf) == before
