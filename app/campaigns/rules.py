"""What a campaign may be, which places are alike, and what its figures say (measures.md, "campaign effect")."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np

LENGTHS = (14, 183)
RINGS_M = (50, 300)
DOSES_MIN = (10, 480)
MOST_TREATED = 12
# Planned no further ahead: what was alike may no longer be.
FURTHEST_DAYS = 183
# A place that is no hotspot is offered beside them only with so many events in the blocks below, so that no household
# is pointed at.
LEAST_EVENTS = 5
OFFERED = 12
BLOCK_DAYS, BLOCKS = 28, 13
# As long as imported events are kept (app/field/retention.py): before that a count would miss some.
EVENTS_KEPT_DAYS = 730
Z95 = 1.959964
Before = Literal["just_before", "year_ago"]
Pair = tuple[int, int]
Phase = Literal["proposed", "lapsed", "waiting", "running", "over", "called_off"]


# --- periods ------------------------------------------------------------------------------------------------------


def before_period(first: date, last: date, which: Before) -> tuple[date, date]:
    """As many days, with the same weekdays in them: those up to the day before, or those 52 weeks earlier."""
    days = (last - first).days + 1
    if which == "year_ago":
        return first - timedelta(weeks=52), last - timedelta(weeks=52)
    return first - timedelta(days=days), first - timedelta(days=1)


def is_length(first: date, last: date) -> bool:
    """Two weeks to half a year, in whole weeks, so that every weekday is there as often before and after."""
    days = (last - first).days + 1
    return LENGTHS[0] <= days <= LENGTHS[1] and days % 7 == 0


def phase(state: str, first: date, last: date, today: date) -> Phase:
    """Where the campaign is; one that nobody approved before its first day has lapsed."""
    if state == "called_off":
        return "called_off"
    if state == "proposed":
        return "proposed" if today < first else "lapsed"
    if today < first:
        return "waiting"
    return "running" if today <= last else "over"


def counted_to(last: date, today: date, told_on: date | None) -> date | None:
    """The last day of the campaign whose events are in: over, and a file came in after it. None: no file at all."""
    if told_on is None:
        return None
    day = timedelta(days=1)
    return min(last, today - day, told_on - day)


def is_kept(before_first: date, today: date) -> bool:
    """Whether every event of the days before is still there to be counted."""
    return today - before_first <= timedelta(days=EVENTS_KEPT_DAYS)


def weeks_of(first: date, last: date) -> list[tuple[date, date]]:
    """The weeks from the first day on; the last may be short."""
    starts = [first + timedelta(days=n) for n in range(0, (last - first).days + 1, 7)]
    return [(start, min(last, start + timedelta(days=6))) for start in starts]


# --- places alike -------------------------------------------------------------------------------------------------


def block_edges(until: date) -> list[date]:
    """The first days of thirteen blocks of four weeks, oldest first, and the day after the last of them."""
    return [until - timedelta(days=BLOCK_DAYS * n) for n in range(BLOCKS, -1, -1)]


def typical(counts: Sequence[Sequence[int]]) -> list[float]:
    """The mean of several places, block by block."""
    return [sum(block) / len(counts) for block in zip(*counts, strict=True)]


def difference(counts: Sequence[float], other: Sequence[float]) -> float:
    """How far two places are from each other: the root mean square of their difference, in events a block."""
    return math.sqrt(sum((a - b) ** 2 for a, b in zip(counts, other, strict=True)) / len(counts))


# --- dosage -------------------------------------------------------------------------------------------------------


def target_min(dosage_min: int, first: date, last: date) -> int:
    """The minutes that a place should have had in these days, both included."""
    return dosage_min * max(0, (last - first).days + 1)


# --- did it work --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Effect:
    """The weighted displacement difference: below 0 is fewer events than the like places let expect. `low` and `high`
    hold it in 95 of 100 such campaigns; `n` is the sum of the eight counts, which is its variance too."""

    wdd: int
    n: int
    low: float
    high: float
    too_few: bool

    @property
    def error(self) -> float:
        return math.sqrt(self.n)


Verdict = Literal["too_few", "inconclusive", "fewer", "more"]


def campaign_effect(treated: Pair, control: Pair, ring: Pair, control_ring: Pair, few: int) -> Effect:
    """WDD = (ΔT − ΔC) + (ΔD − ΔDC) of (before, after) counts (Wheeler and Ratcliffe 2018). Each count is taken as
    Poisson, so that the variance of the sum is the sum of the eight counts. Below `few` there is nothing to judge."""
    pairs = (treated, control, ring, control_ring)
    t, c, d, dc = (after - before for before, after in pairs)
    wdd, n = (t - c) + (d - dc), sum(before + after for before, after in pairs)
    half = Z95 * math.sqrt(n)
    return Effect(wdd, n, wdd - half, wdd + half, n < few)


def judge_effect(effect: Effect) -> Verdict:
    """What may be said of it: an interval that holds 0 says nothing either way."""
    if effect.too_few:
        return "too_few"
    if effect.low <= 0 <= effect.high:
        return "inconclusive"
    return "fewer" if effect.wdd < 0 else "more"


def are_alike(treated_before: int, control_before: int) -> bool:
    """Whether the like places had between half and twice as many events: further apart a comparison is doubtful."""
    few, many = sorted((treated_before, control_before))
    return many <= 2 * few


def two_count_p(first: int, second: int) -> float:
    """Two-sided p of two Poisson counts over equal exposure (the E-test of Krishnamoorthy and Thomson 2004)."""
    if first == second:
        return 1.0
    mean = (first + second) / 2
    observed = abs(first - second) / math.sqrt(first + second)
    # What lies further out than twelve standard deviations adds less than 1e-12.
    reach = 12 * math.sqrt(mean) + 25
    counts = np.arange(max(0, int(mean - reach)), int(mean + reach) + 1, dtype=np.float64)
    logs = counts * math.log(mean) - mean - np.array([math.lgamma(k + 1) for k in counts])
    chance = np.exp(logs)
    sums = counts[:, None] + counts[None, :]
    statistic = np.abs(counts[:, None] - counts[None, :]) / np.sqrt(np.where(sums > 0, sums, 1))
    extreme = (statistic >= observed - 1e-12) & (sums > 0)
    return float((chance[:, None] * chance[None, :])[extreme].sum())
