"""The line that is not crossed: places, patrols and the team's own work; no field about residents (product.md, 1).

No table, column, closed list, form field, field of the API, attribute of an import or code of the catalogue may be one
in which a file on a resident, petitioner, ex-offender, tenant or "key person" could grow. An innocent word that is
found here: rename it, or say in ALLOWED why it is about the team itself.
"""

from __future__ import annotations

import inspect
import re

import pytest
import sqlalchemy
from marshmallow import Schema, fields
from sqlalchemy import CheckConstraint, Column, Integer, MetaData, Table, Text
from wtforms import Form

from app.api import bodies, schemas
from app.db import db
from app.hotspots.models import HOTSPOT_CATEGORIES, Hotspot
from app.incidents.models import CATEGORIES, EVENTS, Incident, RecordedIncident
from app.routes.models import CHECKPOINT_CATEGORIES, Checkpoint
from app.web import forms
from tests import test_translations
from tests.architecture.source import ROOT, files, python_files

# Whole words of a name ("id_card" is id + card), and runs of words.
WORDS = """
resident residents tenant tenants landlord petitioner petitioners petition petitions offender offenders
convict convicts parolee criminal criminals suspect suspects addict addicts drug prostitute prostitution
religion religious belief faith church mosque sect ethnic ethnicity nationality race minority hukou citizen
citizens household_head spouse relative relatives child children minor juvenile victim victims witness
witnesses informant informants blacklist watchlist whitelist score_of_person credit_score risk_person birth
birthday birthdate dob age_years sex gender passport fingerprint face facial biometric dna blood disease
diagnosis disability psychiatric phone_number mobile_number telephone wechat qq email home_address domicile
plate licence_plate license_plate bank account_number salary political party_member marital education employer
migrant foreigner dissident visitor visitors intruder stranger strangers profile profiles dossier
""".split()
RUNS = (
    "id_card", "id_number", "identity_card", "identity_number", "key_person", "key_personnel", "key_population",
    "floating_population", "ex_offender", "former_offender", "person_of_interest", "watch_list", "black_list",
    "criminal_record", "mental_illness", "drug_user", "home_visit", "date_of_birth", "social_credit",
)  # fmt: skip
CHINESE = """
居民 住户 户主 租客 租户 房东 流动人口 暂住 重点人员 重点人口
重点对象 信访 上访 访民 刑满 释放人员 前科 社区矫正 矫正对象 吸毒
涉毒 精神病 精神障碍 宗教 信仰 邪教 民族 教会 身份证 证件号
出生 生日 年龄 性别 户籍 户口 籍贯 手机号 电话号码 住址
人脸 指纹 黑名单 可疑人员 嫌疑人 嫌犯 线人 举报人 车牌 政治面貌
婚姻 病史
""".split()
# Words in the sense of the team's own people and work, each with the reason.
ALLOWED = {
    "child.py": "a child process, no child",
    "file_child.py": "a child process, no child",
    "guard_child.py": "a child process, no child",
    "photo_child.py": "a child process, no child",
    "sheet_child.py": "a child process, no child",
    "rules.choice.time_bank": "hours of service, no account of anybody",
    "rules.key.redemption.time_bank_from_h": "hours of service, no account of anybody",
    "rules.key.redemption.time_bank_cap_h": "hours of service, no account of anybody",
}
# The browser inside that app, from which one has to step out: no account of anybody.
ABOUT_A_BROWSER = ("wechat", "from-wechat", "help.")
# Sentences that promise or refuse something, and so have to name it.
PROMISES = (
    "kept.",
    "gentle.",
    "blur.",
    "reasons.text_names_a_person",
    "errors.text_names_a_person",
    "import.problem.checkpoint_off_street",
)


def parts(name):
    """snake_case, camelCase and dotted names as lower words."""
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    return [part for part in re.split(r"[^a-z]+", split) if part]


def forbidden(name):
    """The first forbidden word in a name, in English or Chinese."""
    if name in ALLOWED or (name.startswith(ABOUT_A_BROWSER) and "wechat" in name):
        return None
    words = parts(name)
    joined = f"_{'_'.join(words)}_"
    for word in (*WORDS, *RUNS):
        if f"_{word}_" in joined:
            return word
    return next((word for word in CHINESE if word in name), None)


def crossing(names):
    return {name: word for name in names if (word := forbidden(name))}


# --- tables ---------------------------------------------------------------------------------------


