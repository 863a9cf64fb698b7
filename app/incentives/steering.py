"""Who enters and confirms the facts that are priced beside duties: leaders for their teams, reviewers and admins for
their townships. Four eyes stand in the database as well; here they are refused with a sentence."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_

from app.errors import DomainError, FieldError
from app.teams.scope import Criterion, Scope, led_team_rows, reviewed_township_rows


def steered(scope: Scope, township_column: Any, team_column: Any) -> Criterion:
    return or_(
        led_team_rows(scope, township_column, team_column), reviewed_township_rows(scope, township_column)
    )


def refuse_unknown(field: str, value: str, known: tuple[str, ...]) -> None:
    """What is on no list was not chosen."""
    if value not in known:
        raise DomainError("invalid", [FieldError(f"/{field}", "choose_one")])


def refuse_same(one: int, other: int | None, code: str) -> None:
    if one == other:
        raise DomainError(code)
