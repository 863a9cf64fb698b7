"""What a file may do, by where it stands: commit, write SQL, read the clock, write rows."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.ladder import PURE, STEPS, TOPS
from tests.architecture.source import File, calls, dotted, imports

SQL_FILES = {"queries.py", "models.py", "geo.py"}
CLOCK = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns",
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.date.today", "func.now", "func.current_timestamp",
    "func.clock_timestamp", "func.statement_timestamp", "time.localtime", "time.gmtime",
}  # fmt: skip
STOPWATCH = {"time.monotonic", "time.perf_counter", "time.process_time"}
CHANCE = {"uuid.uuid4", "uuid4", "uuid1", "uuid.uuid1", "os.urandom"}


def commits(file: File) -> Iterator[str]:
    """commit() only in api, web, cli, jobs and demo."""
    if file.package in TOPS:
        return
    for node, name in calls(file):
        if name.split(".")[-1] == "commit":
            yield file.at(node, "commits: flush here; api, web, cli, jobs or demo commit once, at the end")


def sql(file: File) -> Iterator[str]:
    """text(…), func.ST_… and SQL as a string only in queries.py, models.py and geo.py."""
    if file.name in SQL_FILES:
        return
    texts = {
        name
        for _, module, names in imports(file)
        if module.split(".")[0] == "sqlalchemy"
        for name in names
        if name in {"text", "literal_column"}
    }
    for node, name in calls(file):
        last = name.split(".")[-1]
        if name in texts or name in {"sqlalchemy.text", "sa.text", "db.text"}:
            yield file.at(node, f"calls {name}(…): put the statement into the domain's queries.py")
        elif last.startswith("ST_") and "func" in name.split("."):
            yield file.at(
                node, f"calls {name}: PostGIS measures in queries.py (or a cast shared in app/geo.py)"
            )
        elif last in {"execute", "scalar", "scalars"} and _is_words(node):
            yield file.at(node, "runs SQL from a string: put the statement into the domain's queries.py")


def _is_words(node: ast.Call) -> bool:
    first = node.args[0] if node.args else None
    return isinstance(first, ast.JoinedStr) or (
        isinstance(first, ast.Constant) and isinstance(first.value, str)
    )


def clock(file: File) -> Iterator[str]:
    """Nobody but app/clock.py asks what time it is. Stopwatches (monotonic) are for cli, demo and geofiles."""
    if file.path == "app/clock.py":
        return
    in_model = file.name == "models.py"
    for node, name in calls(file):
        if name in CLOCK and not (in_model and name == "func.now"):
            yield file.at(
                node, f"reads the clock by {name}(): take `now` as an argument; the edge calls clock.now()"
            )
        elif name in STOPWATCH and file.package in STEPS:
            yield file.at(
                node, f"{name}() in a domain: nothing a domain decides may depend on how long it took"
            )
        elif name == "clock.now" and file.package in STEPS:
            yield file.at(node, "calls clock.now() in a domain: take `now` as an argument")


def pure_judgement(file: File) -> Iterator[str]:
    """No chance and no clock in rules; no binary fractions where points are priced."""
    if file.name.removesuffix(".py") not in PURE:
        return
    for node, name in calls(file):
        if name in CHANCE or name in CLOCK | STOPWATCH or name.split(".")[0] in {"random", "secrets"}:
            yield file.at(
                node, f"calls {name}(): a rule answers the same for the same values; take it as an argument"
            )
        if file.package == "incentives" and name == "float":
            yield file.at(node, "float(…) where points are priced: use whole half points or Fraction")
    if file.package == "incentives":
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, float) and not _is_exact(node.value):
                yield file.at(
                    node, f"{node.value} where points are priced: use whole half points or Fraction"
                )


def own_rows(file: File) -> Iterator[str]:
    """A domain never writes another domain's rows."""
    if file.package not in STEPS:
        return
    strangers = {
        name: module
        for _, module, names in imports(file)
        if module.startswith("app.") and module.endswith(".models") and module.split(".")[1] != file.package
        for name in names
        if name[:1].isupper() and not name.isupper()
    }
    for node, name in calls(file):
        target = dotted(node.args[0]) if node.args else ""
        if name in {"insert", "update", "delete", "pg_insert"} and target in strangers:
            yield file.at(
                node, f"{name}({target}): the rows belong to {strangers[target]}; call its operation"
            )
        elif name in strangers:
            yield file.at(node, f"makes a {name}: the rows belong to {strangers[name]}; call its operation")


def _is_exact(value: float) -> bool:
    """Halves and quarters are the same number in binary, and Fraction(1.5) is 3/2; 0.1 is not 1/10."""
    return (value * 4).is_integer()
