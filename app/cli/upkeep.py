"""`flask retention`: forget what is past its day, as the worker does every night; or show the table it goes by."""

from __future__ import annotations

from dataclasses import replace

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from app import clock
from app.db import db
from app.field import retention
from app.incidents.forgetting import sweep


def register(app: Flask) -> None:
    app.cli.add_command(forget)


@click.command("retention")
@click.option("--dry-run", is_flag=True, help="Count what would go, and change nothing.")
@click.option("--table", is_flag=True, help="Print the table of docs/privacy.md.")
@with_appcontext
def forget(dry_run: bool, table: bool) -> None:
    """Forget what is past its day, with the rights of the retention role."""
    from app import create_app

    if table:
        click.echo(retention.table(), nl=False)
        return
    settings = current_app.extensions["settings"]
    with create_app(replace(settings, database_url=settings.retention_database_url)).app_context():
        finish = db.session.rollback if dry_run else db.session.commit
        counts = retention.run(clock.now(), finish)
        if not dry_run:
            counts["files"] = sweep(settings.media, clock.now())
    for where, n in counts.items():
        click.echo(f"{where}\t{n}")
