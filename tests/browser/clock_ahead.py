"""What gunicorn loads when a test wants a server of another day: the one reader of the clock, some seconds on."""

import os
from datetime import timedelta

from app import clock
from tests.verified import app

_now = clock.now
_ahead = timedelta(seconds=float(os.environ["TEST_CLOCK_AHEAD_S"]))
clock.now = lambda: _now() + _ahead
__all__ = ["app"]
