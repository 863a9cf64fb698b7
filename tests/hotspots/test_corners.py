"""Outlines as text: read as people write them, written as they are read, and a line that is no corner is named."""

from __future__ import annotations

import pytest
import shapely

from app.hotspots.corners import parts_from, written

TRIANGLE = [(114.1, 30.1), (114.2, 30.1), (114.2, 30.2)]
READ = {
    "a corner a line": "114.1 30.1\n114.2 30.1\n114.2 30.2",
    "as a spreadsheet has it": "114.1\t30.1\r\n114.2\t30.1\r\n114.2\t30.2\r\n",
    "with commas of either width": "114.1,30.1\n114.2，30.1\n114.2, 30.2",
    "as in the address of a drawn area": "114.1,30.1;114.2,30.1;114.2,30.2",
    "the first corner again": "114.1 30.1\n114.2 30.1\n114.2 30.2\n114.1 30.1",
}


@pytest.mark.parametrize("how", READ)
def test_corners_are_read_as_people_write_them(how):
    assert parts_from(READ[how]) == [TRIANGLE]


def test_an_empty_line_begins_another_part_and_many_begin_one():
    assert [len(part) for part in parts_from("1 1\n2 1\n2 2\n\n\n3 3\n4 3\n4 4\n")] == [3, 3]
    assert parts_from(" \n") == []


@pytest.mark.parametrize("line", ["here", "114.2", "114.2 30.2 5", "181 30", "114 91", "nan 30", "114.2 inf"])
def test_a_line_that_is_no_corner_is_named(line):
    with pytest.raises(ValueError, match=r"^2$"):
        parts_from(f"114.1 30.1\n{line}\n114.2 30.2")


def test_what_is_written_is_read_alike_and_a_hole_is_closed():
    square = shapely.box(114.1, 30.1, 114.2, 30.2)
    other = shapely.box(114.3, 30.3, 114.4, 30.4)
    ring = shapely.MultiPolygon([square.difference(shapely.box(114.12, 30.12, 114.13, 30.13)), other])
    read = [shapely.Polygon(part) for part in parts_from(written(ring))]
    assert [one.equals(whole) for one, whole in zip(read, (square, other), strict=True)] == [True, True]


def test_corners_of_less_than_a_metre_are_not_worth_a_handle_each():
    circle = shapely.Point(114.1, 30.1).buffer(0.0005, quad_segs=64)
    assert len(parts_from(written(circle))[0]) < 40
