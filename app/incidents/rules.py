"""What may be reported about a place, what may become of a report, and which words are gently kept out of it.

Places, not people: the categories are closed, none of them names anybody, and the few free words are looked at before
anything keeps them. static/js/domain/gentle.js says the same;
tests/incidents/gentle_cases.json holds both to one table.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

# Category → its fixed phrases. `nothing` says that a round found nothing.
PHRASES: dict[str, tuple[str, ...]] = {
    "road": (
        "light_out", "surface_broken", "cover_missing", "rail_broken", "sign_down", "way_blocked", "works_unfenced",
        "other",
    ),
    "fire": (
        "smoke_or_fire", "exit_blocked", "wires_bare", "charging_unsafe", "gear_missing", "burnable_heap", "gas_smell",
        "other",
    ),
    "weather": (
        "water_rising", "road_flooded", "embankment_broken", "slope_sliding", "tree_down", "wire_down", "ice", "other",
    ),
    "order": ("fight", "noise", "alarm_sounding", "gate_open", "things_damaged", "thing_left", "other"),
    "nothing": (),
}  # fmt: skip
CATEGORIES = tuple(PHRASES)
HOW = ("here", "dragged", "checkpoint")
# Whom a report may be passed on to, and how it may be closed.
OFFICES = ("village", "police", "fire", "roads", "power", "water", "upkeep", "safety")
CLOSINGS = ("mended", "gone", "known", "handled", "not_found", "no_hazard")
STATES = ("new", "triaged", "passed_on", "closed")
MOST_PHOTOS = 4
MOST_LETTERS = 280

# The same thing at the same place: reported within so many metres and days of the first report.
SAME_WITHIN_M = 50.0
SAME_WITHIN = timedelta(days=7)


def is_phrase_of(category: str, phrase: str | None) -> bool:
    return phrase is None or phrase in PHRASES.get(category, ())


@dataclass(frozen=True)
class Standing:
    """As much of a report as a decision needs."""

    state: str
    passed_to: str | None = None
    closing: str | None = None


def after(now: Standing, decision: str, which: str | None) -> Standing | None:
    """What a report becomes. None: it is closed, and stays as it was closed. Raises ValueError for what is on no list.

    `decision` is "take", "pass_on" (`which`: an office) or "close" (`which`: how). The same again changes nothing.
    """
    wanted = _wanted(now, decision, which)
    if now.state != "closed" or wanted == now:
        return wanted
    return None


def _wanted(now: Standing, decision: str, which: str | None) -> Standing:
    if decision == "take":
        return Standing("triaged") if now.state == "new" else now
    if decision == "pass_on" and which in OFFICES:
        return Standing("passed_on", which)
    if decision == "close" and which in CLOSINGS:
        return Standing("closed", now.passed_to, which)
    raise ValueError(decision)


@dataclass(frozen=True, order=True)
class Told:
    """One of several reports of the same: the first told is the one that the others are counted with."""

    at: datetime
    id: str


# --- the same event in two lines of a file, or in a file and what came before it -----------------------------------

SAME_EVENT_M = 50.0
SAME_EVENT = timedelta(minutes=30)


@dataclass(frozen=True)
class Event:
    """A kind of event between two instants, metres east and north; `number` is a hash of its source's own number."""

    category: str
    x: float
    y: float
    start: datetime
    end: datetime
    number: bytes | None = None


def told_before(events: Sequence[Event], known: Iterable[Event]) -> dict[int, str]:
    """index → "same_number" or "same_event" for each event that is known, or stands earlier in the list.

    Two numbered events of the same hours are two: a night in which two shops were broken into has one span.
    """
    near: dict[tuple[str, int, int], list[Event]] = {}
    numbers: set[bytes] = set()
    found: dict[int, str] = {}
    for event in known:
        _remember(event, near, numbers)
    for index, event in enumerate(events):
        if event.number is not None and event.number in numbers:
            found[index] = "same_number"
        elif any(_is_same(event, other) for other in _around(event, near)):
            found[index] = "same_event"
        else:
            _remember(event, near, numbers)
    return found


def _cell(event: Event) -> tuple[int, int]:
    return int(event.x // SAME_EVENT_M), int(event.y // SAME_EVENT_M)


def _remember(event: Event, near: dict[tuple[str, int, int], list[Event]], numbers: set[bytes]) -> None:
    near.setdefault((event.category, *_cell(event)), []).append(event)
    if event.number is not None:
        numbers.add(event.number)


def _around(event: Event, near: dict[tuple[str, int, int], list[Event]]) -> Iterator[Event]:
    x, y = _cell(event)
    for dx, dy in product((-1, 0, 1), (-1, 0, 1)):
        yield from near.get((event.category, x + dx, y + dy), ())


def _is_same(a: Event, b: Event) -> bool:
    if a.number and b.number and max(a.end - a.start, b.end - b.start) > SAME_EVENT:
        return False
    apart = max(abs(a.start - b.start), abs(a.end - b.end))
    return apart <= SAME_EVENT and math.dist((a.x, a.y), (b.x, b.y)) <= SAME_EVENT_M


# --- words about somebody -------------------------------------------------------------------------

# What was found, in the order in which it is said. No lookbehind: an old iPhone's browser does not know it.
FOUND = ("identity", "call_number", "vehicle", "dwelling", "person")
WORDS = re.IGNORECASE | re.ASCII  # \b as a browser has it
BETWEEN_DIGITS = re.compile(r"([0-9])[\s\-‐-―.·_()]+(?=[0-9])")
UNSEEN = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad]")
ID_18 = re.compile(r"(?:^|[^0-9])([0-9]{17}[0-9X])(?![0-9A-Z])", re.I)
ID_15 = re.compile(r"(?:^|[^0-9])([0-9]{15})(?![0-9])")
MOBILE = re.compile(r"(?:^|[^0-9])(?:\+?86|0086)?1[3-9][0-9]{9}(?![0-9])")
LANDLINE = re.compile(r"(?:^|[^0-9])(?:\+?86|0086)?\(?0[1-9][0-9]{1,2}\)?[0-9]{7,8}(?![0-9])")
CALLED = re.compile(
    r"(?:电话|手机|致电|拨打|热线|联系|微信|tel|phone|call)[^0-9]{0,6}[0-9]{7,12}(?![0-9])", re.I
)
PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领]\s?[A-Z][\s·•.\-]{0,2}[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳]",
    re.I,
)
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方"
    "石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
