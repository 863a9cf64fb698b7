"""`flask import hotspots`: polygons with category, risk windows, evidence, proposer and approver."""

from __future__ import annotations

from datetime import date, timedelta

from app.cli.import_areas import multi
from app.geofiles.guard import POLYGONS
from app.geofiles.problems import Problem
from app.geofiles.reader import Reading, Row
from app.geofiles.values import Values
from app.hotspots.models import HOTSPOT_CATEGORIES
from app.hotspots.operations import HotspotRow
from app.hotspots.rules import MAX_REVIEW_DAYS, Window
from app.hotspots.windows import windows_from

TYPES = POLYGONS
CATEGORIES = {
    **{category: category for category in HOTSPOT_CATEGORIES},
    "市场": "market", "校门": "school_gate", "车站": "station", "夜间经济": "night_economy", "广场": "square",
    "公园": "park", "停车场": "parking", "水边": "waterside", "道路隐患": "road_danger", "工地": "works",
    "火灾隐患": "fire_risk", "盗窃多发路段": "theft_prone_street",
}  # fmt: skip
FIELDS: dict[str, tuple[str, ...]] = {
    "name": ("名称",),
    "category": ("类别",),
    "weight": ("权重",),
    "windows": ("risk_windows", "risk_windo", "风险时段", "时段"),
    "evidence": ("依据",),
    "proposer": ("proposed_by", "proposed_b", "提出人"),
    "approver": ("approved_by", "approved_b", "批准人"),
    "valid_from": ("生效日期",),
    "review_by": ("复核日期",),
}


def hotspot_rows(reading: Reading, today: date) -> tuple[list[HotspotRow], list[Problem]]:
    """The rows of a file and what is wrong with them; valid from today and reviewed in 90 days when not said."""
    problems: list[Problem] = []
    return [
        _hotspot(row, Values(row.line, row.attributes, problems), today) for row in reading.rows
    ], problems


def _hotspot(row: Row, values: Values, today: date) -> HotspotRow:
    valid_from = values.day("valid_from") or today
    return HotspotRow(
        line=row.line, name=values.needed("name"), category=values.choice("category", CATEGORIES),
        shape=multi(row.geometry), evidence=values.needed("evidence", 280),
        proposer=values.needed("proposer").lower(), approver=values.needed("approver").lower(),
        valid_from=valid_from,
        review_by=values.day("review_by") or valid_from + timedelta(days=MAX_REVIEW_DAYS),
        windows=_windows(values), weight=values.decimal("weight", "1.0", "0.1", "10"),
    )  # fmt: skip


def _windows(values: Values) -> tuple[Window, ...]:
    written = values.needed("windows", 400)
    try:
        return windows_from(written) if written else ()
    except ValueError as error:
        values.fault("window_unreadable", found=str(error)[:60])
        return ()
