"""Every model, imported once, so that metadata is whole for migrations and mappers."""

from app.accounts import models as accounts
from app.alarms import models as alarms
from app.areas import models as areas
from app.campaigns import models as campaigns
from app.checkins import models as checkins
from app.coverage import models as coverage
from app.duty import models as duty
from app.exports import models as exports
from app.field import models as field
from app.hotspots import models as hotspots
from app.incentives import models as incentives
from app.incidents import models as incidents
from app.loggers import models as loggers
from app.money import models as money
from app.planning import models as planning
from app.routes import models as routes
from app.teams import models as teams
from app.tracks import models as tracks

__all__ = [
    "accounts", "alarms", "areas", "campaigns", "checkins", "coverage", "duty", "exports", "field", "hotspots",
    "incentives", "incidents", "loggers", "money", "planning", "routes", "teams", "tracks",
]  # fmt: skip
