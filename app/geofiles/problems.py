"""What is wrong with a file, as codes: the sentences are in app/translations/cli (`import.problem.<code>`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One fault. `line` is the feature's number in the file from 1, or 0 for the file as a whole."""

    line: int
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


class FileRefused(Exception):
    """The file as a whole can't be used; carries the one problem that says why."""

    def __init__(self, code: str, /, **values: Any) -> None:
        super().__init__(code)
        self.problem = Problem(0, code, values)
