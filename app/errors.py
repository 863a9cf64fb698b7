"""Named errors with stable codes. The sentences live in the catalogue (`errors.<code>`)."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


def trace_of(error: BaseException) -> str:
    """Where an error came from, for the log: types and lines only, since messages can quote bodies and positions."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    cause = type(getattr(error, "orig", None) or error).__name__
    return (
        cause
        + " < "
        + " < ".join(f"{f.filename.rsplit('/app/', 1)[-1]}:{f.lineno}" for f in reversed(frames))
    )


@dataclass(frozen=True)
class FieldError:
    """One bad field: a JSON pointer, a code and the figures its sentence needs."""

    pointer: str
    code: str
    figures: dict[str, Any] = field(default_factory=dict)


class DomainError(Exception):
    status = 422

    def __init__(self, code: str, fields: Sequence[FieldError] = (), **figures: Any) -> None:
        super().__init__(code)
        self.code = code
        self.fields = tuple(fields)
        self.figures = figures


class NotFound(DomainError):
    """Does not exist, or lies outside what the caller may reach: the answer is the same."""

    status = 404

    def __init__(self, code: str = "not_found", **figures: Any) -> None:
        super().__init__(code, **figures)


class Gone(DomainError):
    """Was there once and may no longer be shown."""

    status = 410


class NotSignedIn(DomainError):
    status = 401

    def __init__(self, code: str = "sign_in_needed", **figures: Any) -> None:
        super().__init__(code, **figures)


class Forbidden(DomainError):
    status = 403

    def __init__(self, code: str = "forbidden", **figures: Any) -> None:
        super().__init__(code, **figures)


class Conflict(DomainError):
    """Somebody else was first; `figures` holds both versions where there are two."""

    status = 409


class TooMany(DomainError):
    status = 429

    def __init__(self, code: str, retry_after_s: int, **figures: Any) -> None:
        super().__init__(code, minutes=max(1, retry_after_s // 60), **figures)
        self.retry_after_s = retry_after_s


class BadRequest(DomainError):
    status = 400


class TooLarge(DomainError):
    status = 413
