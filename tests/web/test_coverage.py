"""The coverage page without a browser: who opens it, what stands in it, and that the address says it all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import make, places


@pytest.fixture
def street(people: Any, evening: Any) -> Any:
    from app.db import db
    from app.routes.models import Street

    return db.session.query(Street).filter_by(network_version_id=people.town.network.id).first()


def page_of(caller: Any, query: str = "", lang: str = "zh") -> str:
    caller.set_cookie("lang", lang, domain="localhost")
    answer = caller.get(f"/desk/coverage{query}")
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))


def test_a_reviewer_sees_the_township_and_its_villages(people: Any, as_person: Any, evening: Any) -> None:
    page = page_of(as_person(people.reviewer))
    assert people.town.township.name in page
    for village in people.town.villages:
        assert f'data-code="{village.code}"' in page
    assert people.town.hotspot.name in page
    assert people.other.township.name not in page
    assert "coverage." not in page.replace("coverage.js", "").replace("coverage.css", ""), (
        "a code without words"
    )


def test_it_is_whole_in_english_too(people: Any, as_person: Any, street: Any) -> None:
    caller = as_person(people.leader)
    for why in (
        f"street:{street.id}",
        f"hotspot:{people.town.hotspot.id}",
        f"area:{people.town.villages[0].code}",
    ):
        page = page_of(caller, f"?why={why}", "en")
        assert "coverage." not in page.replace("coverage.js", "").replace("coverage.css", "")
        assert 'id="why-title"' in page


def test_an_admin_opens_the_county_and_goes_down(people: Any, as_person: Any, evening: Any) -> None:
    caller = as_person(people.admin)
    assert f'data-code="{people.other.township.code}"' in page_of(caller)
    page = page_of(caller, f"?area={people.town.villages[0].code}")
    assert f"area={people.town.township.code}" in page, "the way back up"


def test_it_is_not_for_members(people: Any, as_person: Any, client: Any) -> None:
    assert as_person(people.member).get("/desk/coverage").status_code == 403
    assert client.get("/desk/coverage").status_code == 302


def test_what_lies_outside_is_not_found(people: Any, as_person: Any, evening: Any) -> None:
    caller, other = as_person(people.reviewer), people.other
    assert caller.get(f"/desk/coverage?area={other.township.code}").status_code == 404
    assert caller.get(f"/desk/coverage/why/hotspot/{other.hotspot.id}").status_code == 404
    assert caller.get(f"/desk/coverage/why/area/{other.villages[0].code}").status_code == 404
    assert 'id="why-title"' not in page_of(caller, f"?why=hotspot:{other.hotspot.id}")


@pytest.mark.parametrize(
    "path", ["person/1", "street/one", "street/-1", "route/99999999999999999999", "street/0"]
)
def test_a_drawer_of_nothing_is_not_found(people: Any, as_person: Any, evening: Any, path: str) -> None:
    assert as_person(people.reviewer).get(f"/desk/coverage/why/{path}").status_code == 404


def test_a_wrong_period_is_said_and_a_week_shown(people: Any, as_person: Any, evening: Any) -> None:
    for query in ("?from=2026-11-24&to=2026-11-20", "?from=x", "?from=2020-01-01&to=2026-01-01"):
        page = page_of(as_person(people.reviewer), query)
        assert 'role="alert"' in page
        assert 'value="2026-11-18"' in page and 'value="2026-11-24"' in page


def test_the_address_chooses_the_layer(people: Any, as_person: Any, evening: Any) -> None:
    caller = as_person(people.reviewer)
    assert '<option value="cells" selected>' in page_of(caller, "?layer=cells")
    assert '<option value="fresh" selected>' in page_of(caller, "?layer=people")


def test_the_address_says_how_often_a_street_was_walked(people: Any, as_person: Any, street: Any) -> None:
    caller = as_person(people.reviewer)
    page = page_of(caller)
    assert '<option value="1" selected>一次' in page and 'data-times="1"' in page
    assert "times=" not in page.replace("data-times=", ""), "once is not worth a word"
    page = page_of(caller, f"?times=3&why=street:{street.id}")
    assert '<option value="3" selected>3 次' in page and 'data-times="3"' in page
    assert "times=3" in page.replace("data-times=", ""), "links keep it"
    assert "至少 3 次" in page and "至少有 3 个不同班次" in page
    assert '<option value="7" selected>' in page_of(caller, "?times=7")


@pytest.mark.parametrize("times", ["0", "21", "-1", "x", "1.5", "٣", "9999999999"])
def test_a_wrong_number_of_times_is_said_and_once_shown(
    people: Any, as_person: Any, evening: Any, times: str
) -> None:
    page = page_of(as_person(people.reviewer), f"?times={times}&from=2026-11-20&to=2026-11-21")
    assert 'role="alert"' in page and "1 到 20 次" in page
    assert '<option value="1" selected>' in page and 'value="2026-11-20"' in page


def test_names_are_written_as_text(people: Any, as_person: Any, evening: Any) -> None:
    make.make_area("village", "<b>村</b>", make.places.square(0, 0, 10, 10), people.town.township)
    page = page_of(as_person(people.reviewer))
    assert "&lt;b&gt;村" in page and "<b>村" not in page


def test_a_hotspot_that_nobody_visits_on_friday_nights_is_named(people: Any, as_person: Any, at: Any) -> None:
    square = places.square(800, 800, 860, 860)
    late_friday = [(4, 20 * 60, 26 * 60)]
    by = people.leader, people.reviewer
    spot = make.make_hotspot(people.town.township, square, *by, late_friday, name="夜市")
    make.keep()
    at(make.EVENING + timedelta(days=14))
    caller = as_person(people.reviewer)
    page = page_of(caller, "?from=2026-11-25&to=2026-12-08")
    assert "周五 20:00–02:00：2 次重点时段都没有人到访" in page
    drawer = caller.get(f"/desk/coverage/why/hotspot/{spot.id}?from=2026-11-25&to=2026-12-08").get_data(
        as_text=True
    )
    assert "周五 20:00–02:00" in drawer and "2 次里有 0 次有人到访" in drawer
    # Friday from eight, and Saturday until two
    assert drawer.count("step-missed") == 4 + 2


def test_the_bars_and_hours_stand_in_tables_and_in_the_address(
    people: Any, as_person: Any, evening: Any
) -> None:
    page = page_of(as_person(people.reviewer), "?by=day&series=shifts_done&hours=on_duty")
    assert page.count('<rect class="bar') == 7
    assert '<option value="shifts_done" selected>' in page
    assert "series=shifts_done" in page.split('id="over-time"')[0], "links keep what was chosen"
    assert page.count('<td class="step-') == 7 * 24
    page = page_of(as_person(people.reviewer), "?by=century&series=people&hours=names")
    assert '<option value="street_coverage" selected>' in page


def test_a_drawn_area_stands_in_the_address_and_says_why_it_has_no_figures(
    people: Any, as_person: Any, evening: Any
) -> None:
    from tests.api.test_coverage_polygon import walked_by

    west, south = places.here(250, 450)
    east, north = places.here(550, 550)
    caller = as_person(people.reviewer)
    sides = f"?west={west}&south={south}&east={east}&north={north}"
    answer = caller.get(f"/desk/coverage{sides}")
    assert answer.status_code == 302 and "why=drawn:" in answer.location
    query = answer.location.split("/desk/coverage")[1]
    assert "不到 3 个班次到过" in page_of(caller, query)
    walked_by(people, 3)
    page = page_of(caller, query, "en")
    assert (
        "3.0 hectares" in page and people.town.hotspot.name in page.split('id="why"')[1].split("</aside>")[0]
    )
    assert "coverage." not in page.replace("coverage.js", "").replace("coverage.css", "")
    for nonsense in ("drawn/x", "drawn/1,2;3", "drawn/114.3,30.5;nan,1;2,2", "drawn/;"):
        drawer = caller.get(f"/desk/coverage/why/{nonsense}")
        assert drawer.status_code == 200 and 'role="alert"' in drawer.get_data(as_text=True)


def row_of(page: str, name: str) -> str:
    """The words of a figure's row in the second column's table."""
    import re

    row = next(r for r in page.split('id="compare"')[1].split("<tr>") if f'scope="row">{name}<' in r)
    return " ".join(re.sub(r"<[^>]+>", " ", row).split())


def test_two_periods_stand_side_by_side_with_the_difference(
    people: Any, as_person: Any, evening: Any
) -> None:
    caller = as_person(people.reviewer)
    make.make_shift(people.town.team, None, starts_at=make.EVENING - timedelta(hours=1))
    make.keep()
    page = page_of(caller, "?from=2026-11-24&to=2026-11-24&compare=2026-11-23..2026-11-23", "en")
    assert row_of(page, "shifts planned") == "shifts planned 2 shifts 0 shifts +2 shifts"
    page = page_of(
        caller, "?from=2026-11-23&to=2026-11-23&compare_from=2026-11-24&compare_to=2026-11-24", "en"
    )
    assert row_of(page, "shifts planned") == "shifts planned 0 shifts 2 shifts −2 shifts"
    # what cannot be measured has no difference
    assert row_of(page, "punctuality") == "punctuality – – –"
    assert "compare=2026-11-24..2026-11-24" in page.split('class="lists"')[1], "links keep what is compared"


def test_two_villages_stand_side_by_side(people: Any, as_person: Any, evening: Any) -> None:
    caller, (west, east) = as_person(people.reviewer), people.town.villages
    page = page_of(caller, f"?area={west.code}&compare={east.code}", "en")
    assert f'<option value="{east.code}" selected>' in page
    assert f"{east.name}<br>" in page
    here = row_of(page, "length of streets").split()
    assert float(here[3]) - float(here[5]) == pytest.approx(
        float(here[7].translate({0x2212: "-", 0xB1: ""})), abs=0.11
    )


@pytest.mark.parametrize("what", ["nowhere", "2026-11-24..2026-11-01", "x..y", ".."])
def test_what_cannot_be_compared_is_said(people: Any, as_person: Any, evening: Any, what: str) -> None:
    page = page_of(as_person(people.reviewer), f"?compare={what}", "en")
    assert "What to compare with was not found" in page


def test_an_area_out_of_reach_is_compared_with_nothing(people: Any, as_person: Any, evening: Any) -> None:
    page = page_of(as_person(people.reviewer), f"?compare={people.other.township.code}", "en")
    assert "was not found" in page and people.other.township.name not in page


def test_one_steps_through_periods_of_the_same_length(people: Any, as_person: Any, evening: Any) -> None:
    import html

    caller = as_person(people.reviewer)
    page = html.unescape(page_of(caller, "?from=2026-11-11&to=2026-11-17&series=shifts_done"))
    slide = page.split('class="slide"')[1].split("</nav>")[0]
    assert "from=2026-11-04&to=2026-11-10" in slide and "from=2026-11-18&to=2026-11-24" in slide
    assert 'value="-1"' in slide and "series=shifts_done" in slide
    page = page_of(caller)
    assert 'rel="next"' not in page.split('class="slide"')[1].split("</nav>")[0], "tomorrow has no figures"


def test_the_page_names_the_blind_spots_and_says_what_each_figure_means(
    people: Any, as_person: Any, street: Any
) -> None:
    page = page_of(as_person(people.reviewer), "", "en")
    blind = page.split('id="list-blind"')[1].split("</section>")[0]
    assert blind.count("data-street=") == 30 and "60 in all" in blind
    assert page.split('class="definitions"')[1].count("<dt>") > 25
