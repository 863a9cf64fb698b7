"""What gunicorn loads for a test: kept answers are held against fresh ones (tests/standing.py)."""

from tests.standing import verify
from wsgi import app

verify(app)
__all__ = ["app"]
