"""Every model, imported once, so that metadata is whole for migrations and mappers."""

from app.accounts import models as accounts
from app.alarms import models as alarms
from app.approval import models as approval
from app.areas import models as areas
from app.assessment import models as assessment
from app.campaigns import models as campaigns
from app.checkins import models as checkins
from app.coverage import models as coverage
from app.duty import models as duty
from app.exports import models as exports
from app.fairness import models as fairness
from app.field import models as field
from app.hotspots import models as hotspots
from app.incentives import models as incentives
from app.incidents import models as incidents
from app.loggers import models as loggers
from app.money import models as money
from app.planning import models as planning
from app.redemption import models as redemption
from app.routes import models as routes
from app.rulebook import models as rulebook
from app.teams import models as teams
from app.tracks import models as tracks

__all__ = [
    "accounts",
    "alarms",
    "approval",
    "areas",
    "assessment",
    "campaigns",
    "checkins",
    "coverage",
    "duty",
    "exports",
    "fairness",
    "field",
    "hotspots",
    "incentives",
    "incidents",
    "loggers",
    "money",
    "planning",
    "redemption",
    "routes",
    "rulebook",
    "teams",
    "tracks",
]  # fmt: skip
