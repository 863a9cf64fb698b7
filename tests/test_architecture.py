"""The rules of the house. Each is a function in tests/architecture/; each is held against the tree, and against a
made-up offence, so that a rule which cannot fail is itself found out.

To add a rule: a function from a File to its faults, a line in RULES with an offence and a decent neighbour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest
from flask import Blueprint
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table

from app import create_app, gate
from app.config import read_settings
from app.db import db
from tests.architecture import acts, docs, house, ladder, tables
from tests.architecture.source import ROOT, File, files, python_files, tracked_paths


@dataclass(frozen=True)
class Rule:
    """`offences` and `decent` are (path, source): each offence must be found, each decent file must pass."""

    check: Callable[[File], Iterable[str]]
    where: Callable[[], list[File]]
    offences: tuple[tuple[str, str], ...]
    decent: tuple[tuple[str, str], ...] = ()


def templates() -> list[File]:
    return files("app/templates/**/*.html")


def scripts() -> list[File]:
    return files("static/js/**/*.js", "static/*.js")


def browser_tests() -> list[File]:
    return files("tests/browser/*.py", "tests/demo/*.py")


def code() -> list[File]:
    return python_files() + scripts()


def repository() -> list[File]:
    """Every tracked path; the text only of what is text and ours to write."""
    texts = (".py", ".js", ".mjs", ".css", ".html", ".sh", ".md")
    locked = {"package-lock.json"}
    found = []
    for path in tracked_paths():
        readable = path.endswith(texts) and path not in locked and not path.startswith("tests/")
        text = (ROOT / path).read_text(encoding="utf-8", errors="replace") if readable else ""
        found.append(File(path, text))
    return found


RULES = {
    "ladder": Rule(
        ladder.ladder, python_files,
        (
            ("app/duty/operations.py", "from app.checkins import queries"),
            ("app/tracks/queries.py", "from app.checkins.models import Checkin"),
            ("app/api/field.py", "from app.web.words import hhmm"),
            ("app/web/board.py", "import app.api.field"),
            ("app/jobs/nightly.py", "from app.cli import imports"),
            ("app/cli/imports.py", "from app.gate import me"),
            ("app/geo.py", "from app.areas.models import Area"),
            ("app/duty/queries.py", "from app.problems import sentence"),
            ("app/weather/rules.py", "from app.duty import rules"),
            ("app/gate.py", "from app.duty import board"),
        ),
        (
            ("app/field/operations.py", "from app.incentives import operations\nfrom app.coverage.models import X"),
            ("app/cli/demo.py", "from app.demo import fill"),
            ("app/web/board.py", "from app.gate import me\nfrom app.duty import board"),
        ),
    ),
    "inside a domain": Rule(
        ladder.inside_a_domain, python_files,
        (
            ("app/duty/queries.py", "from app.duty import operations"),
            ("app/duty/queries.py", "from app.duty.rules import judge_span"),
            ("app/duty/models.py", "from app.areas.models import Area"),
            ("app/duty/operations.py", "from flask import request"),
        ),
        (("app/tracks/queries.py", "from app.tracks.rules import Fix"),),
    ),
    "rules are pure": Rule(
        ladder.pure_rules, python_files,
        (
            ("app/duty/rules.py", "from sqlalchemy import select"),
            ("app/duty/rules.py", "from app.db import db"),
            ("app/coverage/pieces.py", "import random"),
            ("app/duty/rules.py", "from app.duty.models import Duty"),
        ),
        (("app/coverage/pieces.py", "import math\nimport numpy\nimport shapely\nfrom app.tracks.rules import F"),),
    ),
    "statistics and solvers stay in the worker": Rule(
        ladder.worker_only, python_files,
        (
            ("app/hotspots/operations.py", "import esda"),
            ("app/planning/beats.py", "from ortools.sat.python import cp_model"),
            ("app/planning/beats.py", "def f():\n    from app.planning.solving import best_beat"),
            ("app/jobs/plans.py", "from app.planning import solving"),
            ("app/web/hotspots.py", "def f():\n    from app.hotspots import finding"),
            ("app/jobs/hotspots.py", "from app.hotspots import finding"),
        ),
        (
            ("app/jobs/hotspots.py", "def f():\n    from app.hotspots import finding"),
            ("app/jobs/plans.py", "def f():\n    from app.planning import solving"),
        ),
    ),
    "only the top commits": Rule(
        acts.commits, python_files,
        (("app/duty/operations.py", "db.session.commit()"), ("app/gate.py", "session.commit()")),
        (("app/api/field.py", "db.session.commit()"),),
    ),
    "SQL stays in queries": Rule(
        acts.sql, python_files,
        (
            ("app/duty/operations.py", "from sqlalchemy import text\ndb.session.execute(text('SELECT 1'))"),
            ("app/coverage/facts.py", "from sqlalchemy import func\nfunc.ST_Length(x)"),
            ("app/cli/imports.py", "connection.execute('SELECT 1')"),
            ("app/api/health.py", "db.session.scalar(f'SELECT {x}')"),
        ),
        (("app/duty/queries.py", "from sqlalchemy import text\ntext('SELECT')"), ("app/cli/x.py", "values.text('n')")),
    ),
    "one clock": Rule(
        acts.clock, python_files,
        (
            ("app/api/field.py", "from datetime import datetime, UTC\nnow = datetime.now(UTC)"),
            ("app/demo/plan.py", "from datetime import date\ndate.today()"),
            ("app/gate.py", "import time\ntime.time()"),
            ("app/duty/queries.py", "select(func.now())"),
            ("app/duty/operations.py", "import time\ntime.monotonic()"),
            ("app/duty/operations.py", "from app import clock\nclock.now()"),
        ),
        (("app/cli/demo.py", "import time\ntime.monotonic()"), ("app/clock.py", "datetime.now(UTC)")),
    ),
    "rules know no chance": Rule(
        acts.pure_judgement, python_files,
        (
            ("app/duty/rules.py", "import random\nrandom.random()"),
            ("app/field/rules.py", "from uuid import uuid4\nuuid4()"),
            ("app/coverage/rules.py", "datetime.now()"),
            ("app/incentives/rules.py", "NIGHT = 1.1"),
            ("app/incentives/rules.py", "float(points)"),
        ),
        (("app/coverage/rules.py", "BUFFER_M = 25.1"), ("app/incentives/rules.py", "NIGHT = 1.5")),
    ),
    "a domain writes its own rows": Rule(
        acts.own_rows, python_files,
        (
            ("app/checkins/operations.py", "from app.duty.models import Duty\ndb.session.execute(update(Duty))"),
            ("app/checkins/operations.py", "from app.duty.models import Duty\ndb.session.add(Duty(id=1))"),
        ),
        (("app/checkins/operations.py", "from app.duty.models import Duty\nselect(Duty)"),),
    ),
    "no long files": Rule(
        house.length, code, (("app/duty/rules.py", "x = 1\n" * 451),), (("app/duty/rules.py", "x = 1\n" * 440),)
    ),
    "pages obey their policy": Rule(
        house.template, templates,
        (
            ("app/templates/a.html", '<p style="color: red">'),
            ("app/templates/a.html", "<button onclick=\"go()\">"),
            ("app/templates/a.html", "<script>go()</script>"),
            ("app/templates/a.html", '<link rel="stylesheet" href="https://cdn.example/x.css">'),
        ),
        (("app/templates/a.html", '<p class="red"><script type="module" src="/static/dist/desk.js"></script>'),),
    ),
    "browser tests wait under our policy": Rule(
        house.waiting, browser_tests,
        (("tests/browser/test_a.py", "page.wait_for_function('document.hidden')"),),
        (("tests/browser/test_a.py", "page.wait_for_url('/m/')"),),
    ),
    "scripts are checked": Rule(
        house.script, scripts,
        (("static/js/a.js", "const a = 1;"), ("static/js/a.js", "// @ts-check\nnode.innerHTML = text;")),
        (("static/js/a.js", "// @ts-check\nnode.textContent = text;"),),
    ),
    "nothing of others": Rule(
        house.foreign, repository,
        (("static/js/vendor/x.js", ""), ("static/map.min.js", ""), ("static/js/a.js", "/*! Copyright (c) them */")),
        (("static/js/a.js", "// ours"),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_the_tree_keeps_the_rule(name):
    rule = RULES[name]
    looked_at = rule.where()
    assert looked_at, "the rule looked at nothing"
    faults = [fault for file in looked_at for fault in rule.check(file)]
    assert not faults, f"{name}:\n" + "\n".join(faults)


OFFENCES = [(n, path, source) for n, rule in RULES.items() for path, source in rule.offences]
DECENT = [(n, path, source) for n, rule in RULES.items() for path, source in rule.decent]


@pytest.mark.parametrize(("name", "path", "source"), OFFENCES)
def test_the_rule_finds_an_offence(name, path, source):
    assert list(RULES[name].check(File(path, source))), f"{name} lets pass:\n{source[:200]}"


@pytest.mark.parametrize(("name", "path", "source"), DECENT)
def test_the_rule_leaves_the_decent_alone(name, path, source):
    assert not list(RULES[name].check(File(path, source)))


# --- what must be asked of the running app --------------------------------------------------------


@pytest.fixture(scope="module")
def plain_app():
    """The app without a database behind it: enough to ask for its addresses."""
    return create_app(read_settings())


def addresses(app):
    """(method, address) of everything that answers, the built files aside."""
    return {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }


def test_the_app_refuses_an_endpoint_that_declares_no_access():
    app = create_app(read_settings())
    stray = Blueprint("stray", __name__)
    stray.add_url_rule("/stray", "page", lambda: "hello")
    app.register_blueprint(stray)
    with pytest.raises(RuntimeError, match=r"stray\.page"):
        gate.require_declared_access(app)


def test_every_endpoint_declares_access(plain_app):
    assert all(hasattr(view, "access") for view in plain_app.view_functions.values())


def test_an_unknown_role_is_refused_when_the_app_is_loaded():
    with pytest.raises(ValueError, match="sheriff"):
        gate.allow("sheriff")


def test_tables_have_their_keys():
    faults = list(tables.keys(db.metadata))
    assert not faults, "\n".join(faults)


def test_a_table_without_township_in_its_key_is_found():
    metadata = MetaData()
    Table("shifts", metadata, Column("id", Integer, primary_key=True))
    Table("checkins", metadata, Column("id", Integer, primary_key=True),
          Column("shift_id", Integer, ForeignKey("shifts.id")))  # fmt: skip
    Table("segments", metadata, Column("id", Integer, ForeignKey("checkins.id"), primary_key=True))
    Table("sightings", metadata, Column("id", Integer, primary_key=True))
    faults = "\n".join(tables.keys(metadata))
    for expected in (
        "shifts: primary key", "checkins → shifts", "checkins: key (township_id, id)", "segments → checkins",
        "sightings: put it",
    ):  # fmt: skip
        assert expected in faults


# --- the documents --------------------------------------------------------------------------------


def document(path):
    return File(path, (ROOT / path).read_text(encoding="utf-8"))


def all_settings():
    """Every variable that the app, its server, the set-up or the tools of deploy/ read."""
    found = set()
    for file in files("app/**/*.py", "deploy/*.py", "setup/*.py", "tests/conftest.py"):
        found |= docs.settings_read(file)
    spoken_of = ("setup/*.sh", "Makefile", "setup/*.py", "deploy/*.py", "app/cli/*.py")
    shell = "\n".join(file.text for file in files(*spoken_of))
    named = docs.SETTING.findall((ROOT / "docs/configuration.md").read_text(encoding="utf-8"))
    return found | {name for name in named if name in shell}


def test_every_setting_is_in_the_configuration_page():
    read = set().union(*(docs.settings_read(document(path)) for path in docs.SETTING_FILES))
    assert {"DATABASE_URL", "SECRET_KEY", "XUNFANG_WEB_WORKERS"} <= read, "the reader of settings is blind"
    faults = list(docs.unnamed_settings(read, document("docs/configuration.md")))
    assert not faults, "\n".join(faults)


def test_the_configuration_page_names_no_setting_that_nobody_reads():
    faults = list(docs.unread_settings(all_settings(), document("docs/configuration.md")))
    assert not faults, "\n".join(faults)


def test_a_setting_without_words_is_found():
    read = docs.settings_read(
        File("app/config.py", "x = _number(env, 'NEW_LIMIT', 1, 1, 2)\nenv.get('NEW_NAME')")
    )
    assert read == {"NEW_LIMIT", "NEW_NAME"}
    assert len(list(docs.unnamed_settings(read, File("docs/c.md", "| `NEW_NAME` | … |")))) == 1
    assert list(docs.unread_settings(set(), File("docs/c.md", "`OLD_NAME`")))


def test_every_endpoint_is_in_the_api_page(plain_app):
    faults = list(docs.unnamed_endpoints(addresses(plain_app), document("docs/api.md")))
    assert not faults, "\n".join(faults)


def test_an_endpoint_without_words_is_found():
    page = File("docs/api.md", "| `GET /old` | gone |\n| `GET /here` | there |\n")
    faults = list(docs.unnamed_endpoints({("GET", "/here"), ("POST", "/new")}, page))
    assert len(faults) == 2 and "POST /new" in faults[0] and "GET /old" in faults[1]


DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    *sorted(p.relative_to(ROOT).as_posix() for p in ROOT.glob("docs/**/*.md")),
]


@pytest.mark.parametrize("path", DOCUMENTS)
def test_documents_name_only_places_that_exist(path):
    faults = list(docs.missing_places(document(path)))
    assert not faults, "\n".join(faults)


def packages():
    return sorted(p.name for p in (ROOT / "app").iterdir() if p.is_dir() and (p / "__init__.py").exists())


def test_every_package_is_in_where_things_live():
    faults = list(docs.unnamed_packages(packages(), document("docs/where-things-live.md")))
    assert not faults, "\n".join(faults)


def test_a_place_that_is_gone_is_found():
    assert list(docs.missing_places(File("docs/x.md", "see `app/nowhere.py`")))
    assert not list(
        docs.missing_places(File("docs/x.md", "see `app/duty/rules.py`, `app/*/rules.py`, `static/dist/x`"))
    )
    assert list(docs.unnamed_packages(["duty"], File("docs/x.md", "")))
