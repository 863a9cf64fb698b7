"""How far a campaign is, from presence; what it did, from counts of events by place and time. Never about people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_

from app.areas.policies import place_of
from app.campaigns import queries, rules
from app.campaigns.models import ROLES, Campaign, CampaignArea
from app.campaigns.rules import Effect, Verdict
from app.clock import day_span, local_day
from app.coverage import attendance, facts
from app.coverage.attendance import HotspotFigures
from app.coverage.measures import merged
from app.coverage.numbers import policies_of
from app.coverage.queries import Period
from app.coverage.rules import MergedGrade, share
from app.hotspots.models import Hotspot

DAY = timedelta(days=1)


# --- progress -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dose:
    """What a place had and should have had in some days; `visits` of which so many qualified."""

    first: date
    last: date
    credited_min: float
    target_min: int
    visits: int
    qualified: int
    grade: MergedGrade | None

    @property
    def share(self) -> float | None:
        return share(self.credited_min, self.target_min)


@dataclass(frozen=True)
class Progress:
    """One treated place: all days so far, and week by week."""

    area: CampaignArea
    total: Dose
    weeks: list[Dose]


def progress_of(campaign: Campaign, areas: Sequence[CampaignArea], now: datetime) -> list[Progress]:
    """The dosage of each treated hotspot up to yesterday, or the day it was called off; none before its second day. A
    hotspot that was renewed meanwhile is another of the same name, and counts on. What is no hotspot has no visits:
    its dosage is not known, which `unmeasured` says."""
    last = _last_day(campaign, now)
    treated = [one for one in areas if one.role == "treated" and one.kind == "hotspot"]
    if not treated or last < campaign.first_on or campaign.approved_by is None:
        return []
    weeks = [Period(*week) for week in rules.weeks_of(campaign.first_on, last)]
    named = and_(Hotspot.township_id == campaign.township_id, Hotspot.name.in_([one.name for one in treated]))
    spots = facts.hotspots_of(named, Period(campaign.first_on, last))
    policies = policies_of([campaign.township_id], Period(campaign.first_on, last))
    figures = attendance.figures_by_period(spots, weeks, policies, now)
    return [_progress(campaign, area, weeks, figures) for area in treated]


def unmeasured(areas: Sequence[CampaignArea]) -> list[CampaignArea]:
    """Treated places of which nobody knows how long somebody was there: presence is measured at hotspots only."""
    return [one for one in areas if one.role == "treated" and one.kind != "hotspot"]


def _last_day(campaign: Campaign, now: datetime) -> date:
    zone = place_of(campaign.township_id).zone
    until = min(now, campaign.called_off_at) if campaign.called_off_at else now
    return min(campaign.last_on, local_day(until, zone) - DAY)


def _progress(
    campaign: Campaign,
    area: CampaignArea,
    weeks: Sequence[Period],
    figures: Sequence[Sequence[HotspotFigures]],
) -> Progress:
    mine = [[f for f in week if f.hotspot.name == area.name] for week in figures]
    by_week = [_dose(campaign, week, found) for week, found in zip(weeks, mine, strict=True)]
    whole = Period(weeks[0].first, weeks[-1].last)
    return Progress(area, _dose(campaign, whole, [one for found in mine for one in found]), by_week)


def _dose(campaign: Campaign, days: Period, figures: Sequence[HotspotFigures]) -> Dose:
    return Dose(
        days.first, days.last, sum(f.credited_min for f in figures),
        rules.target_min(campaign.dosage_min, days.first, days.last), sum(len(f.visits) for f in figures),
        sum(f.qualified for f in figures), merged(visit.grade for f in figures for visit in f.visits),
    )  # fmt: skip


def together(doses: Sequence[Dose]) -> Dose:
    """All places as one."""
    return Dose(
        doses[0].first, doses[0].last, sum(one.credited_min for one in doses),
        sum(one.target_min for one in doses), sum(one.visits for one in doses),
        sum(one.qualified for one in doses), merged(one.grade for one in doses),
    )  # fmt: skip


# --- evaluation ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One role's events before and after, and the chance of as large a difference if nothing had changed."""

    role: str
    before: int
    after: int
    p: float


@dataclass(frozen=True)
class Evaluation:
    """`days` of `all_days` are counted, the same number before. No `effect` where nothing can be counted: `why` says
    so; with fewer than `few` events it is not judged. `is_final`: over, all events in; else only how it stands."""

    days: int
    all_days: int
    few: int
    told_at: datetime | None
    rows: list[Row]
    effect: Effect | None
    verdict: Verdict | None
    is_final: bool
    is_alike: bool
    why: str | None


def evaluation_of(campaign: Campaign, now: datetime) -> Evaluation:
    """From the recorded counts, else from the events that are in."""
    if campaign.counts is not None:
        days = (campaign.last_on - campaign.first_on).days + 1
        return _judged(campaign, campaign.counts, days, campaign.recorded_at, is_final=True)
    zone, told_at = place_of(campaign.township_id).zone, queries.last_told(campaign.township_id)
    today = local_day(now, zone)
    told_on = local_day(told_at, zone) if told_at else None
    until = _last_day(campaign, now)
    last = rules.counted_to(until, today, told_on)
    why = _why_not(campaign, until, last, today)
    if why or last is None:
        return _nothing(campaign, told_at, why)
    days = (last - campaign.first_on).days + 1
    before = day_span(campaign.before_first, campaign.before_first + (days - 1) * DAY, zone)
    pairs = queries.counts_of(campaign, before, day_span(campaign.first_on, last, zone))
    is_final = campaign.state == "approved" and last == campaign.last_on
    return _judged(campaign, [n for pair in pairs for n in pair], days, told_at, is_final=is_final)


def _nothing(campaign: Campaign, told_at: datetime | None, why: str | None) -> Evaluation:
    all_days = (campaign.last_on - campaign.first_on).days + 1
    return Evaluation(0, all_days, 0, told_at, [], None, None, False, False, why)


def _why_not(campaign: Campaign, until: date, last: date | None, today: date) -> str | None:
    if campaign.approved_by is None:
        return "not_approved"
    if until < campaign.first_on:
        return "not_begun"
    if not rules.is_kept(campaign.before_first, today):
        return "events_gone"
    return "no_events_yet" if last is None or last < campaign.first_on else None


def _judged(
    campaign: Campaign, counts: Sequence[int], days: int, told_at: datetime | None, *, is_final: bool
) -> Evaluation:
    pairs = [(counts[2 * n], counts[2 * n + 1]) for n in range(len(ROLES))]
    by_role = dict(zip(ROLES, pairs, strict=True))
    policy = policies_of([campaign.township_id], Period(campaign.first_on, campaign.last_on))[
        campaign.township_id
    ]
    effect = rules.campaign_effect(**by_role, few=policy.few_incidents)
    return Evaluation(
        days=days,
        all_days=(campaign.last_on - campaign.first_on).days + 1,
        few=policy.few_incidents,
        told_at=told_at,
        rows=[Row(role, *pair, rules.two_count_p(*pair)) for role, pair in by_role.items()],
        effect=effect,
        verdict=rules.judge_effect(effect),
        is_final=is_final,
        is_alike=rules.are_alike(by_role["treated"][0], by_role["control"][0]),
        why=None,
    )
