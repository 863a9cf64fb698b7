"""The monthly report: numbered in a row, versions, progress, the township's standing order, and the paper itself."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.areas.models import Area
from app.db import db
from app.errors import Conflict, DomainError
from app.exports import month as months
from app.exports import operations, queries
from app.exports.models import MonthlyReport, ReportSchedule
from app.exports.month import month_of
from app.jobs import monthly

NOVEMBER = date(2026, 11, 1)
# 1 December 2026, 09:00 in Shanghai.
DECEMBER = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)


@pytest.fixture
def after(walked: Any, at: Any) -> Any:
    """November is over, with one evening's patrol in it."""
    at(DECEMBER)
    return walked


def asked(after: Any, language: str = "zh", now: datetime = DECEMBER) -> MonthlyReport:
    report = operations.ask_for_report(after.town.township, NOVEMBER, language, after.reviewer, now)
    db.session.commit()
    return report


def printed(report: MonthlyReport) -> MonthlyReport:
    monthly.print_report.func(report.township_id, report.id)
    return db.session.get_one(MonthlyReport, (report.township_id, report.id))


def _inflated(raw: bytes) -> bytes:
    try:
        return zlib.decompress(raw)
    except zlib.error:
        return raw


def test_the_paper_has_number_month_place_and_its_fonts(after: Any) -> None:
    report = printed(asked(after))
    pdf = bytes(report.pdf or b"")
    assert pdf.startswith(b"%PDF-") and report.state == "done"
    assert (report.year, report.number, report.version, report.replaces_id) == (2026, 1, 1, None)
    inside = pdf + b" ".join(_inflated(m) for m in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.S))
    assert len(re.findall(rb"/Type\s*/Page\b", inside)) >= 5
    fonts = set(re.findall(rb"/BaseFont\s*/([\w+-]+)", inside))
    assert all(b"Noto" in font for font in fonts) and fonts, fonts
    assert report.data_sha256 == month_of(after.town.township, NOVEMBER, DECEMBER).sha256


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_behind_it_says_the_figures_and_has_words_for_all(after: Any, language: str) -> None:
    from flask_babel import force_locale

    report = asked(after, language)
    operations.number_report(report, "Asia/Shanghai", DECEMBER)
    with force_locale(language):
        page = monthly.page_of(report, month_of(after.town.township, NOVEMBER, DECEMBER))
    for of in ("清禾镇", "清禾镇西村", after.town.hotspot.name, "镇审核员", "2026"):
        assert of in page
    assert "12.0" in page and "6.8" in page  # minutes at the hotspot, per cent of streets
    codes = re.findall(r"(?<![\w/])(?:paper|coverage|file|monthly|desk)\.[a-z_]+(?:\.\w+)?", page)
    assert not codes
    assert not [who for who in ("王队员", "李队员", "陈队长", "云渡") if who in page]
    assert "http" not in re.sub(r"http://www\.w3\.org/2000/svg", "", page)


def test_numbers_follow_each_other_and_a_version_says_what_it_replaces(after: Any) -> None:
    first, second = printed(asked(after)), printed(asked(after))
    assert [(r.number, r.version, r.replaces_id) for r in (first, second)] == [(1, 1, None), (2, 2, first.id)]
    other = operations.ask_for_report(after.other.township, NOVEMBER, "zh", after.admin, DECEMBER)
    db.session.commit()
    assert printed(other).number == 1, "each township counts for itself"
    january = DECEMBER + timedelta(days=40)
    report = asked(after, now=january)
    operations.number_report(report, "Asia/Shanghai", january)
    assert (report.year, report.number, report.version) == (2027, 1, 3)


def test_printing_again_changes_nothing_and_the_same_figures_have_the_same_hash(after: Any) -> None:
    first = printed(asked(after))
    before = bytes(first.pdf or b"")
    assert bytes(printed(first).pdf or b"") == before
    assert printed(asked(after)).data_sha256 == first.data_sha256
    after.town.hotspot.name = "改了名的点位"
    db.session.commit()
    assert printed(asked(after)).data_sha256 != first.data_sha256


def test_what_fails_is_seen_and_is_made_at_the_next_try_with_no_number_lost(
    after: Any, monkeypatch: Any
) -> None:
    report, states = asked(after), []
    key = (report.township_id, report.id)

    def breaks(page: str) -> bytes:
        states.append(db.session.scalar(select(MonthlyReport.state)))
        raise OSError("no font")

    with monkeypatch.context() as patch:
        patch.setattr(monthly, "pdf_of", breaks)
        with pytest.raises(OSError, match="no font"):
            monthly.print_report.func(*key)
    assert states == ["printing"]
    db.session.expire_all()
    left = db.session.get_one(MonthlyReport, key)
    assert (left.state, left.number) == ("failed", None)
    assert (printed(left).state, left.number) == ("done", 1)


def test_a_report_fetches_nothing_whatever_stands_in_a_name(after: Any) -> None:
    import http.server
    import threading

    asked_for: list[str] = []

    class Ear(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked_for.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Ear)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    where = f"http://127.0.0.1:{server.server_port}"
    try:
        after.town.villages[0].name = f'<img src="{where}/a">'
        db.session.commit()
        assert printed(asked(after)).state == "done"
        page = (
            f'<img src="{where}/b"><img src="file:///etc/passwd"><link rel="stylesheet" href="{where}/c.css">'
        )
        assert monthly.pdf_of(page).startswith(b"%PDF-")
    finally:
        server.shutdown()
    assert asked_for == []


