"""How long a file may be, what pages and scripts may hold, and that nothing of others is committed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.architecture.source import File, calls

LONGEST = 450
STYLE = re.compile(r"<[^>]*\sstyle\s*=", re.I)
HANDLER = re.compile(r"<[^>{]*\son[a-z]+\s*=\s*[\"']", re.I)
INLINE = re.compile(
    r"<(script|style)\b(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")(?![^>]*nonce=)[^>]*>", re.I
)
OUTSIDE = re.compile(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", re.I)
BADGE = re.compile(r"@license|@preserve|Copyright \(c\)|SPDX-License-Identifier|/\*!", re.I)
FETCHED = re.compile(
    r"(^|/)(node_modules|vendor|third_party|site-packages|\.venv)/|\.min\.(js|css)$|\.whl$|\.tgz$|\.wasm$|\.map$"
)


def length(file: File) -> Iterator[str]:
    n = file.text.count("\n") + 1
    if n > LONGEST:
        yield f"{file.path}: {n} lines, {LONGEST} at most (300 is what one aims at): split it by what it answers"


def waiting(file: File) -> Iterator[str]:
    """Playwright asks a page again through eval(), which our policy refuses: such a test passes only where the first
    answer is yes."""
    for node, name in calls(file):
        if name.endswith(".wait_for_function"):
            yield file.at(node, "wait_for_function: wait for a locator, or ask with phone_page.until")


def template(file: File) -> Iterator[str]:
    """The policy of our own pages: no inline style, handler or script without a nonce; nothing from elsewhere."""
    for n, line in enumerate(
        re.sub(r"\{#.*?#\}", lambda m: "\n" * m[0].count("\n"), file.text, flags=re.S).splitlines(), 1
    ):
        if STYLE.search(line):
            yield f"{file.path}:{n}: style=…: the CSP refuses it; make a class in static/css"
        if HANDLER.search(line):
            yield f'{file.path}:{n}: on…="…": the CSP refuses it; listen in static/js'
        if INLINE.search(line):
            yield f'{file.path}:{n}: inline script or style without nonce="{{{{ csp_nonce() }}}}"'
        if OUTSIDE.search(line) and "<a " not in line:
            yield f"{file.path}:{n}: loads from another host; every asset is our own"


def script(file: File) -> Iterator[str]:
    first = next((line for line in file.text.splitlines() if line.strip()), "")
    if first.strip() != "// @ts-check":
        yield f"{file.path}:1: begin with // @ts-check, so that tsc reads the types in its comments"
    for n, line in enumerate(file.text.splitlines(), 1):
        if re.search(
            r"\.(innerHTML|outerHTML)\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function\(", line
        ):
            yield f"{file.path}:{n}: makes HTML or code of a string; use dom.js or textContent"


def foreign(file: File) -> Iterator[str]:
    """Libraries come from the registries by the lock files, never into the repository."""
    if FETCHED.search(file.path):
        yield f"{file.path}: fetched code is not committed; name it in package.json or requirements.txt"
    elif BADGE.search(file.text):
        yield f"{file.path}: carries somebody's licence header; name the library in package.json or requirements.txt"
