"""`flask worker`: runs the queue's jobs until it is told to stop. `flask jobs`: what waits, runs and has failed."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from app.db import db
from app.jobs import queries
from app.jobs import worker as process


def register(app: Flask) -> None:
    app.cli.add_command(worker)
    app.cli.add_command(jobs)


def as_worker() -> Flask:
    """The application with the rights of the worker's role."""
    from app import create_app

    settings = current_app.extensions["settings"]
    return create_app(replace(settings, database_url=settings.worker_database_url))


@click.command("worker")
@click.option(
    "--silent", default=30.0, show_default=True, type=click.FloatRange(0.3, 3600),
    help="Seconds without a heartbeat after which a worker is taken for dead and its jobs are begun again.",
)  # fmt: skip
@with_appcontext
def worker(silent: float) -> None:
    """Run the queue's jobs; SIGTERM and Ctrl-C let the jobs that run end first."""
    logging.basicConfig(level=logging.INFO, format="worker: %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(process.NamesOnly())
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    process.run(as_worker(), current_app.extensions["settings"].worker_database_url, silent)


@click.command("jobs")
@click.option("--all", "everything", is_flag=True, help="Also those that wait and run.")
@click.option("--again", type=int, metavar="ID", help="Queue a failed job once more.")
@with_appcontext
def jobs(everything: bool, again: int | None) -> None:
    """List the jobs that failed for good; the exit code is 1 when there are any."""
    if again is not None:
        with as_worker().app_context():
            queries.try_again(again)
            db.session.commit()
        return
    rows = queries.jobs_in(["failed", "todo", "doing"] if everything else ["failed"])
    for row in rows:
        args = json.dumps(row.args, ensure_ascii=False)
        click.echo(
            f"{row.id}\t{row.status}\t{row.task_name}\ttries {row.attempts}\t{row.at:%Y-%m-%d %H:%M}Z\t{args}"
        )
    if any(row.status == "failed" for row in rows):
        raise click.exceptions.Exit(1)
    click.echo("no job has failed")
