"""Every model, imported once, so that metadata is whole for migrations and mappers."""

from app.accounts import models as accounts
from app.areas import models as areas
from app.checkins import models as checkins
from app.coverage import models as coverage
from app.duty import models as duty
from app.field import models as field
from app.hotspots import models as hotspots
from app.incentives import models as incentives
from app.routes import models as routes
from app.teams import models as teams
from app.tracks import models as tracks

__all__ = [
    "accounts", "areas", "checkins", "coverage", "duty", "field", "hotspots", "incentives", "routes", "teams", "tracks",
]  # fmt: skip
