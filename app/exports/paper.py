"""Paper: a page of HTML that is whole in itself becomes a PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def pdf_of(page: str, sheet: Path) -> bytes:
    """WeasyPrint takes a second to import: only who prints pays for it. It fetches nothing."""
    from weasyprint import CSS, HTML, URLFetcher

    nothing = URLFetcher(allowed_protocols=("data",), allow_redirects=False)
    css = CSS(string=sheet.read_text(encoding="utf-8"), url_fetcher=nothing)
    made: Any = HTML(string=page, url_fetcher=nothing, base_url="about:blank").write_pdf(stylesheets=[css])
    return bytes(made)