def schema_names(metadata):
    for table in metadata.sorted_tables:
        yield table.name
        yield from (f"{table.name}.{column.name}" for column in table.columns)
        for constraint in table.constraints:
            if isinstance(constraint, CheckConstraint):
                yield from (f"{table.name}:{v}" for v in re.findall(r"'([^']+)'", str(constraint.sqltext)))


def test_no_table_column_or_closed_list_is_about_residents():
    assert not crossing(schema_names(db.metadata))


def test_no_migration_names_such_a_column():
    columns = set()
    for file in files("migrations/versions/*.py"):
        columns |= set(re.findall(r"sa\.Column\(\s*['\"](\w+)['\"]", file.text))
    assert columns, "the reader is blind"
    assert not crossing(columns)


def test_such_a_column_is_found():
    metadata = MetaData()
    Table(
        "sightings", metadata, Column("id", Integer, primary_key=True), Column("id_card_no", Text),
        Column("keyPerson", Text), Column("birth_on", Text), Column("kind", Text),
        CheckConstraint("kind IN ('hazard','petitioner')"),
    )  # fmt: skip
    found = crossing(schema_names(metadata))
    assert set(found.values()) == {"id_card", "key_person", "birth", "petitioner"}
    assert crossing(["重点人员名单"]) and not crossing(["people.name", "checkins.age_ms", "areas.population"])


# What is known of a person who uses Xunfang, column by column; one more has to be decided here.
PEOPLE = {"id", "login", "name", "password_hash", "language", "home_township_id", "active", "created_at"}
MEMBERS = {
    "team_id", "person_id", "adult", "insured", "insured_until", "trained_on", "has_phone", "joined_on", "left_on",
}  # fmt: skip


def test_what_is_kept_of_a_member_is_a_closed_list():
    tables = db.metadata.tables
    assert set(tables["people"].columns.keys()) == PEOPLE
    assert set(tables["team_members"].columns.keys()) == MEMBERS


def test_people_are_those_who_sign_in_and_nobody_else():
    """Whoever is in `people` has a login; every column that names a person points there, or is a member's own."""
    assert not db.metadata.tables["people"].columns["login"].nullable
    loose = {
        f"{table.name}.{column.name}"
        for table in db.metadata.sorted_tables
        for column in table.columns
        if column.name in {"person_id", "author_id"} and not column.foreign_keys
    }
    # The inbox and its states outlive people: no key points out of or into them.
    assert {name.split(".")[0] for name in loose} <= {
        "inbox_items",
        "item_states",
        "duties",
        "quarantine_items",
    }


