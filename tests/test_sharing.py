"""How the tests are shared out among the cores."""

from __future__ import annotations

from tests.databases import ROOT
from tests.sharing import SECONDS, longest_first, next_share, share_of


def test_a_file_is_one_share_and_the_demo_another():
    assert share_of("tests/web/test_board.py::test_late[zh::x]") == "tests/web/test_board.py"
    assert (
        share_of("tests/demo/test_walk.py::test_a")
        == share_of("tests/demo/test_shop.py::test_b")
        == "tests/demo"
    )


def test_the_longest_come_first_and_the_tests_of_each_as_they_were():
    given = [
        "tests/a.py::one",
        "tests/b.py::one",
        "tests/demo/c.py::one",
        "tests/b.py::two",
        "tests/demo/d.py::one",
    ]
    assert longest_first(given, {"tests/demo": 60, "tests/b.py": 9}) == [2, 4, 1, 3, 0]


def test_while_others_have_a_browser_there_is_other_work_first():
    waiting = ["tests/browser/a.py", "tests/web/b.py", "tests/browser/c.py"]
    assert next_share(waiting, may_browse=True) == "tests/browser/a.py"
    assert next_share(waiting, may_browse=False) == "tests/web/b.py"
    assert next_share(waiting[2:], may_browse=False) == "tests/browser/c.py"


def test_what_is_known_to_take_long_is_there():
    assert [share for share in SECONDS if not (ROOT / share).exists()] == []
