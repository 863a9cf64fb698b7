"""Migrations run as the owner role; partitions, PostGIS's own and the queue's tables are left alone."""

from __future__ import annotations

import re
from typing import Any

from alembic import context
from flask import current_app
from geoalchemy2 import alembic_helpers
from sqlalchemy import create_engine, text

from app.db import Base

NOT_OURS = re.compile(r"^(spatial_ref_sys|procrastinate_.*|.*_p\d{6}|.*_p_other)$")


def include_name(name: str | None, kind: str, parents: Any) -> bool:
    return not (kind == "table" and name and NOT_OURS.match(name))


def include_object(thing: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    if not include_name(name, kind, None):
        return False
    return bool(alembic_helpers.include_object(thing, name, kind, reflected, compare_to))


def run() -> None:
    settings = current_app.extensions["settings"]
    url = context.get_x_argument(as_dictionary=True).get("url") or settings.owner_database_url
    engine = create_engine(url)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_name=include_name,
            include_object=include_object,
            process_revision_directives=alembic_helpers.writer,
            render_item=alembic_helpers.render_item,
            compare_type=True,
            transaction_per_migration=True,
        )
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.commit()
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
