"""Who enters and confirms the facts that are priced beside duties: leaders for their teams, reviewers and admins for
their townships. Four eyes stand in the database as well; here they are refused with a sentence."""

from __future__ import annotations

from app.errors import DomainError, FieldError


def refuse_unknown(field: str, value: str, known: tuple[str, ...]) -> None:
    """What is on no list was not chosen."""
    if value not in known:
        raise DomainError("invalid", [FieldError(f"/{field}", "choose_one")])


def refuse_same(one: int, other: int | None, code: str) -> None:
    if one == other:
        raise DomainError(code)
