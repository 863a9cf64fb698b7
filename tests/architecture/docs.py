"""What the documents must name: every setting, every endpoint, every package, and only paths that exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from tests.architecture.source import ROOT, File

READERS = {"_url", "_secret", "_flag", "_number", "_text"}
SETTING_FILES = ("app/config.py", "deploy/gunicorn.conf.py")
SETTING = re.compile(r"`([A-Z][A-Z0-9_]{3,})`")
PLACE = re.compile(r"`((?:app|static|tests|docs|deploy|setup|migrations|bench)/[\w./*<>{},-]*)`")
# What is made and not committed, so that a document may name it although a clean clone lacks it.
MADE = ("static/dist", "var", "shots", "bench/results.json")


def settings_read(file: File) -> set[str]:
    """Names of environment variables that a file reads: os.environ[…], .get("…"), getenv and config's readers."""
    found = set()
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) in {"os.environ", "env"}:
            found |= _words([node.slice])
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in {"os.environ.get", "env.get", "os.getenv"}:
                found |= _words(node.args[:1])
            elif name in READERS:
                found |= _words(node.args[1:2])
    if any(isinstance(n, ast.FunctionDef) and n.name == "_secret" for n in ast.walk(file.tree)):
        found.add("SECRET_KEY")
    return found


def _words(nodes: Iterable[ast.AST]) -> set[str]:
    return {
        n.value
        for n in nodes
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and n.value.isupper()
    }


def unnamed_settings(read: set[str], document: File) -> Iterator[str]:
    named = set(SETTING.findall(document.text))
    for name in sorted(read - named):
        yield f"{document.path}: does not say what `{name}` is; add a line to its table"


def unread_settings(read_anywhere: set[str], document: File) -> Iterator[str]:
    for name in sorted(set(SETTING.findall(document.text)) - read_anywhere):
        yield f"{document.path}: `{name}` is read nowhere; take its line out"


def unnamed_endpoints(rules: Iterable[tuple[str, str]], document: File) -> Iterator[str]:
    """(method, address) ↔ lines "| `GET /address` |" of docs/api.md, both ways."""
    named = {(m, a) for m, a in re.findall(r"^\|\s*`([A-Z]+) (/[^`]*)`", document.text, re.M)}
    there = set(rules)
    for method, address in sorted(there - named, key=lambda r: r[::-1]):
        yield f"{document.path}: does not name `{method} {address}`; add a line to its table"
    for method, address in sorted(named - there, key=lambda r: r[::-1]):
        yield f"{document.path}: `{method} {address}` is no address of the app; take its line out"


def missing_places(document: File) -> Iterator[str]:
    for n, line in enumerate(document.text.splitlines(), 1):
        for place in PLACE.findall(line):
            if place.startswith(MADE) or any(mark in place for mark in "<>{,"):
                continue
            there = any(ROOT.glob(place)) if "*" in place else (ROOT / place).exists()
            if not there:
                yield f"{document.path}:{n}: there is no `{place}`; say where it lies now"


def unnamed_packages(packages: Iterable[str], document: File) -> Iterator[str]:
    for name in packages:
        if f"`app/{name}/`" not in document.text:
            yield f"{document.path}: does not name `app/{name}/`; say in a line what lives there"
