"""From a file's lines to events at places: kind, place and time are read, everything else of the file is dropped."""

from __future__ import annotations

from datetime import timedelta

from app.geofiles.guard import POINTS
from app.geofiles.problems import Problem
from app.geofiles.reader import Reading, Row
from app.geofiles.values import Values
from app.incidents.models import EVENTS
from app.incidents.recorded import EventRow

TYPES = POINTS
KINDS = {
    **{kind: kind for kind in EVENTS},
    "公共场所盗窃": "theft_public", "扒窃": "theft_public", "盗窃车内财物": "theft_from_vehicle",
    "盗窃机动车": "theft_of_vehicle", "盗窃电动车": "theft_of_bike", "盗窃自行车": "theft_of_bike",
    "入室盗窃（商铺）": "burglary_shop", "盗窃商铺": "burglary_shop", "盗窃工地": "burglary_site",
    "公共场所纠纷": "dispute_public", "纠纷": "dispute_public", "损毁公物": "damage", "损坏": "damage", "火灾": "fire",
    "交通事故": "traffic", "诈骗": "fraud_scene",
}  # fmt: skip
FIELDS: dict[str, tuple[str, ...]] = {
    "category": ("kind", "type", "类别", "案件类别", "事件类别", "警情类别"),
    "happened_from": (
        "happened_f",
        "from",
        "start",
        "time",
        "occurred_at",
        "发生时间",
        "发案时间",
        "开始时间",
    ),
    "happened_to": ("to", "end", "until", "结束时间", "截止时间"),
    "source_id": ("id", "number", "编号", "案件编号", "事件编号", "警情编号"),
}
LONGEST = timedelta(days=31)


def event_rows(reading: Reading, zone: str) -> tuple[list[EventRow], list[Problem]]:
    """The events of a file and what is wrong with its lines. Times without an offset are on the clocks of `zone`."""
    problems: list[Problem] = []
    rows = [_event(row, Values(row.line, row.attributes, problems), zone) for row in reading.rows]
    return [row for row in rows if row is not None], problems


def _event(row: Row, values: Values, zone: str) -> EventRow | None:
    category = values.choice("category", KINDS)
    if values.raw("happened_from") is None:
        values.fault("value_missing", field="happened_from")
    first, last = values.moment("happened_from", zone), values.moment("happened_to", zone)
    if first is None or not category:
        return None
    start, end = first[0], (last or first)[1]
    if not start <= end <= start + LONGEST:
        values.fault("span_wrong", days=LONGEST.days)
        return None
    number = values.raw("source_id")
    return EventRow(row.line, category, row.geometry.x, row.geometry.y, start, end, number)
