"""News for phones, as server-sent events."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from app.gate import allow, stream_news

bp = Blueprint("stream", __name__, url_prefix="/api/v1/field", description="News for phones")


@bp.get("/stream")
@bp.response(
    200,
    {"type": "string"},
    content_type="text/event-stream",
    description="Events `plan`, `verdict`, `swap`, `sos`, `sos.ack`, …: what to ask for again; ids only. `full`: this "
    "session has newer streams, come back in a minute. Ends by itself after about ten minutes.",
)
@allow("member", "leader")
def stream() -> Any:
    """What has changed: a phone asks for everything when it connects, and again for what an event names."""
    return stream_news()
