"""Who may import whom (architecture.md, "Who may import whom")."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tests.architecture.source import File, imports

KERNEL = {"config", "db", "geo", "clock", "errors", "geofiles", "models", "stream"}
EDGE = {"gate", "problems"}
TOPS = {"api", "web", "cli", "jobs", "demo"}
# A domain may import those on lower steps; two on one step do not know each other.
STEPS = {
    "accounts": 0, "areas": 1, "teams": 2, "incidents": 3, "hotspots": 4, "routes": 5, "duty": 6,
    "tracks": 7, "checkins": 7, "alarms": 7, "strength": 7,
    "coverage": 8, "campaigns": 9, "exports": 9, "planning": 9, "standing": 9,
    "incentives": 10, "field": 11, "assessment": 11, "approval": 11, "redemption": 12, "fairness": 12, "loggers": 12,
    "money": 13, "rulebook": 14,
}  # fmt: skip
LADDER = (
    "rulebook > money > loggers, redemption, fairness > assessment, approval, field > incentives > "
    "exports, campaigns, planning, standing > coverage > "
    "tracks, checkins, alarms, strength > duty > routes > hotspots > incidents > teams > areas > accounts > kernel"
)
OPEN_TO = {
    "cli": {"demo", "jobs"},  # `flask demo` and `flask worker` start what lies there
}
NUMERIC = {"numpy", "shapely"}
PURE = {"rules", "row_rules", "pieces", "finding", "solving", "puzzles"}
# The rare named extras: published methods and solvers, from the libraries of the field and nothing else of ours but
# rules. They are heavy and belong to the worker, so that only jobs may import such a file, inside a task.
WORKER_ONLY = {"esda", "libpysal", "pointpats", "scipy", "sklearn", "ortools"}
WORKER_FILES = {"app/hotspots/finding.py", "app/planning/solving.py"}
WORKER_MODULES = {path.removesuffix(".py").replace("/", ".") for path in WORKER_FILES}


def ladder(file: File) -> Iterator[str]:
    """Domains import downwards, api/web/cli/jobs/demo never each other, the kernel no domain."""
    mine = file.package
    for node, module, _ in imports(file):
        parts = module.split(".")
        if parts[0] != "app" or len(parts) < 2 or parts[1] == mine:
            continue
        words = _forbidden(mine, parts[1])
        if words:
            yield file.at(node, f"imports {module}: {words}")


def _forbidden(mine: str, other: str) -> str:
    if mine == "__init__" or other in KERNEL:
        return _from_kernel(mine, other)
    if mine in KERNEL:
        return (
            "" if mine == "models" else "the kernel knows nothing above it; pass the value in as an argument"
        )
    if other in EDGE:
        return (
            ""
            if mine in {"api", "web"} | EDGE
            else (
                "gate and problems are the HTTP edge of api and web; take `person`, `scope`, `now` as arguments"
            )
        )
    if other in TOPS:
        return (
            ""
            if other in OPEN_TO.get(mine, set())
            else (f"{other} sits on top and nobody builds on it; move what both need down into a domain")
        )
    if other not in STEPS:
        return f"{other} is not on the ladder; give it a step in tests/architecture/ladder.py and in the text"
    if mine in TOPS:
        return ""
    if mine in EDGE:
        return (
            "" if other in {"accounts", "teams"} else "the edge needs only who is calling and what they reach"
        )
    if mine not in STEPS:
        return f"{mine} is not on the ladder; give it a step in tests/architecture/ladder.py and in the text"
    if STEPS[other] < STEPS[mine]:
        return ""
    return f"only downwards ({LADDER}); let a domain above {mine} and {other} compose the two"


def _from_kernel(mine: str, other: str) -> str:
    if mine == "__init__" or mine not in KERNEL:
        return ""
    if mine in {"geofiles", "config", "clock", "errors"} and mine != other:
        return "these stand alone; pass the value in as an argument"
    return ""


def inside_a_domain(file: File) -> Iterator[str]:
    """operations → queries, rules, models; queries → models, and the value types of rules; models → db, geo."""
    if file.package not in STEPS:
        return
    kind = file.name.removesuffix(".py")
    for node, module, names in imports(file):
        parts = module.split(".")
        if parts[0] == "app" and len(parts) > 2 and kind == "models":
            yield file.at(
                node, f"imports {module}: a model is columns and questions about one row; only db and geo"
            )
        if parts[0] == "app" and len(parts) > 2 and kind == "queries":
            if parts[2] == "operations":
                yield file.at(
                    node, f"imports {module}: a query asks, it does not do; move the call into operations"
                )
            if parts[2] == "rules" and not (names and all(n[:1].isupper() for n in names)):
                yield file.at(
                    node, f"imports {module}: a query may use the value types of rules, no judgement"
                )
        if parts[0] in {"flask", "flask_babel", "flask_login", "flask_wtf", "flask_smorest", "werkzeug"}:
            yield file.at(
                node, f"imports {module}: only api, web and cli know the request; take a plain value"
            )


def pure_rules(file: File) -> Iterator[str]:
    """rules.py and pieces.py: the standard library, numpy, shapely, and one another."""
    if file.name.removesuffix(".py") not in PURE or file.package not in STEPS:
        return
    for node, module, _ in imports(file):
        first = module.split(".")[0]
        if first in {"random", "secrets", "time", "uuid", "os", "socket", "subprocess", "urllib"}:
            # UUID as a type (making one is caught below); taking a text apart asks nobody.
            allowed = first == "uuid" or module == "urllib.parse"
            if not allowed:
                yield file.at(
                    node, f"imports {module}: a rule is a function of its arguments; take the value as one"
                )
        elif first == "app":
            if module.split(".")[-1] not in PURE:
                yield file.at(node, f"imports {module}: rules know only rules; give the values as arguments")
        elif first in WORKER_ONLY and file.path in WORKER_FILES:
            continue
        elif first not in sys.stdlib_module_names and first not in NUMERIC and first != "__future__":
            yield file.at(node, f"imports {module}: rules use the standard library, numpy and shapely only")


def worker_only(file: File) -> Iterator[str]:
    """Statistics and solvers stay in the worker: in files that jobs import inside the function that needs them."""
    at_load = set(map(id, file.tree.body))
    for node, module, _ in imports(file):
        if module.split(".")[0] in WORKER_ONLY and file.path not in WORKER_FILES:
            yield file.at(
                node, f"imports {module}: only {', '.join(sorted(WORKER_FILES))} do, for the worker"
            )
        if module in WORKER_MODULES and (file.package != "jobs" or id(node) in at_load):
            yield file.at(
                node, f"imports {module}: only app/jobs, inside the task, or every process pays for it"
            )
