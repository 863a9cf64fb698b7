"""A page of HTML, whole in itself, as PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SHEETS = Path(__file__).resolve().parents[2] / "static" / "css"


def pdf_of(page: str, sheet: str = "report.css") -> bytes:
    """WeasyPrint takes a second to import: only who prints pays for it. It fetches nothing."""
    from weasyprint import CSS, HTML, URLFetcher

    nothing = URLFetcher(allowed_protocols=("data",), allow_redirects=False)
    css = CSS(string=(SHEETS / sheet).read_text(encoding="utf-8"), url_fetcher=nothing)
    made: Any = HTML(string=page, url_fetcher=nothing, base_url="about:blank").write_pdf(stylesheets=[css])
    return bytes(made)