ENDS_A_PLACE = "村湾桥庄店镇乡塘沟坡台河港集巷街路岗寨洲墩畈坪山屋垸园"
DWELLINGS = (
    re.compile(r"[\u4e00-\u9fff](?:某|先生|女士|大爷|大妈)的?家"),
    re.compile(
        r"(?:某|(?:^|[^其])[他她](?:们)?)的?家(?:里|中|门(?!店)|窗|院|旁|前|后|住|$|[^\u4e00-\u9fff])"
    ),
    re.compile(rf"[老小阿][{SURNAMES}]的?家(?![{ENDS_A_PLACE}])"),
    re.compile(r"[0-9一二三四五六七八九十]单元.{0,4}[0-9]{3,4}(?![0-9])"),
    re.compile(r"[0-9]{1,4}室.{0,6}[住户家]"),
    re.compile(r"(?:^|[^A-Za-z])[A-Z][a-z]+['’]s\s+(?:house|home|flat|apartment|door)"),
    re.compile(r"\b(?:his|her|their)\s+(?:house|home|flat|apartment|door)\b", WORDS),
)
SOMEBODY = (
    "(?:老人|小孩|孩子|男孩|女孩|男子|女子|青年|小伙|老头|老太|大爷|大妈|醉汉|学生|工人|司机|老乡|"
    "人(?![行工防民流力口造])|[男女](?![厕卫]))"
)
PERSONS = (
    re.compile(
        r"(?:有一?|[那这])(?:[个名位]|[几两三四五]个)(?:[\u4e00-\u9fff]{0,8}的)?[\u4e00-\u9fff]{0,2}?"
        + SOMEBODY
    ),
    re.compile(r"[一两三四五几][名位][\u4e00-\u9fff]{0,4}?" + SOMEBODY),
    re.compile(r"有人.{0,8}(?:穿|戴|长得|姓|名叫|叫做|住在)"),
    re.compile(r"男子|女子|男的|女的|醉汉|流浪汉|外地人|陌生人|可疑人|嫌疑人|户主"),
    re.compile(rf"[{SURNAMES}](?:某(?![处地个种条段路村天时日月年人些])|先生|女士|大爷|大妈|师傅|阿姨|老师)"),
    re.compile(r"(?:^|[^其])[他她](?:们)?(?:经常|总是|每天|又|就|是|住|在|说)"),
    re.compile(
        r"\b(?:an?|the|some|this|that|one|two|three)\s+(?:[a-z]+\s+){0,2}?"
        r"(?:man|men|woman|women|person|guy|lady|boy|girl|kid|child|teenager|drunk|stranger)(?![a-z-]|\s*hole)",
        WORDS,
    ),
    re.compile(
        r"\b(?:person|man|woman|someone|somebody|people|guy)\s+(?:who|that|named|called|living|wearing)\b",
        WORDS,
    ),
    re.compile(r"\b(?:he|she)\s+(?:is|was|lives|looks|has|had|always|often)\b", WORDS),
    re.compile(r"\b(?:[Mm]rs?|[Mm]s|[Mm]iss)\.?\s+[A-Z][a-z]+", re.ASCII),
)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def words_about_people(text: str) -> tuple[str, ...]:
    """Codes of FOUND for what in these words would be about a person; empty for words about a place."""
    plain = UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    closed = BETWEEN_DIGITS.sub(r"\1", plain)
    tries = (plain, closed)
    found = {
        "identity": any(_has_identity(one) for one in tries),
        "call_number": any(p.search(one) for p in (MOBILE, LANDLINE, CALLED) for one in tries),
        "vehicle": PLATE.search(plain) is not None,
        "dwelling": any(p.search(plain) for p in DWELLINGS),
        "person": any(p.search(plain) for p in PERSONS),
    }
    return tuple(code for code in FOUND if found[code])


def _has_identity(text: str) -> bool:
    """18 digits whose last one is right, or 15 digits that hold a day."""
    long = any(_check_letter(m[1][:17]) == m[1][17].upper() for m in ID_18.finditer(text))
    return long or any(_is_day(m[1][8:10], m[1][10:12]) for m in ID_15.finditer(text))


def _check_letter(digits: str) -> str:
    """GB 11643: the 18th letter of the 17 digits before it."""
    return "10X98765432"[sum(int(d) * w for d, w in zip(digits, WEIGHTS, strict=True)) % 11]


def _is_day(month: str, day: str) -> bool:
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31
