"""Streets with their figures, page by page to the end, beside pygeoapi on a table that has the figures ready.

Same features, same properties, same shapes, counts and links: looked at before anything is measured. The pages are
those that the `next` links lead to; while it is measured they are fetched and not read, since a client that reads JSON
computes longer than a server that gives it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from bench.clients import Client, together
from bench.figures import Bench, Line, Pair, must_be_same
from bench.town import Server, Town, client

CLIENTS, TIMES = 4, 3
# What GDAL (and so QGIS) asks a server for that lets it, and what a map page would.
PAGES = (1000, 100)
RELS = {"self", "alternate", "collection"}


class Side:
    """One of the two: its clients, and where its collection begins."""

    def __init__(self, clients: list[Client], first: str) -> None:
        self.clients, self.first = clients, first

    def walk(self, client: Client, limit: int) -> dict[str, dict[str, Any]]:
        """Every page by its address, each found by the `next` link of the one before."""
        pages, here = {}, f"{self.first}&limit={limit}"
        while here:
            pages[here] = client.json(here)
            here = next_of(pages[here])
        return pages

    def features_a_second(self, addresses: list[str], n: int) -> float:
        """All pages by every client, so many times."""
        jobs = [lambda c=c: [c.ok(one) for _ in range(TIMES) for one in addresses] for c in self.clients]  # type: ignore[misc]
        return len(self.clients) * TIMES * n / together(jobs)


def next_of(page: dict[str, Any]) -> str:
    found = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    parts = urlsplit(found)
    return f"{parts.path}?{parts.query}" if found else ""


def content(pages: list[dict[str, Any]]) -> dict[str, Any]:
    """What a walk brought: features by id, to the seventh decimal of a degree; of each page its counts and links."""
    found: dict[str, Any] = {}
    for n, page in enumerate(pages):
        found[f"page {n}"] = {
            "matched": page["numberMatched"], "returned": page["numberReturned"], "time": "timeStamp" in page,
            "links": sorted(RELS & {link["rel"] for link in page["links"]}),
            "next": bool(next_of(page)),
        }  # fmt: skip
        for feature in page["features"]:
            shape = feature["geometry"]
            lines = [[round(c, 7) for c in point] for point in shape["coordinates"]]
            found[str(feature["id"])] = {
                "properties": feature["properties"],
                "type": shape["type"],
                "lines": lines,
            }
    return found


class Both:
    """The two, and for a length of page the addresses of each. Every process of both has answered each page once."""

    def __init__(self, ground: Town, limit: int, server: Server) -> None:
        ours = [client(server, program) for program in ground.programs(CLIENTS)]
        self.ours = Side(ours, f"/ogc/collections/streets/items?f=json&datetime={ground.interval}")
        theirs = [Client(ground.pygeoapi.url) for _ in range(CLIENTS)]
        self.theirs = Side(theirs, "/collections/streets/items?f=json")
        mine, other = (side.walk(side.clients[0], limit) for side in (self.ours, self.theirs))
        must_be_same(content(list(mine.values())), content(list(other.values())))
        self.pages = list(mine), list(other)
        self.n = next(iter(mine.values()))["numberMatched"]
        self.measure()

    def measure(self) -> Pair:
        ours, theirs = self.pages
        return self.ours.features_a_second(ours, self.n), self.theirs.features_a_second(theirs, self.n)


_both: dict[tuple[int, str], Both] = {}


def by(limit: int, name: str = "ours") -> Callable[[Town], tuple[Pair, ...]]:
    def measure(ground: Town) -> tuple[Pair, ...]:
        if (limit, name) not in _both:
            _both[limit, name] = Both(ground, limit, getattr(ground, name))
        return (_both[limit, name].measure(),)

    return measure


AGAINST = "pygeoapi, PostgreSQL provider under gunicorn, 2 processes each, equal features, counts and links, 4 clients"
BENCHES = (
    Bench((Line("features.vs_pygeoapi", "features/s", f"{AGAINST}, pages of {PAGES[0]}"),), by(PAGES[0])),
    Bench(
        (Line("features.vs_pygeoapi.pages_of_100", "features/s", f"{AGAINST}, pages of {PAGES[1]}"),),
        by(PAGES[1]),
    ),
    Bench(
        (
            Line(
                "features.vs_pygeoapi.unkept",
                "features/s",
                f"{AGAINST}, pages of {PAGES[0]}, none of ours kept",
            ),
        ),
        by(PAGES[0], "unkept"),
    ),
)
