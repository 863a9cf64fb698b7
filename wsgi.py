"""The one line gunicorn loads."""

from app import create_app

app = create_app()