def test_days_and_the_hours_of_the_week_are_counted(after: Any) -> None:
    found = month_of(after.town.township, NOVEMBER, DECEMBER)
    assert [(d.day.day, d.planned, d.done) for d in found.days if d.planned] == [(24, 1, 1)]
    assert len(found.days) == 30
    # Tuesdays 20:00 to 22:00, four of them in November 2026, attended on one
    assert [(d, h, share) for d, row in enumerate(found.grid) for h, share in enumerate(row) if share is not None] == [
        (1, 20, 0.25), (1, 21, 0.25)
    ]  # fmt: skip


def test_the_drawing_is_to_scale_and_tells_what_was_walked(after: Any) -> None:
    drawing = month_of(after.town.township, NOVEMBER, DECEMBER).drawing
    # 1,200 m across, in 960 units
    assert drawing.width == pytest.approx(1000, abs=2) and drawing.height == pytest.approx(1000, abs=2)
    assert drawing.scale / drawing.scale_m == pytest.approx(960 / 1200, rel=0.01)
    assert 0 in drawing.streets and len(drawing.streets) > 1
    assert [h.number for h in drawing.hotspots] == [1] and drawing.hotspots[0].step == 2  # a quarter attended
    assert len(drawing.villages) == 2


# --- asking ---------------------------------------------------------------------------------------


def test_a_month_that_goes_on_is_not_reported_nor_one_twice_at_once(after: Any) -> None:
    for wrong in (date(2026, 12, 1), date(2027, 1, 1), date(1999, 12, 1)):
        with pytest.raises(DomainError, match="month_not_over"):
            operations.ask_for_report(after.town.township, wrong, "zh", after.reviewer, DECEMBER)
    asked(after)
    with pytest.raises(Conflict, match="report_in_the_making"):
        asked(after)


def test_asking_puts_a_job_in_that_comes_after_the_township_s_others(after: Any) -> None:
    report = asked(after)
    from app.jobs.queries import jobs_in

    (job,) = [j for j in jobs_in(["todo"]) if j.task_name == "print_report"]
    assert job.args == {"township_id": report.township_id, "report_id": report.id}
    assert monthly.print_report.name == queries.PRINT


def on_the_hour(at: Any, now: datetime) -> int:
    at(now)
    monthly.monthly_reports.func(0)
    return int(db.session.scalar(select(func.count()).select_from(MonthlyReport)) or 0)


def test_the_standing_order_makes_last_months_report_once_from_the_first_on(after: Any, at: Any) -> None:
    october = datetime(2026, 10, 5, tzinfo=UTC)
    operations.set_schedule(after.town.township, "en", after.reviewer, october)
    db.session.commit()
    midnight = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)  # in Shanghai
    assert on_the_hour(at, midnight - timedelta(days=31)) == 0, "September was before the order"
    assert on_the_hour(at, midnight - timedelta(hours=1)) == 1, "October's, late: nobody worked on the first"
    assert on_the_hour(at, midnight + timedelta(minutes=3)) == 2
    assert on_the_hour(at, midnight + timedelta(hours=1)) == 2
    report = db.session.scalars(select(MonthlyReport).order_by(MonthlyReport.id.desc())).first()
    assert report is not None
    assert (report.month, report.language, report.made_by) == (NOVEMBER, "en", None)
    assert printed(report).state == "done"
    assert on_the_hour(at, midnight + timedelta(days=20)) == 2


def test_it_begins_with_the_month_in_which_it_was_switched_on_and_ends_when_it_is_off(
    after: Any, at: Any
) -> None:
    operations.set_schedule(after.town.township, "zh", after.reviewer, DECEMBER + timedelta(days=14))
    db.session.commit()
    assert on_the_hour(at, DECEMBER + timedelta(days=15)) == 0
    assert on_the_hour(at, DECEMBER + timedelta(days=31)) == 1
    for _ in range(2):  # safe to repeat
        operations.set_schedule(after.town.township, None, after.reviewer, DECEMBER + timedelta(days=32))
    db.session.commit()
    assert db.session.scalar(select(ReportSchedule)) is None
    assert on_the_hour(at, DECEMBER + timedelta(days=62)) == 1


def test_the_first_month_is_a_month_in_february_too() -> None:
    assert months.month_before(date(2028, 3, 31)) == date(2028, 2, 1)
    assert months.period_of(date(2028, 2, 1)).last == date(2028, 2, 29)


def test_the_worker_prints_with_its_own_rights(yard: Any, at: Any) -> None:
    """Committed, queued, taken by the worker's role of the database."""
    at(DECEMBER)
    with yard.app.app_context():
        township = db.session.scalars(
            select(Area).where(Area.level == "township").order_by(Area.code)
        ).first()
        operations.ask_for_report(township, NOVEMBER, "zh", None, DECEMBER)
        db.session.commit()
        db.session.remove()
    yard.run_what_is_due("default")
    assert ("print_report", "succeeded", 1) in yard.jobs()
    row = yard.owner.execute("SELECT state, number, length(pdf) > 10000 FROM monthly_reports").fetchone()
    assert row == ("done", 1, True)
