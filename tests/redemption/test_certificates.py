"""Service certificates: asked for, issued by somebody else, looked up by anybody, withdrawn."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Audit
from app.db import db
from app.errors import Conflict, DomainError, NotFound
from app.redemption import certificates, queries, rules
from app.redemption.certificates import Asked
from app.redemption.models import Certificate
from app.teams.scope import scope_of
from tests import make
from tests.redemption.served import attend

NOW = make.EVENING
YEAR = Asked(date(2026, 1, 1), date(2026, 11, 23), "zh", True)


@pytest.fixture
def town(people):
    return people.town.township.id


def issue(people, asked=YEAR, person=None):
    row = certificates.ask(person or people.member, asked, NOW)
    return certificates.issue(people.reviewer, scope_of(people.reviewer), row.township_id, row.id, NOW)


def refused(code, act):
    with pytest.raises(DomainError) as found:
        act()
    assert found.value.code == code


def test_it_says_what_stood_when_it_was_issued(people, town):
    days = attend(people, people.member, 3, 4)
    attend(people, people.member, 4, 1, changes=0)
    unverified = attend(people, people.member, 4, 1)[0]
    unverified.entered_by, unverified.state = None, "ended"  # two taps and nothing else
    later = attend(people, people.member, 2, 1)[0]
    later.day = date(2026, 11, 24)
    db.session.flush()
    row = issue(people)
    assert (row.minutes, row.duties, row.year, row.number) == (16 * 60, 5, 2026, 1)
    assert row.lines == [{"team": people.town.team.name, "duties": 5, "minutes": 960}]
    assert row.stars == 0 and rules.is_sound(row.code) and len(row.code) == 20
    days[0].worked_s = 0
    db.session.flush()
    assert queries.certificate_at(town, row.id).minutes == 960


def test_asking_twice_is_asking_once(people):
    attend(people, people.member, 3)
    first = certificates.ask(people.member, YEAR, NOW)
    assert certificates.ask(people.member, YEAR, NOW).id == first.id
    certificates.issue(people.reviewer, scope_of(people.reviewer), first.township_id, first.id, NOW)
    assert certificates.ask(people.member, YEAR, NOW).id != first.id


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [(date(2026, 1, 1), date(2026, 11, 24), "shop_period_not_over"),
     (date(2026, 2, 1), date(2026, 1, 1), "shop_period_turned")],
)  # fmt: skip
def test_days_that_are_refused(people, first, last, code):
    with pytest.raises(DomainError) as found:
        certificates.ask(people.member, Asked(first, last, "zh", False), NOW)
    assert [one.code for one in found.value.fields] == [code]


def test_without_service_none_is_issued(people):
    refused("shop_no_service", lambda: issue(people))


def test_nobody_certifies_their_own_service(people, town):
    attend(people, people.reviewer, 3)
    row = certificates.ask(people.reviewer, YEAR, NOW)
    scope = scope_of(people.reviewer)
    refused("shop_own_certificate", lambda: certificates.issue(people.reviewer, scope, town, row.id, NOW))
    refused(
        "shop_own_certificate",
        lambda: certificates.refuse(people.reviewer, scope, town, row.id, "not_needed", NOW),
    )
    with pytest.raises(IntegrityError, match="four_eyes"):
        db.session.execute(
            update(Certificate).values(
                state="refused", reason="not_needed", decided_by=people.reviewer.id, decided_at=NOW
            )
        )


def test_it_is_decided_once(people, town):
    attend(people, people.member, 3)
    row = issue(people)
    scope = scope_of(people.admin)
    for act in (
        lambda: certificates.issue(people.admin, scope, town, row.id, NOW),
        lambda: certificates.refuse(people.admin, scope, town, row.id, "not_needed", NOW),
    ):
        with pytest.raises(Conflict):
            act()


def test_others_reach_none(people, town):
    attend(people, people.member, 3)
    row = certificates.ask(people.member, YEAR, NOW)
    for person in (people.leader, people.mate, people.outsider):
        with pytest.raises(NotFound):
            certificates.issue(person, scope_of(person), town, row.id, NOW)
        with pytest.raises(NotFound):
            certificates.ask_for(person, scope_of(person), town, people.member.id, YEAR, NOW)
    scope = scope_of(people.reviewer)
    with pytest.raises(NotFound):
        certificates.ask_for(people.reviewer, scope, town, people.outsider.id, YEAR, NOW)
    assert certificates.ask_for(people.reviewer, scope, town, people.member.id, YEAR, NOW).id == row.id


def test_whoever_holds_the_paper_can_ask(people, town):
    attend(people, people.member, 3, 2)
    row = issue(people)
    shown = certificates.shown_by(f" {rules.in_groups(row.code).lower()} ")
    assert shown is not None and shown.stands
    assert (shown.name, shown.unit, shown.number) == ("王**", "清禾镇", "2026-1")
    assert (shown.minutes, shown.duties, shown.issued_on) == (360, 2, date(2026, 11, 24))
    assert "王队员" not in str(shown)
    certificates.withdraw(
        people.admin, scope_of(people.admin), town, row.id, "wrong_hours", NOW + timedelta(days=1)
    )
    shown = certificates.shown_by(row.code)
    assert shown is not None and not shown.stands and shown.withdrawn_on == date(2026, 11, 25)
    refused(
        "shop_certificate_decided",
        lambda: certificates.withdraw(people.admin, scope_of(people.admin), town, row.id, "wrong_hours", NOW),
    )


@pytest.mark.parametrize("text", ["", "x", "2" * 20, "%00", "A" * 400, "王" * 20])
def test_what_is_no_code_shows_nothing(people, text):
    assert certificates.shown_by(text) is None


def test_a_sound_code_that_nobody_has_shows_nothing(people):
    assert certificates.shown_by(rules.with_check("2" * 19)) is None


def test_a_refused_one_has_no_code_and_a_reason(people, town):
    row = certificates.ask(people.member, YEAR, NOW)
    scope = scope_of(people.reviewer)
    refused(
        "shop_reason_needed", lambda: certificates.refuse(people.reviewer, scope, town, row.id, "no", NOW)
    )
    certificates.refuse(people.reviewer, scope, town, row.id, "no_service", NOW)
    row = queries.certificate_at(town, row.id)
    assert (row.state, row.code, row.reason) == ("refused", None, "no_service")


def test_numbers_follow_each_other_and_every_deed_is_in_the_audit(people, town):
    attend(people, people.member, 3)
    attend(people, people.mate, 3)
    rows = [issue(people), issue(people, person=people.mate)]
    assert [row.number for row in rows] == [1, 2]
    certificates.withdraw(people.reviewer, scope_of(people.reviewer), town, rows[0].id, "by_member", NOW)
    said = list(db.session.scalars(select(Audit.action).where(Audit.object_kind == "certificate")))
    assert sorted(said) == ["certificate.issued", "certificate.issued", "certificate.withdrawn"]
