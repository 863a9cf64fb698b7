"""A checkpoint's codes: the display's against RFC 6238 and pyotp, the day's, the tag's; what is right when."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta

import pyotp
import pytest

from app.routes.rules import (
    CodeSaid,
    bare_code,
    day_code,
    display_code,
    is_in_force_before,
    judge_code,
    on_tag,
    printed,
    step_of,
    tag_token,
)

SECRET = bytes(range(20))
OTHER = bytes(range(1, 21))
AT = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)
DAY = date(2026, 11, 24)
MINUTE = timedelta(minutes=1)


def judge(said, *, method="code", secrets=(SECRET,), first=AT, last=AT, days=(DAY,)):
    return judge_code(method, said, secrets, first, last, days)


def shown(minutes: float = 0, secret: bytes = SECRET) -> str:
    return display_code(secret, step_of(AT + minutes * MINUTE))


@pytest.mark.parametrize("second", [0, 59, 60, 1_111_111_109, 1_234_567_890, 20_000_000_000])
def test_the_display_shows_what_an_authenticator_shows(second):
    theirs = pyotp.TOTP(base64.b32encode(SECRET).decode(), digits=6, interval=60)
    assert display_code(SECRET, second // 60) == theirs.at(second)


def test_the_published_vectors_of_rfc_4226_come_out():
    secret = b"12345678901234567890"
    assert [display_code(secret, n) for n in range(5)] == ["755224", "287082", "359152", "969429", "338314"]


@pytest.mark.parametrize(("minutes", "right"), [(-3, False), (-2, True), (0, True), (2, True), (3, False)])
def test_a_displays_code_holds_two_minutes_either_side(minutes, right):
    found = judge(shown(minutes))
    assert found == CodeSaid("display", right, step_of(AT + minutes * MINUTE) if right else None)


def test_where_only_a_bracket_is_known_any_minute_in_it_will_do():
    first = AT - timedelta(hours=5)
    assert judge(shown(-200), first=first).right
    assert not judge(shown(-200)).right


def test_a_bracket_is_tried_no_further_back_than_a_day():
    first = AT - timedelta(days=3)
    assert judge(shown(-24 * 60), first=first).right
    assert not judge(shown(-30 * 60), first=first).right


def test_a_printed_code_holds_for_its_day_and_its_place():
    code = day_code(SECRET, DAY)
    assert judge(code) == CodeSaid("day", True)
    assert judge(code, days=(date(2026, 11, 25), DAY)).right
    assert not judge(code, days=(date(2026, 11, 25),)).right
    assert not judge(code, secrets=(OTHER,)).right
    assert len(code) == 6 and code.isdigit()


@pytest.mark.parametrize(
    "said",
    ["{c}", " {c} ", "{a} {b}", "XP1.7.{c}", "XP1.12345.{c}"],
    ids=["bare", "spaces", "halves", "qr", "long"],
)
def test_a_code_may_be_typed_or_scanned(said):
    code = day_code(SECRET, DAY)
    assert judge(said.format(c=code, a=code[:3], b=code[3:])).right


def test_a_chinese_keyboards_wide_digits_are_digits():
    wide = day_code(SECRET, DAY).translate({ord("0") + n: ord("０") + n for n in range(10)})
    assert judge(wide).right


def test_what_is_printed_and_written_reads_back():
    assert bare_code(printed(7, "123456")) == "123456"
    assert bare_code(on_tag(7, "ABC")) == "ABC"


@pytest.mark.parametrize("said", ["", "000000", "XP1.7", "XP1.7.", "XK1.7.123456", "a" * 64, "é", "\u2028"])
def test_anything_else_is_a_wrong_code_and_no_error(said):
    for method in ("code", "nfc"):
        assert not judge(said, method=method).right


def test_a_tag_is_right_by_its_own_token_and_by_nothing_else():
    assert judge(on_tag(7, tag_token(SECRET)), method="nfc") == CodeSaid("tag", True)
    assert not judge(tag_token(SECRET)).right
    assert not judge(shown(), method="nfc").right
    assert not judge(on_tag(7, tag_token(OTHER)), method="nfc").right
    assert len(on_tag(2**53, tag_token(SECRET))) <= 64


def test_without_a_secret_nothing_is_right():
    assert judge(shown(), secrets=()) == CodeSaid("display", False)


def test_both_secrets_are_tried_around_a_change():
    assert judge(shown(secret=OTHER), secrets=(SECRET, OTHER)).right
    assert is_in_force_before(AT, AT + timedelta(minutes=4)) and is_in_force_before(
        AT, AT - timedelta(days=9)
    )
    assert not is_in_force_before(AT, AT + timedelta(minutes=6))


def test_two_days_and_two_places_have_codes_of_their_own():
    days = [DAY + timedelta(days=n) for n in range(30)]
    codes = {day_code(secret, day) for day in days for secret in (SECRET, OTHER)}
    assert len(codes) >= 58
