"""What an import says, line by line; the words are in app/translations/cli."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from flask_babel import force_locale, gettext

from app.errors import FieldError
from app.geofiles.problems import Problem

SHOWN = 60


@dataclass
class Report:
    """Collected while a file is read and taken in, printed once at the end."""

    file: Path
    facts: list[Problem] = field(default_factory=list)
    accepted: list[tuple[int, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def fact(self, code: str, /, **values: Any) -> None:
        """A line about the file as a whole."""
        self.facts.append(Problem(0, code, values))

    def refuse(self, faults: Sequence[FieldError]) -> None:
        """What an operation found: its pointers are line numbers."""
        self.problems += [Problem(int(fault.pointer), fault.code, fault.figures) for fault in faults]


def words(key: str, /, **values: Any) -> str:
    """The catalogue's sentence with its figures."""
    sentence = gettext(key)
    return sentence % values if values else sentence


def show(report: Report, dry_run: bool, language: str) -> None:
    """Print the report. What is wrong goes to standard error."""
    with force_locale(language):
        for fact in report.facts:
            click.echo(words(f"import.{fact.code}", **fact.values))
        for line, text in [] if report.problems else report.accepted[:SHOWN]:
            click.echo(words("import.accepted", line=line, text=text))
        if not report.problems and len(report.accepted) > SHOWN:
            click.echo(words("import.accepted_more", n=len(report.accepted) - SHOWN))
        for problem in sorted(report.problems, key=lambda problem: problem.line):
            click.echo(sentence_of(problem), err=True)
        click.echo(_ending(report, dry_run), err=bool(report.problems))


def sentence_of(problem: Problem) -> str:
    """`line 12  ring_not_closed  <sentence>`, or without a line for the file as a whole."""
    sentence = words(f"import.problem.{problem.code}", **problem.values)
    if problem.line == 0:
        return words("import.problem_of_file", code=problem.code, sentence=sentence)
    return words("import.problem_of_line", line=problem.line, code=problem.code, sentence=sentence)


def _ending(report: Report, dry_run: bool) -> str:
    if report.problems:
        return words("import.nothing_written", n=len(report.problems))
    return words("import.dry_run" if dry_run else "import.written", n=len(report.accepted))
