"""All that a file or a report holds of an area's period: measures, and the features below them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.areas.models import Area
from app.coverage import lists, measures
from app.coverage.ground import network_sources
from app.coverage.measures import Coverage
from app.exports import features
from app.exports.features import Asked, Feature

AT_ONCE = 2000


@dataclass(frozen=True)
class Figures:
    """`sources`: (words, licence) of the street data, which asks to be named."""

    asked: Asked
    coverage: Coverage
    layers: Mapping[str, Sequence[Feature]]
    sources: Sequence[tuple[str, str]]


def figures_of(area: Area, asked: Asked) -> Figures:
    """What the coverage page counts, thing by thing; the same scope decides."""
    coverage = measures.coverage_of(asked.scope, area, asked.period, asked.now)
    ground = coverage.ground
    streets = [int(i) for i in measures.streets_of(area, ground).ids]
    hotspots = [f.hotspot for f in measures.hotspots_of(area, ground)]
    routes = [r.id for r in lists.routes_walked(asked.scope, measures.shifts_of(area, ground))]
    layers = {
        "streets": [
            f
            for n in range(0, len(streets), AT_ONCE)
            for f in features.streets_of(streets[n : n + AT_ONCE], asked)
        ],
        "hotspots": features.hotspots(hotspots, asked) if hotspots else [],
        "routes": features.routes(routes, asked) if routes else [],
        "areas": features.areas_with(coverage, asked),
    }
    return Figures(asked, coverage, layers, network_sources(set(ground.streets)))
