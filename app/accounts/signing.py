"""Signing in as a whole: by password and, where somebody has one, a second factor; or by a leader's code, once."""

from __future__ import annotations

import secrets
from datetime import datetime

from app.accounts import operations, queries, second_factor
from app.accounts.models import Person
from app.accounts.operations import LIMITS, Refused, count_or_refuse, open_session, record_audit
from app.accounts.rules import CODE_LETTERS, CODE_LIVES, letters_of, read_code
from app.accounts.secrets import mac


class WrongCode(Refused):
    """Wrong, used and expired get the same answer."""


def sign_in(
    login: str, password: str, *, device: str, address: str, known_secret: str | None, days: int, now: datetime,
    totp: str | None = None, is_demo: bool = False,
) -> tuple[Person, str]:  # fmt: skip
    """The person and a new session secret. Raises Refused (wrong_credentials, totp_needed, totp_wrong) or TooMany."""
    first = operations.check_password(
        login, password, address=address, known_secret=known_secret, now=now, is_demo=is_demo
    )
    if not is_demo:
        second_factor.check(first.person, totp, first.is_known_device, now)
    return first.person, open_session(first.person, device, days, now)


def make_code(leader: Person, person: Person, now: datetime) -> tuple[str, datetime]:
    """A code that opens the person's phone, and until when. The one before is void. The caller has looked whether the
    leader may (rules.may_be_sent_a_code, and the team)."""
    code, until = letters_of(secrets.token_bytes(CODE_LETTERS), CODE_LETTERS), now + CODE_LIVES
    queries.put_code(person.id, mac("code", code.encode()), leader.id, now, until)
    record_audit(person.home_township_id or 0, leader.id, "code.made", "person", person.id, now)
    return code, until


def sign_in_by_code(
    typed: str, *, device: str, address: str, days: int, now: datetime, totp: str | None = None, is_demo: bool = False,
) -> tuple[Person, str]:  # fmt: skip
    """The person whose code it was, and the secret of a session that slides. Nothing else of theirs is touched. Who has
    a second factor is asked for it here too, and the code stays good until it is right.

    Raises WrongCode, Refused (totp_needed, totp_wrong), or TooMany by address.
    """
    key = f"code:from:{address}"
    count_or_refuse(key, LIMITS.address_window_s, LIMITS.address_fails, "too_many_attempts", now)
    code = read_code(typed)
    code_mac = mac("code", code.encode()) if code else b""
    owner = queries.owner_of_code(code_mac, now)
    if owner is not None and not is_demo:
        second_factor.check(owner, totp, False, now)
    person = queries.take_code(code_mac, now) if owner is not None else None
    if person is None:
        raise WrongCode("code_wrong")
    queries.take_back_try(key, now)
    record_audit(person.home_township_id or 0, person.id, "code.used", "person", person.id, now)
    return person, open_session(person, device, days, now, slides=True)
