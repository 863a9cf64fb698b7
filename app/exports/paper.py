"""A page of HTML, whole in itself, as a PDF."""

from __future__ import annotations

from typing import Any


def pdf_of(page: str, css: str) -> bytes:
    """WeasyPrint takes a second to import: only the process that prints pays for it. It fetches nothing."""
    from weasyprint import CSS, HTML, URLFetcher

    nothing = URLFetcher(allowed_protocols=("data",), allow_redirects=False)
    sheet = CSS(string=css, url_fetcher=nothing)
    made: Any = HTML(string=page, url_fetcher=nothing, base_url="about:blank").write_pdf(stylesheets=[sheet])
    return bytes(made)
