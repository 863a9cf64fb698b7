"""The project's files as the rules read them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = {"node_modules", "dist", "var", ".venv", ".git", "__pycache__"}


@dataclass(frozen=True)
class File:
    """A file of the project, or one made up by a test: `path` is relative to the root."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def parts(self) -> tuple[str, ...]:
        return Path(self.path).parts

    @property
    def package(self) -> str:
        """The folder below app/ ("duty", "api"), or the file itself for app/config.py ("config")."""
        return Path(self.parts[1]).stem if len(self.parts) > 1 else Path(self.path).stem

    @property
    def name(self) -> str:
        return Path(self.path).name

    def at(self, node: ast.AST, words: str) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {words}"


def files(*patterns: str) -> list[File]:
    """Our own files by glob, never built or fetched ones."""
    found = []
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and not ELSEWHERE & set(path.relative_to(ROOT).parts):
                found.append(_read(path))
    return found


@lru_cache(maxsize=2000)
def _read(path: Path) -> File:
    return File(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))


def python_files() -> list[File]:
    return files("app/**/*.py")


def tracked_paths() -> list[str]:
    """What is in the repository or would be added to it; every file of the folder where git is not there."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode == 0 and listed.stdout:
        return [line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]
    walked = (p for p in ROOT.rglob("*") if p.is_file() and not ELSEWHERE & set(p.relative_to(ROOT).parts))
    return [p.relative_to(ROOT).as_posix() for p in walked]


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a name or attribute; empty for anything else."""
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""


def calls(file: File) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Call):
            yield node, dotted(node.func)


def imports(file: File) -> Iterator[tuple[ast.stmt, str, tuple[str, ...]]]:
    """(statement, module, names as bound here): `from app.duty import rules` is ("app.duty.rules", ())."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name, ()
        elif isinstance(node, ast.ImportFrom):
            yield from _from(file, node)


def _from(file: File, node: ast.ImportFrom) -> Iterator[tuple[ast.stmt, str, tuple[str, ...]]]:
    module = node.module or ""
    if node.level:
        base = list(file.parts[:-1])[: len(file.parts) - node.level]
        module = ".".join([*base, *([module] if module else [])])
    rest = []
    for alias in node.names:
        if is_module(f"{module}.{alias.name}"):
            yield node, f"{module}.{alias.name}", ()
        else:
            rest.append(alias.asname or alias.name)
    if rest:
        yield node, module, tuple(rest)


@lru_cache(maxsize=2000)
def is_module(name: str) -> bool:
    if not name.startswith("app."):
        return False
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").is_file() or path.is_dir()
