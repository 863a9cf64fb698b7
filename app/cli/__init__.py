"""What cron and operators run: `flask import …`, `flask replay`, `flask demo`, `flask ledger`, the worker, upkeep."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    import importlib
    import importlib.util

    for name in ("imports", "replay", "demo", "worker", "upkeep", "ledger"):
        if importlib.util.find_spec(f"app.cli.{name}"):
            importlib.import_module(f"app.cli.{name}").register(app)
