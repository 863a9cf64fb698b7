"""Projections of the kernel: metres are metres, whatever the county's system counts in."""

from __future__ import annotations

import pytest

from app.geo import projector


@pytest.mark.parametrize("crs", ["EPSG:4547", "EPSG:32650"])
def test_a_tenth_of_a_degree_at_thirty_north_is_as_long_as_on_the_ellipsoid(crs):
    """(114.0 30.0) → (114.1 30.0) is 9,648.6 m on the ellipsoid (measures.md, at another longitude)."""
    x, y = projector(crs)([114.0, 114.1], [30.0, 30.0])
    assert float(((x[1] - x[0]) ** 2 + (y[1] - y[0]) ** 2) ** 0.5) == pytest.approx(9648.6, rel=0.0011)


def test_feet_become_metres():
    """ESRI:102649 (Arizona Central) counts in feet; 0.01° of latitude is about 1,109 m there."""
    x, y = projector("ESRI:102649")([-111.9, -111.9], [33.4, 33.41])
    assert float(((x[1] - x[0]) ** 2 + (y[1] - y[0]) ** 2) ** 0.5) == pytest.approx(1109, abs=2)
