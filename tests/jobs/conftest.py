"""A database of its own for the queue: its jobs are committed, and run by the worker's role."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
from flask import Flask

from app import create_app
from app.config import read_settings
from app.db import db
from app.jobs.queue import queue
from app.jobs.worker import connector_for, in_app_context
from tests import cast
from tests.databases import database, env_for


@dataclass
class Yard:
    """`app` has the rights of the application, `worker` those of the worker, `owner` may do everything."""

    env: dict[str, str]
    app: Flask
    worker: Flask
    owner: psycopg.Connection[Any]

    def jobs(self, columns: str = "task_name, status::text, attempts") -> list[tuple[Any, ...]]:
        return self.owner.execute(f"SELECT {columns} FROM procrastinate_jobs ORDER BY id").fetchall()

    def run_what_is_due(self, queue_name: str) -> None:
        """One worker that ends as soon as nothing is due; waiting for a later try is cut short."""
        self.owner.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL")
        url = self.env["WORKER_DATABASE_URL"]

        async def once() -> None:
            async with queue.open_async():
                await queue.run_worker_async(
                    queues=[queue_name], wait=False, listen_notify=False, install_signal_handlers=False,
                    task_middleware=[in_app_context(self.worker)],
                )  # fmt: skip

        with queue.replace_connector(connector_for(url)):
            asyncio.run(once())


@pytest.fixture(scope="module")
def place() -> Iterator[Yard]:
    with database("jobs") as name:
        env = env_for(name)
        settings = read_settings(env)
        app = create_app(settings)
        worker = create_app(replace(settings, database_url=settings.worker_database_url))
        with app.app_context():
            cast.make_cast()
            db.session.remove()
        with psycopg.connect(env["OWNER_DATABASE_URL"].replace("+psycopg", ""), autocommit=True) as owner:
            yield Yard(env, app, worker, owner)
        for one in (app, worker):
            with one.app_context():
                db.engine.dispose()


@pytest.fixture
def yard(place: Yard) -> Iterator[Yard]:
    """The same database for the module, with an empty queue."""
    place.owner.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
    with contextlib.ExitStack() as stack:
        stack.callback(lambda: place.owner.execute("TRUNCATE procrastinate_jobs CASCADE"))
        yield place
