"""A year's money on the real database: two people each time, lines apart, nothing spent that is not there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Audit
from app.db import db
from app.errors import Conflict, DomainError, NotFound
from app.money import commitments, operations, queries, reconciling
from app.money.models import Allocation, Commitment, Disbursement, MoneySource
from app.money.queries import LineKey
from app.teams.scope import scope_of
from tests import make
from tests.money.books import (
    NOW,
    YEAR,
    approve,
    fund,
    new_id,
    open_pot,
    pay,
    payment,
    propose,
    second_reviewer,
    wish,
)  # fmt: skip


@pytest.fixture
def books(people: Any) -> Any:
    open_pot(people)
    return people


def line(people: Any, name: str = "points_shop") -> tuple[int, int, int]:
    row = queries.line_of(LineKey(people.town.township.id, YEAR, name))
    assert row is not None
    return row.allocated_fen, row.committed_fen, row.disbursed_fen


def refused(act: Any, code: str, *more: Any) -> DomainError:
    with pytest.raises(DomainError) as found, db.session.begin_nested():
        act(*more)
    assert found.value.code == code
    return found.value


def faults(act: Any) -> dict[str, str]:
    return {fault.pointer: fault.code for fault in refused(act, "invalid").fields}


def the_database_refuses(constraint: str, statement: str, **values: Any) -> None:
    with pytest.raises(IntegrityError) as found, db.session.begin_nested():
        db.session.execute(text(statement), values)
    assert found.value.orig is not None
    assert found.value.orig.diag.constraint_name == constraint  # type: ignore[attr-defined]


# --- the pot ------------------------------------------------------------------------------------------------------


def test_a_pot_is_worked_out_of_the_villages_and_opened_by_another(people: Any) -> None:
    town = people.town.township
    pot = operations.propose_pot(people.reviewer, town, YEAR, NOW)
    assert (pot.people, pot.fen_a_person, pot.fen) == (6000, 300, 1_800_000)
    refused(lambda: operations.open_pot(people.reviewer, town, YEAR, NOW), "proposal_own")
    assert queries.lines_of(town.id, YEAR) == {}
    operations.open_pot(people.admin, town, YEAR, NOW)
    planned = {name: row.planned_fen for name, row in queries.lines_of(town.id, YEAR).items()}
    assert planned == {
        "village_base": 900_000, "performance": 540_000, "points_shop": 216_000, "insurance_equipment": 90_000,
        "reserve": 54_000, "wages": 0, "allowances": 0,
    }  # fmt: skip
    refused(lambda: operations.propose_pot(people.reviewer, town, YEAR, NOW), "pot_opened")
    refused(lambda: operations.open_pot(people.admin, town, YEAR, NOW), "pot_opened")


def test_a_wrong_proposal_is_made_anew_and_the_settings_of_its_day_stay(people: Any) -> None:
    town = people.town.township
    make.make_policy(
        town, "money", {"fen_a_person_a_year": 500, "reserve_percent": 0, "points_shop_percent": 15}
    )
    operations.propose_pot(people.reviewer, town, YEAR, NOW)
    people.town.villages[0].population = 1000
    db.session.flush()
    again = operations.propose_pot(people.reviewer, town, YEAR, NOW)
    assert (again.n, again.people, again.fen) == (2, 4000, 2_000_000)
    make.make_policy(town, "money", {}, date(2026, 11, 1))
    operations.open_pot(people.admin, town, YEAR, NOW)
    assert queries.lines_of(town.id, YEAR)["points_shop"].planned_fen == 300_000


def test_a_pot_needs_people_and_a_year_that_is_near(people: Any) -> None:
    town = people.town.township
    refused(lambda: operations.propose_pot(people.reviewer, town, 2030, NOW), "invalid")
    refused(lambda: operations.open_pot(people.admin, town, YEAR, NOW), "proposal_gone")
    for village in people.town.villages:
        village.population = None
    db.session.flush()
    refused(lambda: operations.propose_pot(people.reviewer, town, YEAR, NOW), "pot_no_people")


def test_nothing_is_taken_in_before_the_pot_is_open(people: Any) -> None:
    refused(lambda: fund(people, 100), "pot_not_open")
    refused(lambda: propose(people, 100), "pot_not_open")


# --- sources and allocations --------------------------------------------------------------------------------------


def test_a_source_is_split_as_the_pot_is_and_to_the_fen(books: Any) -> None:
    fund(books, 1_000_003)
    rows = queries.lines_of(books.town.township.id, YEAR)
    assert sum(row.allocated_fen for row in rows.values()) == 1_000_003
    assert rows["points_shop"].allocated_fen == 120_000 and rows["wages"].allocated_fen == 0
    assert db.session.scalar(select(MoneySource.allocated_fen)) == 1_000_003


def test_more_than_a_source_holds_is_not_allocated(books: Any) -> None:
    town, source_id = books.town.township, fund(books, 1000, {"points_shop": 600})
    asked = operations.Wish(new_id(), source_id, None, {"reserve": 401}, "余款")
    operations.propose_allocation(books.reviewer, town, YEAR, asked, NOW)
    refused(
        lambda: operations.approve_allocation(books.admin, scope_of(books.admin), asked.id, NOW),
        "source_short",
    )
    rest = operations.Wish(new_id(), source_id, None, {}, "余款")
    assert operations.propose_allocation(books.reviewer, town, YEAR, rest, NOW).fen == 400


def test_a_transfer_between_lines_takes_only_what_is_free(books: Any) -> None:
    fund(books, 1000, {"reserve": 1000})
    approve(books, propose(books, 700, "reserve"))
    town, scope = books.town.township, scope_of(books.admin)
    for fen, code in ((301, "budget_short"), (300, None)):
        asked = operations.Wish(new_id(), None, "reserve", {"points_shop": fen}, "商店不足")
        operations.propose_allocation(books.reviewer, town, YEAR, asked, NOW)

        def act(asked: operations.Wish = asked) -> None:
            operations.approve_allocation(books.admin, scope, asked.id, NOW)

        refused(act, code) if code else act()
    assert line(books, "reserve") == (700, 700, 0) and line(books) == (300, 0, 0)


def test_whoever_proposed_an_allocation_does_not_approve_it_and_it_is_decided_once(books: Any) -> None:
    town = books.town.township
    source = operations.Source(new_id(), "pot", "donation", "商会", "捐赠协议3号", 500)
    operations.enter_source(books.reviewer, town, YEAR, source, NOW)
    asked = operations.Wish(new_id(), source.id, None, {"points_shop": 500}, "捐赠")
    row = operations.propose_allocation(books.reviewer, town, YEAR, asked, NOW)
    mine, theirs = scope_of(books.reviewer), scope_of(books.admin)
    refused(lambda: operations.approve_allocation(books.reviewer, mine, row.id, NOW), "proposal_own")
    operations.approve_allocation(books.admin, theirs, row.id, NOW)
    refused(lambda: operations.approve_allocation(books.admin, theirs, row.id, NOW), "proposal_decided")
    refused(lambda: operations.refuse_allocation(books.reviewer, mine, row.id, NOW), "proposal_decided")
    assert line(books) == (500, 0, 0)


def test_an_amount_that_is_none_is_no_split(books: Any) -> None:
    """A line named with nothing for it takes nothing, least of all everything."""
    town = books.town.township
    source = operations.Source(new_id(), "pot", "county", "县财政局", "8号", 500)
    operations.enter_source(books.reviewer, town, YEAR, source, NOW)
    for fen in (0, -5):
        asked = operations.Wish(new_id(), source.id, None, {"reserve": fen}, "安排")
        said = faults(
            lambda asked=asked: operations.propose_allocation(books.reviewer, town, YEAR, asked, NOW)
        )
        assert said == {"/amount": "money_amount"}
    same = operations.Wish(new_id(), None, "reserve", {"reserve": 5}, "安排")
    assert faults(lambda: operations.propose_allocation(books.reviewer, town, YEAR, same, NOW)) == {
        "/target": "money_same_line"
    }
    nowhere = operations.Wish(new_id(), None, None, {"reserve": 5}, "安排")
    assert faults(lambda: operations.propose_allocation(books.reviewer, town, YEAR, nowhere, NOW)) == {
        "/origin": "field_needed"
    }


def test_the_same_form_twice_is_one_row(books: Any) -> None:
    town = books.town.township
    source = operations.Source(new_id(), "pot", "village", "西村", "村委会决议", 500)
    asked = operations.Wish(new_id(), source.id, None, {}, "年初")
    for _ in range(2):
        operations.enter_source(books.reviewer, town, YEAR, source, NOW)
        operations.propose_allocation(books.reviewer, town, YEAR, asked, NOW)
    commitment = wish(books, 10)
    for _ in range(2):
        commitments.propose(books.reviewer, town, YEAR, commitment, NOW)
    assert [
        len(list(db.session.scalars(select(model)))) for model in (MoneySource, Allocation, Commitment)
    ] == [1, 1, 1]


def test_wages_allowances_and_recognition_never_mix(books: Any) -> None:
    town = books.town.township
    wages = operations.Source(new_id(), "wages", "county", "县财政局", "工资批文", 500)
    operations.enter_source(books.reviewer, town, YEAR, wages, NOW)
    for parts in ({"points_shop": 500}, {"allowances": 500}, {"wages": 250, "reserve": 250}):
        asked = operations.Wish(new_id(), wages.id, None, parts, "安排")
        assert faults(lambda asked=asked: operations.propose_allocation(books.reviewer, town, YEAR, asked, NOW)) == {
            "/target": "money_funds_apart"
        }  # fmt: skip
    out_of = operations.Wish(new_id(), None, "points_shop", {"wages": 5}, "挪用")
    assert faults(lambda: operations.propose_allocation(books.reviewer, town, YEAR, out_of, NOW)) == {
        "/target": "money_funds_apart"
    }
    for name, kind in (
        ("points_shop", "wage"),
        ("wages", "allowance"),
        ("reserve", "wage"),
        ("wages", "shop"),
    ):
        bad = wish(books, 5, name, payee_kind=kind)
        said = faults(lambda bad=bad: commitments.propose(books.reviewer, town, YEAR, bad, NOW))
        assert said["/payee_kind"] == "money_lines_apart"


def test_the_database_keeps_the_funds_apart_too(books: Any) -> None:
    town, source_id = books.town.township.id, fund(books, 1000, {"points_shop": 100})
    allocation = db.session.scalars(select(Allocation)).one()
    part = "INSERT INTO allocation_parts VALUES (:town, :id, :line, 2026, :fund, 5)"
    the_database_refuses(
        "ck_allocation_parts_funds_apart", part, town=town, id=allocation.id, line="wages", fund="pot"
    )
    the_database_refuses(
        "fk_allocation_parts_allocation", part, town=town, id=allocation.id, line="wages", fund="wages"
    )
    row = """INSERT INTO allocations (township_id, id, year, fund, source_id, fen, reason, proposed_by, proposed_at)
             VALUES (:town, :id, 2026, 'wages', :source, 5, 'x', :who, now())"""
    the_database_refuses(
        "fk_allocations_source", row, town=town, id=new_id(), source=source_id, who=books.reviewer.id
    )
    pays = """INSERT INTO commitments (township_id, id, year, line, payee_kind, person_id, what, fen, proposed_by,
              proposed_at) VALUES (:town, :id, 2026, :line, :kind, :member, 'x', 5, :who, now())"""
    for name, kind in (
        ("points_shop", "wage"),
        ("wages", "allowance"),
        ("allowances", "wage"),
        ("reserve", "wage"),
    ):
        the_database_refuses(
            "ck_commitments_lines_apart", pays, town=town, id=new_id(), line=name, kind=kind,
            member=books.member.id, who=books.reviewer.id,
        )  # fmt: skip


# --- self-approval is impossible in the database ------------------------------------------------------------------


def test_nobody_approves_the_own_proposal_whatever_the_application_says(books: Any) -> None:
    fund(books, 1000, {"points_shop": 1000})
    commitment_id = propose(books, 10)
    who = books.reviewer.id
    for table in ("pots", "allocations"):
        the_database_refuses(f"ck_{table}_four_eyes", f"UPDATE {table} SET approved_by = proposed_by")
    the_database_refuses(
        "ck_commitments_four_eyes", "UPDATE commitments SET state = 'approved', approved_by = :who", who=who
    )
    approve(books, commitment_id)
    pays = """INSERT INTO disbursements VALUES (:town, :id, :of, 'payment', 5, '2026-11-20', 'r', NULL, :by, :who,
              now())"""
    values = {"town": books.town.township.id, "of": commitment_id, "id": new_id()}
    the_database_refuses("ck_disbursements_four_eyes", pays, by=books.admin.id, who=books.admin.id, **values)
    the_database_refuses(
        "fk_disbursements_commitment", pays, by=books.member.id, who=books.admin.id, **values
    )


def test_whoever_is_paid_does_not_approve_it(books: Any) -> None:
    fund(books, 1000, fund="allowances")
    second = second_reviewer(books)
    make.join_team(second, books.town.team)
    commitment_id = propose(books, 10, "allowances", person_id=second.id)
    refused(lambda: approve(books, commitment_id, second), "money_own")
    the_database_refuses(
        "ck_commitments_four_eyes",
        "UPDATE commitments SET state = 'approved', approved_by = :who",
        who=second.id,
    )
    assert approve(books, commitment_id).state == "approved"


# --- commitments and payments -------------------------------------------------------------------------------------


def test_a_commitment_is_approved_against_what_is_free_and_once(books: Any) -> None:
    fund(books, 100, {"points_shop": 100})
    first, second = propose(books, 60), propose(books, 50)
    refused(lambda: approve(books, first, books.reviewer), "proposal_own")
    approve(books, first)
    refused(lambda: approve(books, first), "proposal_decided")
    wrong = refused(lambda: approve(books, second), "budget_short")
    assert wrong.figures == {"asked": "0.50", "free": "0.40"}
    assert line(books) == (100, 60, 0)
    scope = scope_of(books.reviewer)
    commitments.refuse(books.reviewer, scope, second, NOW)
    refused(lambda: approve(books, second), "proposal_decided")


def test_a_payment_needs_evidence_and_another_person_than_the_approver(books: Any) -> None:
    fund(books, 100, {"points_shop": 100})
    commitment_id = propose(books, 80)
    refused(lambda: pay(books, commitment_id, 10), "commitment_not_approved")
    approve(books, commitment_id)
    scope = scope_of(books.admin)
    refused(
        lambda: commitments.pay(books.admin, scope, commitment_id, payment(10), NOW), "money_approver_pays"
    )
    assert faults(lambda: pay(books, commitment_id, 10, receipt=" ")) == {"/receipt": "field_needed"}
    assert faults(lambda: pay(books, commitment_id, 0)) == {"/fen": "money_amount"}
    for day in (date(2026, 11, 25), date(2024, 12, 31)):
        assert faults(lambda day=day: pay(books, commitment_id, 10, paid_on=day)) == {
            "/paid_on": "money_paid_on"
        }
    row = pay(books, commitment_id, 50)
    assert (row.disbursed_fen, row.open_fen) == (50, 30) and line(books) == (100, 80, 50)
    wrong = refused(lambda: pay(books, commitment_id, 31), "commitment_exceeded")
    assert wrong.figures == {"open": "0.30"}


def test_the_same_payment_twice_is_one(books: Any) -> None:
    fund(books, 100, {"points_shop": 100})
    commitment_id = propose(books, 80)
    approve(books, commitment_id)
    one = payment(40, receipt_sha256=bytes(32))
    for _ in range(2):
        commitments.pay(books.reviewer, scope_of(books.reviewer), commitment_id, one, NOW)
    assert line(books) == (100, 80, 40)
    assert db.session.scalars(select(Disbursement)).one().receipt_sha256 == bytes(32)


def test_what_is_not_paid_goes_back_when_a_commitment_is_closed(books: Any) -> None:
    fund(books, 100, {"points_shop": 100})
    commitment_id = propose(books, 80)
    scope = scope_of(books.reviewer)
    refused(lambda: commitments.close(books.reviewer, scope, commitment_id, NOW), "commitment_not_approved")
    approve(books, commitment_id)
    pay(books, commitment_id, 50)
    for _ in range(2):
        row = commitments.close(books.reviewer, scope, commitment_id, NOW)
    assert (row.state, row.released_fen) == ("closed", 30) and line(books) == (100, 50, 50)
    refused(lambda: pay(books, commitment_id, 1), "commitment_exceeded")
    approve(books, propose(books, 50))
    assert line(books) == (100, 100, 50)


def test_money_that_comes_back_is_free_again_once_the_commitment_is_closed(books: Any) -> None:
    fund(books, 100, {"points_shop": 100})
    commitment_id = propose(books, 80)
    approve(books, commitment_id)
    pay(books, commitment_id, 50)
    scope = scope_of(books.reviewer)

    def back(fen: int) -> Any:
        return commitments.come_back(books.reviewer, scope, commitment_id, payment(fen), NOW)

    refused(lambda: back(51), "return_exceeded")
    assert back(20).open_fen == 50 and line(books) == (100, 80, 30)
    commitments.close(books.reviewer, scope, commitment_id, NOW)
    assert back(10).open_fen == 0 and line(books) == (100, 20, 20)


def test_free_words_hold_no_long_number(books: Any) -> None:
    for name in ("what", "payee"):
        bad = replace(wish(books, 5), **{name: "卡号 6222 0202 0001 2345"})
        said = faults(
            lambda bad=bad: commitments.propose(books.reviewer, books.town.township, YEAR, bad, NOW)
        )
        assert said == {f"/{name}": "money_long_number"}
    long = replace(wish(books, 5), what="长" * 81)
    said = faults(lambda: commitments.propose(books.reviewer, books.town.township, YEAR, long, NOW))
    assert said == {"/what": "too_long"}


def test_a_payee_belongs_to_the_township(books: Any) -> None:
    strangers = {"village_id": books.other.villages[0].id}, {"person_id": books.outsider.id}
    for name, more, pointer in zip(
        ("reserve", "allowances"), strangers, ("/village", "/person"), strict=True
    ):
        bad = wish(books, 5, name, **more)
        said = faults(
            lambda bad=bad: commitments.propose(books.reviewer, books.town.township, YEAR, bad, NOW)
        )
        assert said == {pointer: "field_needed"}


def test_money_of_another_township_is_not_there(books: Any) -> None:
    fund(books, 100, {"points_shop": 100})
    commitment_id = propose(books, 10)
    stranger = make.make_person("外镇审核员", books.other.township)
    make.grant(stranger, "reviewer", area=books.other.township)
    for who in (stranger, books.leader, books.member):
        with pytest.raises(NotFound):
            approve(books, commitment_id, who)


def test_everything_is_audited(books: Any) -> None:
    fund(books, 100, {"points_shop": 100})
    commitment_id = propose(books, 80)
    approve(books, commitment_id)
    pay(books, commitment_id, 50)
    commitments.close(books.reviewer, scope_of(books.reviewer), commitment_id, NOW)
    said = set(db.session.scalars(select(Audit.action).where(Audit.action.like("money.%"))))
    assert said == {
        "money.pot_proposed", "money.pot_opened", "money.source_entered", "money.allocation_proposed",
        "money.allocation_approved", "money.commitment_proposed", "money.commitment_approved", "money.paid",
        "money.closed",
    }  # fmt: skip


# --- reconciliation -----------------------------------------------------------------------------------------------


def found_by(people: Any, today: date = make.DAY) -> set[str]:
    found = reconciling.reconcile(people.town.township, YEAR, today)
    return {finding.code for finding in found.findings}


def test_books_that_are_whole_have_no_fault(books: Any) -> None:
    fund(books, 1_800_000)
    commitment_id = propose(books, 500)
    approve(books, commitment_id)
    pay(books, commitment_id, 200)
    assert found_by(books) == {"goods_ahead"}
    found = reconciling.reconcile(books.town.township, YEAR, make.DAY)
    assert [found.total(name) for name in ("planned", "allocated", "committed", "disbursed")] == [
        1_800_000, 1_800_000, 500, 200,
    ]  # fmt: skip


def test_each_difference_is_named(books: Any) -> None:
    fund(books, 1_000, {"points_shop": 900})
    assert found_by(books) == {"source_rest", "pot_short"}
    db.session.execute(
        text("UPDATE budget_lines SET committed_fen = 7, disbursed_fen = 3 WHERE line = 'points_shop'")
    )
    found = reconciling.reconcile(books.town.township, YEAR, make.DAY)
    faults = [f for f in found.findings if f.is_fault]
    assert [(f.code, f.line, f.figures["difference"]) for f in faults] == [
        ("committed_differs", "points_shop", "0.07"), ("disbursed_differs", "points_shop", "0.03"),
    ]  # fmt: skip
    assert reconciling.reconcile(books.town.township, YEAR, date(2027, 1, 1)).points is None


def test_the_queue_counts_what_others_proposed(books: Any) -> None:
    fund(books, 100, {"points_shop": 100})
    propose(books, 10)
    assert queries.waiting_for(scope_of(books.admin)) == 1
    assert queries.waiting_for(scope_of(books.reviewer)) == 0
    assert queries.waiting_for(scope_of(books.leader)) == 0


def test_a_second_proposal_of_the_same_moment_is_a_conflict_and_no_fault(books: Any) -> None:
    """A pot that somebody else proposes meanwhile: the key is taken, and the answer is plain."""
    town = books.town.township
    assert operations.propose_pot(books.reviewer, town, YEAR + 1, NOW).n == 1
    key = {"township_id": town.id, "year": YEAR + 1, "n": 1}
    from app.money.models import Pot

    assert not operations.add_once(
        Pot, key, people=1, fen_a_person=1, fen=1, proposed_by=books.admin.id, proposed_at=NOW
    )
    assert issubclass(Conflict, DomainError)


def test_a_member_s_export_holds_what_was_committed_to_them_and_nobody_s_id(books: Any) -> None:
    from app.field.export import export_of

    fund(books, 1000, fund="allowances")
    approve(books, propose(books, 400, "allowances", what="十一月补贴"))
    propose(books, 100)
    data = export_of(books.member, NOW).data["commitments"]
    assert [(row["what"], row["fen"], row["state"]) for row in data] == [("十一月补贴", 400, "approved")]
    assert not {"proposed_by", "approved_by", "ended_by"} & set(data[0])
