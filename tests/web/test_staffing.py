"""The staffing page without a browser: who opens it, what it says of known weeks, and its files."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from app.accounts.models import Audit
from app.db import db
from tests import make
from tests.planning.measured import add_square

FRIDAY = 4
AFTER = make.EVENING + timedelta(days=10)
WEEK = "from=2026-11-23&to=2026-11-29"


@pytest.fixture
def friday(people: Any, at: Any) -> Any:
    """The square wants somebody on Fridays 20–24, and nobody is planned then."""
    add_square(people, windows=[(FRIDAY, 1200, 1440)])
    at(AFTER)
    return people


def page_of(caller: Any, query: str = f"?{WEEK}", lang: str = "zh") -> str:
    caller.set_cookie("lang", lang, domain="localhost")
    answer = caller.get(f"/desk/coverage/staffing{query}")
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("shown", ["gap", "need", "planned", "worked"])
def test_it_is_whole_in_both_languages(friday: Any, as_person: Any, lang: str, shown: str) -> None:
    page = page_of(as_person(friday.reviewer), f"?{WEEK}&show={shown}", lang)
    assert "staffing." not in page and "%(" not in page
    assert friday.town.hotspot.name in page and friday.other.township.name not in page


def test_the_worst_hours_are_named_first(friday: Any, as_person: Any) -> None:
    """10 minutes of the guideline and 9 on the way, twice: 0.63 pair-hours. Tuesday's market has its pair."""
    page = page_of(as_person(friday.reviewer), lang="en")
    worst = " ".join(re.sub("<[^>]+>", " ", page.split('class="plain lacks">')[1].split("</ol>")[0]).split())
    assert worst == (
        "Fri 20:00–24:00 0.63 pair-hours lack (1.3 person-hours); pairs needed at once, at most: 1"
    )
    assert "9 min, estimated" in page
    assert "Shifts planned in the period: 1." in page


def test_the_hours_stand_in_a_table_in_numbers(friday: Any, as_person: Any) -> None:
    page = page_of(as_person(friday.reviewer), f"?{WEEK}&show=need", "en")
    friday_row = page.split('<th scope="row">Fri</th>')[1].split("</tr>")[0]
    # 19 pair-minutes a slot of two hours; no pair is planned
    assert friday_row.count(">0.16<span") == 4
    assert friday_row.count("fewer planned than needed") == 4
    tuesday_row = page.split('<th scope="row">Tue</th>')[1].split("</tr>")[0]
    assert tuesday_row.count(">0.16</td>") == 2 and "fewer planned" not in tuesday_row


@pytest.mark.parametrize(("windows", "listed"), [([(FRIDAY, 1200, 1440)], range(20, 24)), ([], range(24))])
def test_only_hours_with_a_figure_are_listed(
    people: Any, as_person: Any, at: Any, windows: Any, listed: range
) -> None:
    """The square's four hours; the whole day where no place asks for any."""
    add_square(people, windows=windows)
    at(AFTER)
    page = page_of(as_person(people.reviewer), f"?{WEEK}&area={people.town.villages[1].code}")
    head = page.split('class="hours-week"')[1].split("</thead>")[0]
    assert re.findall(r"<th scope=.col.>(\d+)</th>", head) == [str(hour) for hour in listed]
    assert ("只列出有数的小时" in page) == (len(listed) < 24)


def test_without_a_need_it_says_so(people: Any, as_person: Any, at: Any) -> None:
    at(AFTER)
    east = people.town.villages[1]
    assert "No hotspot is in force" in page_of(as_person(people.leader), f"?area={east.code}", "en")
    add_square(people)
    assert "No hotspot here has risk windows" in page_of(as_person(people.leader), f"?area={east.code}", "en")


def test_the_address_is_the_filter_and_weeks_are_whole(friday: Any, as_person: Any) -> None:
    west = friday.town.villages[0]
    page = page_of(as_person(friday.reviewer), f"?area={west.code}&from=2026-11-25&to=2026-11-26", "en")
    assert f'<option value="{west.code}" selected>' in page
    assert 'value="2026-11-23"' in page and 'value="2026-11-29"' in page
    assert "东村广场" not in page, "the other village’s"


@pytest.mark.parametrize(
    "query", ["from=2026-11-29&to=2026-11-23", "from=soon", "from=1026-01-01&to=1026-02-01"]
)
def test_days_that_cannot_be_are_said_and_four_weeks_are_shown(
    friday: Any, as_person: Any, query: str
) -> None:
    page = page_of(as_person(friday.reviewer), f"?{query}", "en")
    assert "The last four weeks that are over are shown instead." in page
    assert 'value="2026-11-02"' in page and 'value="2026-11-29"' in page


def test_the_coverage_page_leads_to_it_and_it_leads_back(friday: Any, as_person: Any) -> None:
    caller, code = as_person(friday.reviewer), friday.town.township.code
    assert f'href="/desk/coverage/staffing?area={code}"' in caller.get("/desk/coverage").get_data(
        as_text=True
    )
    assert f"/desk/coverage?area={code}" in page_of(caller)


def test_the_admin_of_a_county_is_offered_every_township(friday: Any, as_person: Any) -> None:
    page = page_of(as_person(friday.admin))
    for town in (friday.town, friday.other):
        assert f'<option value="{town.township.code}"' in page


def test_it_is_not_for_members_and_outside_there_is_nothing(friday: Any, as_person: Any, client: Any) -> None:
    assert as_person(friday.member).get("/desk/coverage/staffing").status_code == 403
    assert client.get("/desk/coverage/staffing").status_code == 302
    other = friday.other.township.code
    assert as_person(friday.leader).get(f"/desk/coverage/staffing?area={other}").status_code == 404
    assert (
        as_person(friday.admin).get(f"/desk/coverage/staffing?area={friday.county.code}").status_code == 404
    )


def test_the_workbook_says_what_the_page_says(friday: Any, as_person: Any) -> None:
    caller = as_person(friday.reviewer)
    caller.set_cookie("lang", "en", domain="localhost")
    answer = caller.get(f"/desk/coverage/staffing/files/xlsx?{WEEK}")
    book = load_workbook(io.BytesIO(answer.get_data()))
    week, places, notes = (list(sheet.values) for sheet in book)
    assert len(week) == 1 + 168
    assert week[1 + 24 * FRIDAY + 20][:2] == ("Fri", "20:00")
    assert week[1 + 24 * FRIDAY + 20][2:] == (
        pytest.approx(19.03 / 120, abs=1e-3),
        1,
        0,
        0,
        pytest.approx(0.159, abs=1e-3),
    )
    assert [row[0] for row in places[1:]] == ["东村广场", friday.town.hotspot.name]
    assert places[1][1:5] == (2, 10, "guideline", 0)
    assert any("spread evenly" in str(row[1]) for row in notes)
    assert db.session.scalars(select(Audit.action).where(Audit.action == "figures.exported")).all() == [
        "figures.exported"
    ]


def test_the_csv_is_the_week(friday: Any, as_person: Any) -> None:
    answer = as_person(friday.reviewer).get(f"/desk/coverage/staffing/files/csv?{WEEK}")
    lines = answer.get_data().decode("utf-8-sig").splitlines()
    assert lines[0].startswith("星期,小时,需要（组）") and len(lines) == 169
    assert as_person(friday.reviewer).get("/desk/coverage/staffing/files/doc").status_code == 404