# Text that somebody types or imports, by column. "Little free text": a new one has to be decided here.
FREE_TEXT = {
    "people.login", "people.name", "people.password_hash", "people.language",
    "consents.purpose", "sessions.device", "rate_counts.key",
    "audits.action", "audits.object_kind", "audits.object_id",
    "areas.code", "areas.name", "areas.level", "areas.population_source", "areas.time_zone", "areas.metres_crs",
    "policy_versions.topic", "teams.name", "teams.kind", "role_grants.role",
    "network_versions.source", "network_versions.licence", "streets.name", "streets.highway", "routes.name",
    "checkpoints.name", "checkpoints.category", "checkpoints.method", "hotspots.name", "hotspots.category",
    "hotspots.evidence", "shifts.meeting_place", "shifts.status", "shifts.cancel_reason",
    "checkins.phase", "checkins.method", "checkins.time_quality", "checkins.verdict", "checkins.review_verdict",
    "checkins.review_reason", "segments.source", "place_presences.place_kind", "place_presences.grade",
    "point_entries.rule", "point_entries.why", "point_entries.cause",
    "point_entries.debit_account", "point_entries.credit_account",
    "duties.state", "duties.time_quality", "duties.flags", "duty_events.kind", "duty_events.time_quality",
    "inbox_items.kind", "item_states.kind", "item_states.result", "item_states.verdict", "item_states.time_quality",
    "quarantine_items.item_id", "quarantine_items.code", "loggers.app", "loggers.fault",
    "alarms.kind", "alarms.state", "alarms.close_phrase", "alarm_steps.kind", "alarm_steps.channel", "alarm_steps.code",
    "pin_uses.nonce", "push_addresses.endpoint", "push_addresses.p256dh", "push_addresses.auth",
    "handovers.phrase", "handovers.text", "swaps.phrase", "swaps.decision", "swaps.decided_why", "swap_steps.kind",
    "checkins.code_form", "checkpoint_codes.name", "answers.about", "answers.phrase", "answers.text", "answers.outcome",
    "incidents.category", "incidents.phrase", "incidents.text", "incidents.how", "incidents.state",
    "incidents.passed_to", "incidents.closing", "incident_photos.state",
    "recorded_incidents.category", "recorded_incidents.source", "analysis_runs.method", "analysis_runs.state",
    "analysis_runs.fault", "hotspot_proposals.method", "hotspot_proposals.shape", "hotspot_proposals.name",
    "hotspot_proposals.category", "hotspot_proposals.state", "hotspot_proposals.rejection",
    "campaigns.name", "campaigns.state", "campaigns.reason", "campaign_areas.role",
    "campaign_areas.kind", "campaign_areas.name", "plan_runs.kind", "plan_runs.state", "plan_runs.fault",
    "access_tokens.name", "monthly_reports.language", "monthly_reports.state", "report_schedules.language",
    "policy_changes.kind", "policy_changes.topic", "policy_changes.note", "policy_changes.state",
    "policy_bounds.topic", "policy_trials.period", "policy_trials.state", "repricings.state",
    "holidays.kind", "holidays.name", "verified_hazards.severity", "verified_hazards.taken_back_why",
    "training_sessions.kind", "training_attendances.taken_back_why", "no_shows.excuse",
    "false_checkins.reason", "false_checkins.answer", "false_checkins.answer_text", "false_checkins.outcome",
    "fairness_flags.kind", "fairness_flags.subject", "fairness_flags.state", "fairness_flags.reason",
    "fairness_flags.note", "team_rankings.measure",
    "point_approvals.kind", "point_approvals.reason", "point_audits.result", "point_audits.note",
    "point_notice_lines.pseudonym", "point_objections.text", "point_objections.state", "point_objections.answer",
    "declines.phrase", "leaves.phrase", "leaves.decision", "leaves.decided_why",
    # Closed lists, and `paper`: the number of a document, of few signs and none of a sentence.
    "assessments.reason", "assessment_returns.indicator", "assessment_returns.reason", "assessment_returns.outcome",
    "assessment_notices.channel", "assessment_notices.paper", "assessment_plan_items.indicator",
    "assessment_plan_items.action", "assessment_plan_items.owner", "assessment_plan_items.paper",
    "shop_items.name_zh", "shop_items.name_en", "shop_items.unit", "shop_orders.unit", "shop_orders.state",
    "shop_orders.reason", "donation_purposes.name_zh", "donation_purposes.name_en", "donations.unit",
    "certificates.language", "certificates.state", "certificates.code", "certificates.reason",
    "budget_lines.line", "money_sources.fund", "money_sources.kind", "money_sources.name", "money_sources.document",
    "allocations.fund", "allocations.from_line", "allocations.reason", "allocations.state", "allocation_parts.line",
    "allocation_parts.fund", "commitments.line", "commitments.payee_kind", "commitments.payee", "commitments.what",
    "commitments.cause", "commitments.state", "disbursements.kind", "disbursements.receipt",
    "village_grades.evidence", "grant_rounds.kind", "grant_rounds.state", "grant_awards.grade",
}  # fmt: skip


def test_text_columns_are_a_closed_list():
    found = {
        f"{table.name}.{column.name}"
        for table in db.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Text)
    }
    assert not found - FREE_TEXT, "decide what may be written there, then add it to FREE_TEXT"


JSON = {
    "policy_versions.body", "audits.detail", "inbox_items.body", "quarantine_items.content", "point_entries.detail",
    "duties.track_spans", "analysis_runs.parameters", "analysis_runs.result", "hotspot_proposals.parameters",
    "hotspot_proposals.shapes", "hotspot_proposals.windows", "plan_runs.parameters", "plan_runs.result",
    "policy_changes.body", "policy_bounds.body", "policy_trials.made_from", "policy_trials.result", "repricings.before",
    "repricings.result",
    "fairness_flags.figures",
    "assessments.figures",
    "certificates.lines",
    "grant_rounds.numbers",
}  # fmt: skip


def test_json_columns_are_a_closed_list():
    """In JSON anything could be kept: what goes in is decided by a body's schema, a Policy, or a rule's figures."""
    found = {
        f"{table.name}.{column.name}"
        for table in db.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sqlalchemy.JSON)
    }
    assert found == JSON


# --- closed categories of places ------------------------------------------------------------------

