"""A second factor: the authenticator app of a leader, reviewer or admin, and the recovery codes beside it."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp

from app.accounts import queries
from app.accounts.models import Person, SecondFactor
from app.accounts.operations import LIMITS, Refused, count_or_refuse, digest, record_audit
from app.accounts.rules import (
    RECOVERY_CODES,
    RECOVERY_LETTERS,
    letters_of,
    matching_step,
    read_code,
    shown_code,
    steps_near,
)  # fmt: skip
from app.accounts.secrets import Unreadable, seal, unseal
from app.db import db
from app.errors import Conflict

ISSUER = "Xunfang"
DRAFT_LIVES = timedelta(minutes=30)


class SecondFactorNeeded(Refused):
    """The password was right; now the code, please."""


class WrongSecondFactor(Refused):
    pass


@dataclass(frozen=True)
class Draft:
    """What an authenticator app takes in, by hand or as a picture of `uri`."""

    secret: str
    uri: str


def is_on(person: Person) -> bool:
    row = queries.second_factor_of(person.id)
    return row is not None and row.confirmed_at is not None


def check(person: Person, typed: str | None, is_known_device: bool, now: datetime) -> None:
    """Nothing for somebody without one. Raises SecondFactorNeeded, WrongSecondFactor or TooMany."""
    row = queries.second_factor_of(person.id)
    if row is None or row.confirmed_at is None:
        return
    if not (typed or "").strip():
        raise SecondFactorNeeded("totp_needed")
    _use(row, typed or "", "known" if is_known_device else "new", now)


def begin(person: Person, now: datetime) -> Draft:
    """A new seed, in force once confirmed. Raises Conflict when one is on already."""
    if is_on(person):
        raise Conflict("totp_is_on")
    seed = secrets.token_bytes(20)
    db.session.merge(
        SecondFactor(
            person_id=person.id, sealed=seal(seed), made_at=now, confirmed_at=None, last_step=0, recovery_sha256=[]
        )
    )  # fmt: skip
    db.session.flush()
    return _draft(person, seed)


def draft_of(person: Person, now: datetime) -> Draft | None:
    """What was begun a moment ago and is not confirmed; None for one that lay about, or that cannot be read."""
    row = queries.second_factor_of(person.id)
    if row is None or row.confirmed_at is not None or now - row.made_at > DRAFT_LIVES:
        return None
    try:
        return _draft(person, unseal(row.sealed))
    except Unreadable:
        return None


def _draft(person: Person, seed: bytes) -> Draft:
    secret = base64.b32encode(seed).decode()
    return Draft(secret, pyotp.TOTP(secret).provisioning_uri(name=person.login, issuer_name=ISSUER))


def confirm(person: Person, typed: str, now: datetime) -> list[str]:
    """The app shows the right digits: from now on they are asked for. Answers the recovery codes, this once."""
    row = queries.second_factor_of(person.id)
    if row is not None and row.confirmed_at is not None:
        raise Conflict("totp_is_on")
    if row is None:
        raise Conflict("totp_not_begun")
    _use(row, typed, "own", now)
    codes = [
        letters_of(secrets.token_bytes(RECOVERY_LETTERS), RECOVERY_LETTERS) for _ in range(RECOVERY_CODES)
    ]
    row.confirmed_at, row.recovery_sha256 = now, [digest(code) for code in codes]
    record_audit(person.home_township_id or 0, person.id, "totp.on", "person", person.id, now)
    db.session.flush()
    return [shown_code(code) for code in codes]


def turn_off(person: Person, typed: str, now: datetime) -> None:
    """With a code of it, so that a borrowed phone is not enough. One that is off already stays off."""
    row = queries.second_factor_of(person.id)
    if row is None:
        return
    if row.confirmed_at is not None:
        _use(row, typed, "own", now)
        record_audit(person.home_township_id or 0, person.id, "totp.off", "person", person.id, now)
    db.session.delete(row)
    db.session.flush()


def _use(row: SecondFactor, typed: str, where: str, now: datetime) -> None:
    """Digits or a recovery code, used up by this. Raises WrongSecondFactor or TooMany."""
    key = f"totp:{where}:{row.person_id}"
    count_or_refuse(key, LIMITS.account_window_s, LIMITS.account_fails, "too_many_attempts", now)
    if not (_use_digits(row, typed, now) or _use_recovery(row, typed)):
        raise WrongSecondFactor("totp_wrong")
    queries.take_back_try(key, now)


def _use_digits(row: SecondFactor, typed: str, now: datetime) -> bool:
    try:
        app = pyotp.TOTP(base64.b32encode(unseal(row.sealed)).decode())
    except Unreadable:  # the server has another key since: only a recovery code helps
        return False
    digits = {step: app.generate_otp(step) for step in steps_near(now)}
    step = matching_step(digits, typed, row.last_step)
    return step is not None and queries.use_step(row.person_id, step)


def _use_recovery(row: SecondFactor, typed: str) -> bool:
    code = read_code(typed, RECOVERY_LETTERS)
    return code is not None and queries.use_recovery(row.person_id, digest(code))
