"""Files as offices send them, and the commands run as an operator runs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely
from click.testing import Result
from flask import Flask

from tests import cast


def feature(shape: Any, **properties: Any) -> dict[str, Any]:
    """A GeoJSON feature; None leaves the geometry out."""
    geometry = None if shape is None else shapely.geometry.mapping(shape)
    return {"type": "Feature", "geometry": geometry, "properties": properties}


@pytest.fixture
def geojson(tmp_path: Path) -> Callable[..., Path]:
    """geojson(feature, …, name="areas") → the file's path."""

    def write(*features: dict[str, Any], name: str = "file") -> Path:
        path = tmp_path / f"{name}.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False))
        return path

    return write


@pytest.fixture
def run_import(app: Flask, rolled_back: None) -> Callable[..., Result]:
    """run_import("areas", path, "--crs", …) → click's result, in the test's transaction."""

    def run(*args: Any) -> Result:
        result = app.test_cli_runner().invoke(args=["import", *(str(arg) for arg in args)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def into_town(run_import: Callable[..., Result], people: cast.Cast) -> Callable[..., Result]:
    """As run_import, into the cast's 清禾镇, with what the kind needs."""
    needed = {
        "streets": ("--source", "test", "--licence", "none"), "routes": (), "hotspots": (),
        "incidents": ("--source", "test"),
    }  # fmt: skip

    def run(kind: str, *args: Any) -> Result:
        return run_import(kind, *needed[kind], "--township", people.town.township.code, *args)

    return run


def codes(result: Result) -> list[tuple[int, str]]:
    """(line, code) of each problem in the report; line 0 is the file."""
    found = []
    for text in result.stderr.splitlines():
        parts = text.split()
        if text.startswith("第"):
            found.append((int(parts[1]), parts[3]))
        elif text.startswith("整个文件"):
            found.append((0, parts[1]))
    return found
