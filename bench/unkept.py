"""wsgi.py, but no tile is kept once it is cut: each costs what one costs that nobody asked for before."""

from app.coverage import tiles
from app.coverage.kept import KeptTiles
from wsgi import app

tiles._KEPT = KeptTiles(0)

__all__ = ["app"]
