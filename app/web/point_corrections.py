"""What was confirmed wrongly is taken back: a training as a whole, or the verification of a hazard."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app import clock
from app.gate import allow, me, my_scope
from app.incentives import hazards, training
from app.incidents.queries import reach_incident
from app.web.point_rows import deed

pages = Blueprint("point_corrections", __name__)


@pages.post("/desk/points/rows/sessions/<int:training_id>/take-back")
@allow("reviewer", "admin")
def take_back_session(training_id: int) -> ResponseReturnValue:
    township = training.reach(my_scope(), training_id, to_take_back=True).township_id
    why = request.form.get("why", "")
    return deed(
        township,
        "rows.back.done",
        lambda: training.take_back(me(), my_scope(), training_id, why, clock.now()),
    )


@pages.post("/desk/points/rows/hazards/<uuid:hazard_id>/take-back")
@allow("reviewer", "admin")
def take_back_hazard(hazard_id: UUID) -> ResponseReturnValue:
    township = reach_incident(my_scope(), hazard_id).township_id
    why = request.form.get("why", "")
    return deed(
        township, "rows.back.done", lambda: hazards.take_back(me(), my_scope(), hazard_id, why, clock.now())
    )