PLACES = {
    "market", "school_gate", "station", "night_economy", "square", "park", "parking", "waterside", "road_danger",
    "works", "fire_risk", "theft_prone_street", "street", "crossing", "gate", "school", "clinic", "bridge", "office",
    "shop_row",
}  # fmt: skip


def test_categories_are_places_and_closed():
    assert set(HOTSPOT_CATEGORIES) | set(CHECKPOINT_CATEGORIES) <= PLACES, (
        "is it a place, and no dwelling? Then add it"
    )
    dwellings = {
        "home",
        "house",
        "dwelling",
        "flat",
        "residence",
        "rental",
        "dormitory",
        "temple",
        "petition_office",
    }
    assert not dwellings & PLACES
    # What may be reported: the way, fire, weather, the order of a place, and that nothing was found.
    assert set(CATEGORIES) == {"road", "fire", "weather", "order", "nothing"}
    # What may be imported: kinds of events at public places.
    assert set(EVENTS) == {
        "theft_public", "theft_from_vehicle", "theft_of_vehicle", "theft_of_bike", "burglary_shop", "burglary_site",
        "dispute_public", "damage", "fire", "traffic", "fraud_scene",
    }  # fmt: skip
    for model in (Hotspot, Checkpoint, Incident, RecordedIncident):
        closed = [
            c
            for c in model.__table__.constraints
            if isinstance(c, CheckConstraint) and "category" in str(c.sqltext)
        ]
        assert closed, f"{model.__name__}: the database itself refuses another category"


# --- forms, the API, imports, words ---------------------------------------------------------------


def form_fields():
    for name, form in inspect.getmembers(forms, inspect.isclass):
        if issubclass(form, Form) and form.__module__ == forms.__name__:
            yield from (f"{name}.{field}" for field in dir(form) if not field.startswith("_"))


def test_no_form_asks_about_residents():
    asked = list(form_fields())
    assert "ShiftForm.meeting_place" in asked, "the reader is blind"
    assert not crossing(asked)


def api_fields(schema, seen):
    for name, field in schema._declared_fields.items():
        yield f"{schema.__name__}.{field.data_key or name}"
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested) and inner.schema.__class__ not in seen:
            yield from api_fields(inner.schema.__class__, {*seen, schema})


def test_no_field_of_the_protocol_is_about_residents():
    modules = (schemas, bodies)
    found = (one for module in modules for _, one in inspect.getmembers(module, inspect.isclass))
    shapes = [one for one in found if issubclass(one, Schema)]
    names = [name for shape in shapes for name in api_fields(shape, {shape})]
    assert "Note.text" in names, "the reader is blind"
    assert not crossing(names)


def test_free_words_of_the_phone_are_short():
    for body in (bodies.Note, bodies.Report, bodies.Answer, bodies.Handover):
        assert body._declared_fields["text"].validate.max == 280


def test_no_input_of_a_page_is_about_residents():
    names = set()
    for file in files("app/templates/**/*.html", "static/js/**/*.js"):
        names |= set(re.findall(r"\bname=[\"']([\w-]+)[\"']", file.text))
    assert names, "the reader is blind"
    assert not crossing(names)


def test_imports_read_no_such_attribute():
    """What an import reads is named in its file; every other attribute of the source is dropped."""
    names = set()
    for file in files("app/cli/import_*.py", "app/incidents/files.py"):
        names |= set(re.findall(r"values\.\w+\(\s*\"(\w+)\"", file.text))
    assert {"name", "code", "source_id"} <= names, "the reader is blind"
    assert not crossing(names)


def test_no_file_package_or_function_keeps_such_a_thing():
    names = {file.name for file in python_files()} | {p.name for p in (ROOT / "app").iterdir()}
    assert not crossing(names)


@pytest.mark.parametrize("subject", test_translations.SUBJECTS)
def test_no_code_of_the_catalogue_names_such_a_thing(subject):
    assert not crossing(test_translations.catalogue(subject, "zh"))


@pytest.mark.parametrize("subject", test_translations.SUBJECTS)
def test_no_sentence_asks_for_such_a_thing(subject):
    """Chinese sentences, where the words are unmistakable; promises may name what is not kept."""
    said = {
        code: [word for word in CHINESE if word in sentence]
        for code, (sentence, _) in test_translations.catalogue(subject, "zh").items()
        if not code.startswith(PROMISES)
    }
    assert not {code: words for code, words in said.items() if words}
