"""Monthly reports at the desk: who asks, what the page says meanwhile, and who opens the paper."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from app import gate
from app.accounts.models import Audit
from app.db import db
from app.exports import operations
from app.exports.models import MonthlyReport, ReportSchedule

PAGE = "/desk/monthly"
DECEMBER = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)


@pytest.fixture
def desk(people: Any, at: Any, monkeypatch: Any) -> Any:
    at(DECEMBER)
    monkeypatch.setattr(gate.csrf, "protect", lambda: None)
    return people


def ask(caller: Any, **more: str) -> Any:
    return caller.post(PAGE, data={"month": "2026-11", "language": "zh", **more})


def finished(report: MonthlyReport) -> MonthlyReport:
    operations.number_report(report, "Asia/Shanghai", DECEMBER)
    operations.keep_report(report, b"%PDF-1.7 paper", b"\0" * 32, DECEMBER)
    db.session.commit()
    return report


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_shows_how_far_it_is_and_then_the_paper(desk: Any, as_person: Any, lang: str) -> None:
    caller = as_person(desk.reviewer)
    caller.set_cookie("lang", lang, domain="localhost")
    assert ask(caller).status_code == 302
    report = db.session.scalars(select(MonthlyReport)).one()
    for state, step in (("waiting", ""), ("reading", "1"), ("printing", "2"), ("failed", "")):
        report.state = state
        db.session.commit()
        answer = caller.get(PAGE)
        text = answer.get_data(as_text=True)
        assert "monthly." not in text and "paper." not in text and step in text
        assert ("Refresh" in answer.headers) == (state != "failed")
    path = f"{PAGE}/{desk.town.township.code}/{report.id}.pdf"
    assert path not in text and caller.get(path).status_code == 404
    finished(report)
    answer = caller.get(PAGE)
    assert path in answer.get_data(as_text=True) and "Refresh" not in answer.headers
    paper = caller.get(path)
    assert (paper.data, paper.content_type) == (b"%PDF-1.7 paper", "application/pdf")
    acts = set(db.session.scalars(select(Audit.action).where(Audit.action.like("report.%"))))
    assert acts == {"report.asked", "report.made"}


@pytest.mark.parametrize(
    ("form", "status"), [({"month": "2026-12"}, 422), ({"month": "x"}, 422), ({"month": ""}, 422)]
)
def test_a_month_that_is_not_over_is_refused_in_words(
    desk: Any, as_person: Any, form: dict[str, str], status: int
) -> None:
    answer = ask(as_person(desk.reviewer), **form)
    assert answer.status_code == status and 'role="alert"' in answer.get_data(as_text=True)
    assert db.session.scalar(select(MonthlyReport)) is None


def test_asking_twice_is_said(desk: Any, as_person: Any) -> None:
    caller = as_person(desk.reviewer)
    assert [ask(caller).status_code for _ in range(2)] == [302, 409]


def test_the_standing_order_is_switched_on_and_off(desk: Any, as_person: Any) -> None:
    caller = as_person(desk.reviewer)
    for on, n in (("1", 1), ("1", 1), ("0", 0), ("0", 0)):
        assert caller.post(f"{PAGE}/schedule", data={"on": on, "language": "en"}).status_code == 302
        assert len(db.session.scalars(select(ReportSchedule)).all()) == n


def test_another_townships_reports_do_not_exist(desk: Any, as_person: Any, client: Any) -> None:
    theirs = operations.ask_for_report(desk.other.township, date(2026, 11, 1), "zh", desk.admin, DECEMBER)
    finished(theirs)
    code, mine = desk.other.township.code, desk.town.township.code
    caller = as_person(desk.reviewer)
    assert caller.get(f"{PAGE}?area={code}").status_code == 404
    assert caller.get(f"{PAGE}/{code}/{theirs.id}.pdf").status_code == 404
    assert caller.get(f"{PAGE}/{mine}/{theirs.id}.pdf").status_code == 404
    assert ask(caller, area=code).status_code == 404
    assert caller.post(f"{PAGE}/schedule", data={"on": "1", "area": code}).status_code == 404
    assert as_person(desk.admin).get(f"{PAGE}/{code}/{theirs.id}.pdf").status_code == 200
    assert as_person(desk.leader).get(PAGE).status_code == 403
    assert client.get(PAGE).status_code == 302
