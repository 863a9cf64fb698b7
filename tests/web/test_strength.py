"""The page of a township's strength without a browser: who opens it, what it says, and its files."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from app.accounts.models import Audit
from app.db import db
from app.web.strength_files import number, yuan
from tests import make
from tests.strength.test_figures import TODAY, at_home, out

PAGE = "/desk/coverage/strength"


@pytest.fixture
def today(people: Any, at: Any) -> Any:
    """One full-time member in the west, trained, insured and out; nobody in the east."""
    at(make.EVENING.replace(day=29))
    west, east = people.town.villages
    west.households, east.households, west.priority_weight = 1000, 500, 2
    db.session.commit()
    team = make.make_team(people.town.township, "西村专职队", "full_time", [west])
    out(at_home(people, "甲队员", team, trained_on=TODAY), team, TODAY)
    return people


def page_of(caller: Any, query: str = "", lang: str = "en") -> str:
    caller.set_cookie("lang", lang, domain="localhost")
    answer = caller.get(PAGE + query)
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_is_whole_in_both_languages_and_names_nobody(today: Any, as_person: Any, lang: str) -> None:
    page = page_of(as_person(today.reviewer), lang=lang)
    assert "strength." not in page.replace("strength.css", "") and "%(" not in page
    assert today.town.villages[0].name in page and today.other.township.name not in page
    assert "甲队员" not in page


def test_the_table_says_target_members_and_gap(today: Any, as_person: Any) -> None:
    """T = 9, shared 6 and 3; volunteers of the township are shared 2 and 1."""
    page = page_of(as_person(today.reviewer))
    west = page.split(f'scope="row">{today.town.villages[0].name}')[1].split("</tr>")[0]
    values = [
        cell.split(">")[1].split("<")[0] or cell.split("<b>")[1].split("<")[0]
        for cell in west.split("<td ")[1:]
    ]
    assert values == ["6", "1", "1", "1", "1", "5"]
    assert "Largest gaps: <b>清禾镇西村</b> 5, <b>清禾镇东村</b> 3." in " ".join(page.split())


def test_the_page_says_what_the_target_demands_and_that_it_is_a_setting(today: Any, as_person: Any) -> None:
    page = page_of(as_person(today.reviewer))
    assert "120 volunteers are one from every 12.5 households." in page
    assert "that is 240 outings and 600 hours every month" in page
    assert "None of them is law" in page
    make.make_policy(today.town.township, "staffing", {"volunteer_base": "population"})
    page = page_of(as_person(today.reviewer))
    assert "480 volunteers are one of every 12.5 people, children and the old included." in page


def test_a_village_below_two_is_told_to_join(today: Any, as_person: Any) -> None:
    assert "joint team</small>" not in page_of(as_person(today.reviewer))
    today.town.villages[1].population = 300
    db.session.commit()
    east = (
        page_of(as_person(today.reviewer))
        .split(f'scope="row">{today.town.villages[1].name}')[1]
        .split("</th>")[0]
    )
    assert "joint team" in east
    west, east = (v.name for v in today.town.villages)
    assert f"{west}, {east} could have one full-time team together" in page_of(as_person(today.reviewer))


def test_a_village_without_figures_is_named(today: Any, as_person: Any) -> None:
    today.town.villages[1].households = None
    db.session.commit()
    assert f"No figure is known for: {today.town.villages[1].name}" in page_of(as_person(today.reviewer))


def test_it_and_the_page_of_pairs_lead_to_each_other(today: Any, as_person: Any) -> None:
    caller, code = as_person(today.reviewer), today.town.township.code
    assert f'href="/desk/coverage/staffing?area={code}"' in page_of(caller)
    link = f'href="{PAGE}?area={code}"'
    for page in (
        "/desk/coverage/staffing",
        f"/desk/coverage/staffing?area={today.town.villages[0].code}",
        "/desk/coverage",
    ):
        assert link in caller.get(page).get_data(as_text=True)
    assert PAGE not in as_person(today.leader).get("/desk/coverage/staffing").get_data(as_text=True)


def test_it_is_for_reviewers_and_admins(today: Any, as_person: Any, client: Any) -> None:
    assert client.get(PAGE).status_code == 302
    for who in (today.member, today.leader, today.outsider):
        assert as_person(who).get(PAGE).status_code == 403
    other = today.other.township.code
    assert as_person(today.reviewer).get(f"{PAGE}?area={other}").status_code == 404
    assert as_person(today.reviewer).get(f"{PAGE}/files/xlsx?area={other}").status_code == 404
    assert f'<option value="{other}"' in page_of(as_person(today.admin))


def test_a_reviewer_of_a_village_alone_finds_nothing(today: Any, as_person: Any) -> None:
    person = make.make_person("村审核员", today.town.township)
    make.grant(person, "reviewer", area=today.town.villages[0])
    assert as_person(person).get(PAGE).status_code == 404


def test_a_township_without_villages_says_so(today: Any, as_person: Any) -> None:
    for village in today.town.villages:
        village.valid_to = TODAY
    db.session.commit()
    page = page_of(as_person(today.reviewer))
    assert "This township has no villages yet." in page


def test_the_workbook_says_what_the_page_says(today: Any, as_person: Any) -> None:
    caller = as_person(today.reviewer)
    caller.set_cookie("lang", "en", domain="localhost")
    answer = caller.get(f"{PAGE}/files/xlsx")
    villages, costs, months, shared, notes = (
        list(sheet.values) for sheet in load_workbook(io.BytesIO(answer.get_data()))
    )
    assert villages[1][5:11] == (6, 1, 1, 1, 1, 5) and villages[2][5:11] == (3, 0, 0, 0, 0, 3)
    assert costs[-1][0] == "All villages" and costs[-1][1] == 8 * 3000 * 12 == costs[1][1] + costs[2][1]
    assert len(months) == 1 + 13 * 3 and months[-1][:4] == ("All villages", "2026-11-29", 1, 1)
    assert shared[1] == ("清禾镇志愿队", "Volunteers", 3, "清禾镇西村", 2)
    assert any("largest remainder" in str(row[1]) for row in notes)
    assert any("None of them is law" in str(row[1]) for row in notes)
    assert db.session.scalars(select(Audit.action).where(Audit.action == "figures.exported")).all()


def test_a_name_that_begins_like_a_formula_stays_text(today: Any, as_person: Any) -> None:
    today.town.villages[0].name = '=HYPERLINK("http://x")'
    db.session.commit()
    caller = as_person(today.reviewer)
    rows = list(csv.reader(io.StringIO(caller.get(f"{PAGE}/files/csv").get_data().decode("utf-8-sig"))))
    assert rows[1][0] == '\'=HYPERLINK("http://x")' and len(rows) == 3
    book = load_workbook(io.BytesIO(caller.get(f"{PAGE}/files/xlsx").get_data()))
    assert book.worksheets[0]["A2"].data_type == "s"
    assert caller.get(f"{PAGE}/files/doc").status_code == 404


def test_numbers_and_money_read_well() -> None:
    assert [number(n) for n in (0, 1234, 4.875, 12)] == ["0", "1,234", "4.9", "12"]
    assert [yuan(n) for n in (0, 5, 123_450, 123_456_700)] == ["0.00", "0.05", "1,234.50", "1,234,567.00"]
