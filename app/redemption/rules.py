"""Redemption, judged: what may be spent, what expires, the time bank, stars, codes. Points are whole half points.

Source: duty-incentives.md ("Points"): 100 points = 10 yuan in goods, never cash; frozen months only; expiry 24 months;
stars at 100/300/600/1000/1500 verified hours, honour only; time bank: 1 h = 1, redeem from 100 h, cap 1,500.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from app.strength.rules import FEN_A_POINT

STAR_HOURS = (100, 300, 600, 1000, 1500)
# No letter or figure that another is taken for; 31 is a prime, so that one wrong or two changed signs always show.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
COLLECTION_SIGNS = 7
CERTIFICATE_SIGNS = 19  # 31^19: 94 bits
MODES = ("shop", "time_bank")


@dataclass(frozen=True)
class Policy:
    """Numbers of redemption. `mode`: 'shop' (points) or 'time_bank' (hours)."""

    mode: str = "shop"
    fen_per_point: int = FEN_A_POINT
    collect_days: int = 14
    expiry_months: int = 24
    warn_days: int = 60
    time_bank_from_h: int = 100
    time_bank_cap_h: int = 1500


def policy_from(body: Mapping[str, Any]) -> Policy:
    known = {f.name for f in fields(Policy)}
    return Policy(**{key: value for key, value in body.items() if key in known})


# --- what may be spent ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Lot:
    """Approved half points for work of a month (its first day); `is_frozen`: no longer to be changed."""

    month: date
    half: int
    is_frozen: bool


@dataclass(frozen=True)
class Left:
    """What is left of a month's points, and the day from which they are gone."""

    month: date
    half: int
    ends_on: date


def redeemable_half(lots: Iterable[Lot], gone_half: int, balance_half: int) -> int:
    """What may be spent: of frozen months, less what has gone already (spent, given, expired), and never more than is
    there."""
    frozen = sum(lot.half for lot in lots if lot.is_frozen)
    return max(0, min(frozen - gone_half, balance_half))


def left_of(lots: Iterable[Lot], gone_half: int, policy: Policy) -> tuple[Left, ...]:
    """First earned, first spent: what is left of each frozen month, the oldest first. Months that are not frozen could
    not be spent and do not expire."""
    by_month: dict[date, int] = {}
    for lot in lots:
        if lot.is_frozen:
            by_month[lot.month] = by_month.get(lot.month, 0) + lot.half
    # A month that is in debt (more was taken back than approved) is paid by the others.
    gone = gone_half - sum(half for half in by_month.values() if half < 0)
    found = []
    for month in sorted(by_month):
        half = max(0, by_month[month])
        used = min(half, max(0, gone))
        gone -= used
        if half > used:
            found.append(Left(month, half - used, ends_on(month, policy)))
    return tuple(found)


def ends_on(month: date, policy: Policy) -> date:
    """The first day on which points of a month are gone: every point of it has had its months in full."""
    return months_after(month, policy.expiry_months + 1)


def months_after(month: date, n: int) -> date:
    years, index = divmod(month.month - 1 + n, 12)
    return date(month.year + years, index + 1, 1)


def expired(left: Iterable[Left], today: date) -> tuple[Left, ...]:
    return tuple(one for one in left if one.ends_on <= today)


def ending_soon(left: Iterable[Left], today: date, policy: Policy) -> tuple[Left, ...]:
    """What the member is warned of."""
    return tuple(
        one for one in left if today < one.ends_on and (one.ends_on - today).days <= policy.warn_days
    )


# --- prices ---------------------------------------------------------------------------------------


def least_price(fen: int, unit: str, policy: Policy) -> int:
    """The fewest points that goods of so many fen may cost: 100 points are worth 10 yuan and no more, or more would be
    promised than the stop has counted. An hour has no price in money."""
    return max(1, -(-fen // policy.fen_per_point)) if unit == "points" else 1


def unit_of(policy: Policy) -> str:
    return "hours" if policy.mode == "time_bank" else "points"


def half_of(points: int) -> int:
    return 2 * points


# --- time bank ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TimeBank:
    """In whole hours: served, credited up to the cap, spent, and what may be spent now."""

    served: int
    credited: int
    spent: int
    redeemable: int


def time_bank(minutes: int, spent: int, policy: Policy) -> TimeBank:
    """1 h of verified service is 1; nothing is redeemed before so many hours were served; above the cap nothing is
    credited."""
    served = max(0, minutes) // 60
    credited = min(served, policy.time_bank_cap_h)
    is_open = served >= policy.time_bank_from_h
    return TimeBank(served, credited, spent, max(0, credited - spent) if is_open else 0)


def stars(minutes: int) -> int:
    """For verified hours: an honour and nothing else."""
    return sum(max(0, minutes) // 60 >= hours for hours in STAR_HOURS)


# --- codes ----------------------------------------------------------------------------------------


def with_check(signs: str) -> str:
    """The signs and one that is reckoned from them."""
    return signs + ALPHABET[_weighed(signs)]


def is_sound(code: str) -> bool:
    """No sign of it was mistaken, and no two neighbours changed places."""
    if len(code) < 2 or any(sign not in ALPHABET for sign in code):
        return False
    return ALPHABET[_weighed(code[:-1])] == code[-1]


def _weighed(signs: str) -> int:
    return sum(place * ALPHABET.index(sign) for place, sign in enumerate(signs, start=2)) % len(ALPHABET)


def signs_from(chance: bytes, n: int) -> str:
    """So many signs of a number that chance made."""
    number, found = int.from_bytes(chance, "big"), []
    for _ in range(n):
        number, index = divmod(number, len(ALPHABET))
        found.append(ALPHABET[index])
    return "".join(found)


def read_code(text: str) -> str:
    """As somebody types or reads it aloud: small letters, spaces and strokes do not matter."""
    return "".join(sign for sign in text.upper() if sign.isascii() and sign.isalnum())[:40]


def in_groups(code: str) -> str:
    return "-".join(code[n : n + 4] for n in range(0, len(code), 4))


# --- names ----------------------------------------------------------------------------------------


def masked(name: str) -> str:
    """王*, J***: enough for whoever holds the paper, too little for anybody else."""
    name = name.strip()
    if not name:
        return "*"
    return name[0] + "*" * (min(3, max(1, len(name) - 1)) if not name[0].isascii() else 3)


# --- certificates ---------------------------------------------------------------------------------


def period_fault(first: date, last: date, today: date) -> str | None:
    """A certificate tells of days that are over."""
    if last < first:
        return "shop_period_turned"
    if last >= today:
        return "shop_period_not_over"
    return None


def hours_words(minutes: int) -> str:
    """In hours with one decimal, rounded down: nobody is certified more than there was."""
    return f"{minutes // 6 / 10:g}"


@dataclass(frozen=True)
class Service:
    """What somebody did with a team on a day, in seconds that count."""

    team: str
    day: date
    seconds: int


@dataclass(frozen=True)
class Served:
    """In sum and by team. Minutes are rounded down once, for each team; the sum is of these."""

    minutes: int
    duties: int
    lines: tuple[dict[str, Any], ...]


def served(found: Sequence[Service]) -> Served:
    by_team: dict[str, list[int]] = {}
    for one in found:
        by_team.setdefault(one.team, []).append(one.seconds)
    minutes = {team: sum(seconds) // 60 for team, seconds in by_team.items()}
    lines = tuple(
        {"team": team, "duties": len(by_team[team]), "minutes": minutes[team]} for team in sorted(by_team)
    )
    return Served(sum(minutes.values()), len(found), lines)
