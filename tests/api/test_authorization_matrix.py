"""Who may call what, about which township: one table, held against the app's own list of addresses.

Every address × caller × township has a line here; an address that is missing fails. The test at the end takes each
scope criterion of app/teams/scope.py away in turn and must see the table turn red. By hand, for instance: in
`app/duty/board.py`, `_crews`, put `true()` where `led_team_rows(scope, …)` stands; then /desk/shifts/<int:shift_id> of
the other township answers 200 to the leader instead of 404.

`in` means: sent to the sign-in page. A dash as township: the address names nothing that lies in a township. Cells are
figures and nothing else, so a plain member's are empty at home too.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import true

from app import clock, gate
from app.accounts import feeds, tokens
from app.accounts import operations as accounts
from app.approval.models import PointNotice, PointObjection
from app.campaigns import operations as campaigns
from app.campaigns.choosing import Wanted
from app.campaigns.operations import Plan
from app.clock import rfc3339
from app.db import db
from app.duty.models import Duty, DutyEvent, Shift
from app.exports import operations as exports
from app.hotspots import proposing
from app.incentives import cases, hazards, training
from app.incentives.models import NoShow
from app.incidents.operations import Report, record_report
from app.loggers.operations import make_logger
from app.money import commitments, granting
from app.money import operations as money
from app.money.grades import Period
from app.planning import runs
from app.redemption import certificates
from app.redemption import operations as redemption
from app.routes.codes import make_display
from app.routes.models import Checkpoint, CodeDisplay, Street
from app.rulebook import operations as rulebook
from app.rulebook.runs import ask_trial
from app.rulebook.topics import INCENTIVES
from app.teams import scope
from tests import cast, make, places
from tests.api.test_tiles import tile_at
from tests.conftest import Caller
from tests.fairness.planted import add_flag
from tests.hotspots.planted import add_event
from tests.hotspots.test_proposing import make_proposal
from tests.phone import Phone
from tests.redemption import stocked
from tests.redemption.served import attend
from tests.stage import one_transaction

TABLE = """
#                                                                    anon member mate leader reviewer admin outsider
GET     /healthz                                            -        200  200    200  200    200      200   200
GET     /readyz                                             -        200  200    200  200    200      200   200
GET     /sw.js                                              -        200  200    200  200    200      200   200
GET     /desk/sw.js                                         -        200  200    200  200    200      200   200
GET     /manifest.webmanifest                               -        200  200    200  200    200      200   200
GET     /m                                                  -        308  308    308  308    308      308   308
GET     /m/                                                 -        200  200    200  200    200      200   200
POST    /language                                           -        302  302    302  302    302      302   302
GET     /sign-in                                            -        200  302    302  302    302      302   302
POST    /sign-in                                            -        422  422    422  422    422      422   422
POST    /sign-out                                           -        in   302    302  302    302      302   302
GET     /                                                   -        in   302    302  302    302      302   302

GET     /desk/second-factor                                 -        in   403    403  200    200      200   403
POST    /desk/second-factor                                 -        in   403    403  302    302      302   403
POST    /desk/second-factor/confirm                         -        in   403    403  422    422      422   403

POST    /api/v1/session                                     -        401  401    401  401    401      401   401
GET     /api/v1/session                                     -        401  200    200  200    200      200   200
DELETE  /api/v1/session                                     -        401  204    204  204    204      204   204
POST    /api/v1/session/code                                -        401  401    401  401    401      401   401
DELETE  /api/v1/sessions                                    -        401  204    204  204    204      204   204
GET     /api/v1/sessions                                    -        401  200    200  200    200      200   200
DELETE  /api/v1/sessions/<uuid:session_id>                  town     401  204    404  404    404      404   404
DELETE  /api/v1/sessions/<uuid:session_id>                  other    401  404    404  404    404      404   204
GET     /api/v1/openapi.json                                -        200  200    200  200    200      200   200
GET     /api/v1/field/plan                                  -        401  200    200  200    200      200   200
POST    /api/v1/field/sync                                  town     401  200    200  200    200      200   200
POST    /api/v1/field/sync                                  other    401  200    200  200    200      200   200
GET     /api/v1/field/receipts                              -        401  200    200  200    200      200   200
GET     /api/v1/field/cases                                 -        401  200    200  200    200      200   200
POST    /api/v1/field/cases/<int:case_id>/answer            town     401  200    404  404    404      404   404
POST    /api/v1/field/cases/<int:case_id>/answer            other    401  404    404  404    404      404   200
GET     /api/v1/field/hours                                 -        401  200    200  200    200      200   200
GET     /api/v1/field/points                                -        401  200    200  200    200      200   200

GET     /api/v1/me                                          -        401  200    200  200    200      200   200
PATCH   /api/v1/me                                          -        401  200    200  200    200      200   200
PUT     /api/v1/me/consents/<purpose>                       town     401  200    200  200    200      200   200
PUT     /api/v1/me/consents/<purpose>                       other    401  200    200  200    200      200   200
GET     /api/v1/me/looks                                    -        401  200    200  200    200      200   200
DELETE  /api/v1/me/tracks                                   -        401  200    200  200    200      200   200
GET     /api/v1/me/flags                                    -        401  200    200  200    200      200   200
PUT     /api/v1/me/ranking                                  -        401  200    200  200    200      200   200
GET     /api/v1/me/team/ranking                             -        401  200    200  200    200      200   200
GET     /api/v1/me/export                                   -        401  200    200  200    200      200   200
POST    /api/v1/me/totp                                     -        401  403    403  200    200      200   403
PUT     /api/v1/me/totp                                     -        401  403    403  409    409      409   403
DELETE  /api/v1/me/totp                                     -        401  204    204  204    204      204   204
POST    /api/v1/me/calendar                                 -        401  200    200  200    403      403   200
DELETE  /api/v1/me/calendar                                 -        401  204    204  204    204      204   204
GET     /api/v1/me/shop                                     -        401  200    200  200    200      404   200
PUT     /api/v1/me/orders/<uuid:order_id>                   town     401  200    409  409    409      404   404
PUT     /api/v1/me/orders/<uuid:order_id>                   other    401  404    404  404    404      404   200
DELETE  /api/v1/me/orders/<uuid:order_id>                   town     401  204    404  404    404      404   404
DELETE  /api/v1/me/orders/<uuid:order_id>                   other    401  404    404  404    404      404   204
PUT     /api/v1/me/donations/<uuid:donation_id>             town     401  204    409  409    409      404   404
PUT     /api/v1/me/donations/<uuid:donation_id>             other    401  404    404  404    404      404   204
POST    /api/v1/me/certificates                             -        401  200    200  200    200      404   200
GET     /api/v1/me/certificates/<int:certificate_id>.pdf    town     401  200    404  404    404      404   404
GET     /api/v1/me/certificates/<int:certificate_id>.pdf    other    401  404    404  404    404      404   200
# A calendar's address opens it to whoever has it; in the first line it is one that there is not.
GET     /ical/<feed>.ics                                    town     404  404    404  404    404      404   404
GET     /ical/<feed>.ics                                    other    200  200    200  200    200      200   200
GET     /api/v1/me/loggers                                  -        401  200    200  200    403      403   200
POST    /api/v1/me/loggers                                  -        401  201    201  201    403      403   201
DELETE  /api/v1/me/loggers/<int:logger_id>                  town     401  204    404  404    403      403   404
DELETE  /api/v1/me/loggers/<int:logger_id>                  other    401  404    404  404    403      403   204
GET     /i/<app>/<token>                                     town     200  200    200  200    200      200   200
GET     /i/<app>/<token>                                     other    200  200    200  200    200      200   200
POST    /i/<app>/<token>                                     town     200  200    200  200    200      200   200
POST    /i/<app>/<token>                                     other    200  200    200  200    200      200   200
PUT     /i/<app>/<token>                                     town     200  200    200  200    200      200   200
PUT     /i/<app>/<token>                                     other    200  200    200  200    200      200   200
PATCH   /i/<app>/<token>                                     town     200  200    200  200    200      200   200
PATCH   /i/<app>/<token>                                     other    200  200    200  200    200      200   200
DELETE  /i/<app>/<token>                                     town     200  200    200  200    200      200   200
DELETE  /i/<app>/<token>                                     other    200  200    200  200    200      200   200

GET     /api/v1/field/alarms                                -        401  200    200  200    403      403   200
GET     /api/v1/field/stream                                -        401  200    200  200    403      403   200
PUT     /api/v1/me/pins                                     -        401  422    422  422    403      403   422
DELETE  /api/v1/me/pins                                     -        401  409    204  204    403      403   409
GET     /api/v1/me/push                                     -        401  200    200  200    200      200   200
POST    /api/v1/me/push                                     -        401  422    422  422    422      422   422
DELETE  /api/v1/me/push                                     -        401  204    204  204    204      204   204

GET     /api/v1/duties/<int:duty_id>/playback               town     401  200    404  403    200      403   404
GET     /api/v1/duties/<int:duty_id>/playback               other    401  404    404  404    404      403   200

GET     /api/v1/field/reports                               -        401  200    200  200    200      200   200
PUT     /api/v1/field/photos/<uuid:photo_id>                town     401  200    404  404    404      404   404
PUT     /api/v1/field/photos/<uuid:photo_id>                other    401  404    404  404    404      404   200
GET     /api/v1/field/photos/<uuid:photo_id>                town     401  200    404  200    200      200   404
GET     /api/v1/field/photos/<uuid:photo_id>                other    401  404    404  404    404      200   200

GET     /api/v1/coverage/areas/<code>                       town     401  200    200  200    200      200   404
GET     /api/v1/coverage/areas/<code>                       other    401  404    404  404    404      200   200
GET     /api/v1/coverage/areas/<code>                       county   401  404    404  404    404      200   404
GET     /api/v1/coverage/areas/<code>/series                town     401  403    403  200    200      200   404
GET     /api/v1/coverage/areas/<code>/series                other    401  404    404  404    404      200   403
GET     /api/v1/coverage/areas/<code>/series                county   401  404    404  404    404      200   404
GET     /api/v1/coverage/areas/<code>/staffing              town     401  403    403  200    200      200   404
GET     /api/v1/coverage/areas/<code>/staffing              other    401  404    404  404    404      200   403
GET     /api/v1/coverage/areas/<code>/staffing              county   401  404    404  404    404      404   404
GET     /api/v1/areas/<code>/strength                       town     401  403    403  403    200      200   403
GET     /api/v1/areas/<code>/strength                       other    401  403    403  403    404      200   403
GET     /api/v1/areas/<code>/strength                       county   401  403    403  403    404      404   403
GET     /api/v1/areas/<code>/scorecard                      town     401  403    403  403    200      200   403
GET     /api/v1/areas/<code>/scorecard                      other    401  403    403  403    404      200   403
GET     /api/v1/areas/<code>/scorecard                      county   401  403    403  403    404      404   403
POST    /api/v1/coverage/polygon                            -        401  403    403  422    422      422   403
GET     /api/v1/coverage/streets/<int:street_id>            town     401  403    403  200    200      200   404
GET     /api/v1/coverage/streets/<int:street_id>            other    401  404    404  404    404      200   403
GET     /api/v1/coverage/streets/<int:street_id>/series     town     401  403    403  200    200      200   404
GET     /api/v1/coverage/streets/<int:street_id>/series     other    401  404    404  404    404      200   403
GET     /api/v1/coverage/hotspots/<int:hotspot_id>          town     401  403    403  200    200      200   404
GET     /api/v1/coverage/hotspots/<int:hotspot_id>          other    401  404    404  404    404      200   403
GET     /api/v1/coverage/hotspots/<int:hotspot_id>/series   town     401  403    403  200    200      200   404
GET     /api/v1/coverage/hotspots/<int:hotspot_id>/series   other    401  404    404  404    404      200   403
GET     /api/v1/coverage/routes/<int:route_id>              town     401  403    403  200    200      200   404
GET     /api/v1/coverage/routes/<int:route_id>              other    401  404    404  404    404      200   403
GET     /api/v1/coverage/routes/<int:route_id>/series       town     401  403    403  200    200      200   404
GET     /api/v1/coverage/routes/<int:route_id>/series       other    401  404    404  404    404      200   403

GET     /api/v1/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt   town:streets    401  200  200  200  200  200  204
GET     /api/v1/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt   other:streets   401  204  204  204  204  200  200
GET     /api/v1/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt   town:cells      401  204  204  200  200  200  204
GET     /api/v1/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt   other:cells     401  204  204  204  204  200  204
GET     /api/v1/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt   town:hotspots   401  200  200  200  200  200  204
GET     /api/v1/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt   other:hotspots  401  204  204  204  204  200  200
GET     /api/v1/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt   town:routes     401  200  200  200  200  200  204
GET     /api/v1/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt   other:routes    401  204  204  204  204  200  200
GET     /api/v1/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt   town:areas      401  200  200  200  200  200  204
GET     /api/v1/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt   other:areas     401  204  204  204  204  200  200
GET     /api/v1/tiles/<layer>/<int:z>/<int:x>/<int:y>.mvt   town:persons    401  404  404  404  404  404  404

GET     /api/v1/base-map                                    -        401  404    404  404    404      404   404
GET     /api/v1/base-map/archive.pmtiles                    -        401  404    404  404    404      404   404

GET     /ogc                                                -        401  403    403  200    200      200   403
GET     /ogc/api                                            -        401  403    403  200    200      200   403
GET     /ogc/conformance                                    -        401  403    403  200    200      200   403
GET     /ogc/collections                                    -        401  403    403  200    200      200   403
GET     /ogc/collections/<name>                             town:areas  401  403  403  200  200  200  403
GET     /ogc/collections/<name>                             other:areas  401  403  403  200  200  200  403
GET     /ogc/collections/<name>/items                       town:areas  401  403  403  200  200  200  403
GET     /ogc/collections/<name>/items                       other:areas  401  403  403  200  200  200  403
GET     /ogc/collections/<name>/tiles                       town:areas  401  403  403  200  200  200  403
GET     /ogc/collections/<name>/tiles                       other:areas  401  403  403  200  200  200  403
GET     /ogc/collections/<name>/tiles/WebMercatorQuad       town:areas  401  403  403  200  200  200  403
GET     /ogc/collections/<name>/tiles/WebMercatorQuad       other:areas  401  403  403  200  200  200  403
GET     /ogc/collections/<name>/items/<fid>                 town:areas  401  403  403  200  200  200  403
GET     /ogc/collections/<name>/items/<fid>                 other:areas  401  403  403  404  404  200  403
GET     /ogc/collections/<name>/items/<fid>                 town:streets  401  403  403  200  200  200  403
GET     /ogc/collections/<name>/items/<fid>                 other:streets  401  403  403  404  404  200  403
GET     /ogc/collections/<name>/items/<fid>                 town:hotspots  401  403  403  200  200  200  403
GET     /ogc/collections/<name>/items/<fid>                 other:hotspots  401  403  403  404  404  200  403
GET     /ogc/collections/<name>/items/<fid>                 town:routes  401  403  403  200  200  200  403
GET     /ogc/collections/<name>/items/<fid>                 other:routes  401  403  403  404  404  200  403
GET     /ogc/collections/<name>/tiles/WebMercatorQuad/<int:z>/<int:y>/<int:x> town:streets 401 403 403 200 200 200 403
GET     /ogc/collections/<name>/tiles/WebMercatorQuad/<int:z>/<int:y>/<int:x> other:streets 401 403 403 204 204 200 403
GET     /ogc/collections/<name>/tiles/WebMercatorQuad/<int:z>/<int:y>/<int:x> town:hotspots 401 403 403 200 200 200 403
GET     /ogc/collections/<name>/tiles/WebMercatorQuad/<int:z>/<int:y>/<int:x> other:hotspots 401 403 403 204 204 200 403
GET     /ogc/collections/<name>/tiles/WebMercatorQuad/<int:z>/<int:y>/<int:x> town:routes 401 403 403 200 200 200 403
GET     /ogc/collections/<name>/tiles/WebMercatorQuad/<int:z>/<int:y>/<int:x> other:routes 401 403 403 204 204 200 403

GET     /desk/sessions                                      -        in   200    200  200    200      200   200
POST    /desk/sessions/<uuid:session_id>/revoke             town     in   302    404  404    404      404   404
POST    /desk/sessions/<uuid:session_id>/revoke             other    in   404    404  404    404      404   302
GET     /desk/board                                         -        in   403    403  200    403      403   403
GET     /desk/board/lines                                   -        in   403    403  200    403      403   403
GET     /desk/stream                                        -        in   403    403  200    200      200   403
GET     /desk/alarms                                        -        in   403    403  200    200      200   403
GET     /desk/alarms/open                                   -        in   403    403  200    200      200   403
GET     /desk/alarms/<uuid:alarm_id>                        town     in   403    403  200    200      200   403
GET     /desk/alarms/<uuid:alarm_id>                        other    in   403    403  404    404      200   403
POST    /desk/alarms/<uuid:alarm_id>/take                   town     in   403    403  302    302      302   403
POST    /desk/alarms/<uuid:alarm_id>/take                   other    in   403    403  404    404      302   403
POST    /desk/alarms/<uuid:alarm_id>/close                  town     in   403    403  302    302      302   403
POST    /desk/alarms/<uuid:alarm_id>/close                  other    in   403    403  404    404      302   403
GET     /desk/shifts                                        -        in   403    403  200    403      403   403
GET     /desk/shifts/new                                    -        in   403    403  200    403      403   403
POST    /desk/shifts/new                                    -        in   403    403  422    403      403   403
POST    /desk/shifts/copy                                   -        in   403    403  302    403      403   403
GET     /desk/shifts/<int:shift_id>                         town     in   403    403  200    403      403   403
GET     /desk/shifts/<int:shift_id>                         other    in   403    403  404    403      403   403
GET     /desk/shifts/<int:shift_id>/change                  town     in   403    403  200    403      403   403
GET     /desk/shifts/<int:shift_id>/change                  other    in   403    403  404    403      403   403
POST    /desk/shifts/<int:shift_id>/change                  town     in   403    403  422    403      403   403
POST    /desk/shifts/<int:shift_id>/change                  other    in   403    403  404    403      403   403
POST    /desk/shifts/<int:shift_id>/crew                    town     in   403    403  409    403      403   403
POST    /desk/shifts/<int:shift_id>/crew                    other    in   403    403  404    403      403   403
POST    /desk/shifts/<int:shift_id>/cancel                  town     in   403    403  409    403      403   403
POST    /desk/shifts/<int:shift_id>/cancel                  other    in   403    403  404    403      403   403
POST    /desk/shifts/<int:shift_id>/attendance/<int:person_id>  town     in   403  403  302  403  403  403
POST    /desk/shifts/<int:shift_id>/attendance/<int:person_id>  other    in   403  403  404  403  403  403
POST    /desk/shifts/rosters                                town     in   403    403  302    403      403   403
POST    /desk/shifts/rosters                                other    in   403    403  404    403      403   403
GET     /desk/shifts/rosters/<uuid:roster_id>               town     in   403    403  200    403      403   403
GET     /desk/shifts/rosters/<uuid:roster_id>               other    in   403    403  404    403      403   403
GET     /desk/shifts/rosters/<uuid:roster_id>/progress      town     in   403    403  200    403      403   403
GET     /desk/shifts/rosters/<uuid:roster_id>/progress      other    in   403    403  404    403      403   403
POST    /desk/shifts/rosters/<uuid:roster_id>/take          town     in   403    403  302    403      403   403
POST    /desk/shifts/rosters/<uuid:roster_id>/take          other    in   403    403  404    403      403   403
GET     /desk/swaps                                         -        in   403    403  200    403      403   403
POST    /desk/swaps/<uuid:swap_id>                          town     in   403    403  422    403      403   403
POST    /desk/swaps/<uuid:swap_id>                          other    in   403    403  404    403      403   403
POST    /desk/swaps/leave/<uuid:leave_id>                   town     in   403    403  422    403      403   403
POST    /desk/swaps/leave/<uuid:leave_id>                   other    in   403    403  404    403      403   403
GET     /desk/programs                                      -        in   403    403  200    200      200   403
POST    /desk/programs                                      -        in   403    403  422    422      422   403
POST    /desk/programs/<int:token_id>/revoke                town     in   403    403  404    302      404   403
POST    /desk/programs/<int:token_id>/revoke                other    in   403    403  404    404      404   403
GET     /desk/monthly                                       -        in   403    403  403    200      200   403
POST    /desk/monthly                                       -        in   403    403  403    422      422   403
POST    /desk/monthly/schedule                              -        in   403    403  403    302      302   403
GET     /desk/monthly/<code>/<int:report_id>.pdf            town     in   403    403  403    200      200   403
GET     /desk/monthly/<code>/<int:report_id>.pdf            other    in   403    403  403    404      200   403
GET     /desk/people                                        -        in   403    403  200    403      403   403
POST    /desk/people/<int:person_id>/code                   town     in   403    403  200    403      403   403
POST    /desk/people/<int:person_id>/code                   other    in   403    403  404    403      403   403
POST    /desk/people/<int:person_id>/sign-out               town     in   403    403  302    403      403   403
POST    /desk/people/<int:person_id>/sign-out               other    in   403    403  404    403      403   403
POST    /desk/answers/<uuid:answer_id>/seen                 town     in   403    403  302    403      302   403
POST    /desk/answers/<uuid:answer_id>/seen                 other    in   403    403  404    403      302   403
GET     /desk/codes                                         -        in   403    403  200    403      200   403
POST    /desk/codes/<int:checkpoint_id>/display             town     in   403    403  200    403      200   403
POST    /desk/codes/<int:checkpoint_id>/display             other    in   403    403  404    403      200   403
POST    /desk/codes/<int:checkpoint_id>/tag                 town     in   403    403  200    403      200   403
POST    /desk/codes/<int:checkpoint_id>/tag                 other    in   403    403  404    403      200   403
POST    /desk/codes/<int:checkpoint_id>/change              town     in   403    403  302    403      302   403
POST    /desk/codes/<int:checkpoint_id>/change              other    in   403    403  404    403      302   403
POST    /desk/codes/displays/<int:display_id>/revoke        town     in   403    403  302    403      302   403
POST    /desk/codes/displays/<int:display_id>/revoke        other    in   403    403  404    403      302   403
# A screen's link opens it to whoever has it, and shows a place's name and code; in the first line it was taken back.
GET     /display/<link>                                     town     404  404    404  404    404      404   404
GET     /display/<link>                                     other    200  200    200  200    200      200   200
GET     /display/<link>/code                                town     404  404    404  404    404      404   404
GET     /display/<link>/code                                other    200  200    200  200    200      200   200
# A certificate's page opens to whoever holds the paper; in the first line there is none of that code.
GET     /verify                                             -        200  200    200  200    200      200   200
GET     /verify/<check>                                     town     404  404    404  404    404      404   404
GET     /verify/<check>                                     other    200  200    200  200    200      200   200
GET     /desk/points/shop                                   -        in   403    403  200    200      200   403
POST    /desk/points/shop/collect                           -        in   403    403  422    422      422   403
POST    /desk/points/shop/orders/<uuid:order_id>/cancel     town     in   403    403  403    302      302   403
POST    /desk/points/shop/orders/<uuid:order_id>/cancel     other    in   403    403  403    404      302   403
GET     /desk/points/shop/goods                             -        in   403    403  403    200      200   403
POST    /desk/points/shop/goods                             -        in   403    403  403    422      422   403
GET     /desk/points/shop/goods/<int:goods_id>              town     in   403    403  403    200      200   403
GET     /desk/points/shop/goods/<int:goods_id>              other    in   403    403  403    404      200   403
POST    /desk/points/shop/goods/<int:goods_id>              town     in   403    403  403    422      422   403
POST    /desk/points/shop/goods/<int:goods_id>              other    in   403    403  403    404      422   403
POST    /desk/points/shop/goods/<int:goods_id>/supply       town     in   403    403  403    302      302   403
POST    /desk/points/shop/goods/<int:goods_id>/supply       other    in   403    403  403    404      302   403
POST    /desk/points/shop/purposes                          -        in   403    403  403    422      422   403
POST    /desk/points/shop/purposes/<int:purpose_id>/close   town     in   403    403  403    302      302   403
POST    /desk/points/shop/purposes/<int:purpose_id>/close   other    in   403    403  403    404      302   403
GET     /desk/points/shop/certificates                      -        in   403    403  403    200      200   403
POST    /desk/points/shop/certificates                      -        in   403    403  403    422      422   403
POST    /desk/points/shop/certificates/<int:certificate_id>  town    in   403    403  403    302      302   403
POST    /desk/points/shop/certificates/<int:certificate_id>  other   in   403    403  403    404      302   403
GET     /desk/points/shop/certificates/<int:certificate_id>.pdf  town   in  403  403  403    200      200   403
GET     /desk/points/shop/certificates/<int:certificate_id>.pdf  other  in  403  403  403    404      200   403
GET     /desk/coverage                                      -        in   403    403  200    200      200   403
GET     /desk/coverage/why/<kind>/<number>                  town     in   403    403  200    200      200   403
GET     /desk/coverage/why/<kind>/<number>                  other    in   403    403  404    404      200   403
GET     /desk/hotspots                                      -        in   403    403  200    200      200   403
POST    /desk/hotspots/searches                             -        in   403    403  403    422      422   403
GET     /desk/hotspots/searches/<uuid:run_id>               town     in   403    403  403    200      200   403
GET     /desk/hotspots/searches/<uuid:run_id>               other    in   403    403  403    404      200   403
GET     /desk/hotspots/searches/<uuid:run_id>/progress      town     in   403    403  403    200      200   403
GET     /desk/hotspots/searches/<uuid:run_id>/progress      other    in   403    403  403    404      200   403
GET     /desk/hotspots/proposals/<uuid:proposal_id>         town     in   403    403  403    200      200   403
GET     /desk/hotspots/proposals/<uuid:proposal_id>         other    in   403    403  403    404      200   403
POST    /desk/hotspots/proposals/<uuid:proposal_id>         town     in   403    403  403    302      302   403
POST    /desk/hotspots/proposals/<uuid:proposal_id>         other    in   403    403  403    404      302   403
GET     /desk/hotspots/drawn                                -        in   403    403  403    200      200   403
POST    /desk/hotspots/drawn                                -        in   403    403  403    422      422   403
GET     /desk/hotspots/proposals/<uuid:proposal_id>/drawn   town     in   403    403  403    200      200   403
GET     /desk/hotspots/proposals/<uuid:proposal_id>/drawn   other    in   403    403  403    404      200   403
POST    /desk/hotspots/proposals/<uuid:proposal_id>/drawn   town     in   403    403  403    422      422   403
POST    /desk/hotspots/proposals/<uuid:proposal_id>/drawn   other    in   403    403  403    404      422   403
GET     /desk/hotspots/<int:hotspot_id>/drawn               town     in   403    403  403    200      200   403
GET     /desk/hotspots/<int:hotspot_id>/drawn               other    in   403    403  403    404      200   403
POST    /desk/hotspots/<int:hotspot_id>/drawn               town     in   403    403  403    422      422   403
POST    /desk/hotspots/<int:hotspot_id>/drawn               other    in   403    403  403    404      422   403
POST    /desk/hotspots/<int:hotspot_id>/renew               town     in   403    403  403    302      302   403
POST    /desk/hotspots/<int:hotspot_id>/renew               other    in   403    403  403    404      302   403
POST    /desk/hotspots/<int:hotspot_id>/end                 town     in   403    403  403    302      302   403
POST    /desk/hotspots/<int:hotspot_id>/end                 other    in   403    403  403    404      302   403
GET     /desk/hotspots/incidents                            -        in   403    403  403    200      200   403
POST    /desk/hotspots/incidents                            -        in   403    403  403    422      422   403
GET     /desk/hotspots/incidents/<int:z>/<int:x>/<int:y>.mvt  town   in   403    403  403    200      200   403
GET     /desk/hotspots/incidents/<int:z>/<int:x>/<int:y>.mvt  other  in   403    403  403    204      200   403
GET     /desk/hotspots/beats                                -        in   403    403  200    200      200   403
POST    /desk/hotspots/beats                                town     in   403    403  302    302      302   403
POST    /desk/hotspots/beats                                other    in   403    403  422    422      302   403
GET     /desk/hotspots/beats/<uuid:beat_id>                 town     in   403    403  200    200      200   403
GET     /desk/hotspots/beats/<uuid:beat_id>                 other    in   403    403  404    404      200   403
GET     /desk/hotspots/beats/<uuid:beat_id>/progress        town     in   403    403  200    200      200   403
GET     /desk/hotspots/beats/<uuid:beat_id>/progress        other    in   403    403  404    404      200   403
GET     /desk/campaigns                                     -        in   403    403  200    200      200   403
GET     /desk/campaigns/new                                 -        in   403    403  403    200      200   403
POST    /desk/campaigns                                     -        in   403    403  403    422      422   403
GET     /desk/campaigns/<uuid:campaign_id>                  town     in   403    403  200    200      200   403
GET     /desk/campaigns/<uuid:campaign_id>                  other    in   403    403  404    404      200   403
POST    /desk/campaigns/<uuid:campaign_id>                  town     in   403    403  403    302      302   403
POST    /desk/campaigns/<uuid:campaign_id>                  other    in   403    403  403    404      302   403
GET     /desk/points/checks                                 -        in   403    403  200    200      200   403
POST    /desk/points/checks/<uuid:flag_id>                  town     in   403    403  302    302      302   403
POST    /desk/points/checks/<uuid:flag_id>                  other    in   403    403  404    404      302   403
POST    /desk/points/checks/teams/<int:team_id>/ranking     town     in   403    403  302    403      302   403
POST    /desk/points/checks/teams/<int:team_id>/ranking     other    in   403    403  404    403      302   403
GET     /desk/assessment                                            -        in   403    403  403    200      200   403
POST    /desk/assessment                                            -        in   403    403  403    302      302   403
GET     /desk/assessment/compare                                    -        in   403    403  403    200      200   403
GET     /desk/assessment/notices                                    -        in   403    403  403    200      200   403
POST    /desk/assessment/notices                                    -        in   403    403  403    422      422   403
GET     /desk/assessment/<uuid:assessment_id>/why/<indicator> town     in   403    403  403    200      200   403
GET     /desk/assessment/<uuid:assessment_id>/why/<indicator> other    in   403    403  403    404      200   403
GET     /desk/assessment/<uuid:assessment_id>/weights               town     in   403    403  403    200      200   403
GET     /desk/assessment/<uuid:assessment_id>/weights               other    in   403    403  403    404      200   403
GET     /desk/assessment/<uuid:assessment_id>/plans                 town     in   403    403  403    200      200   403
GET     /desk/assessment/<uuid:assessment_id>/plans                 other    in   403    403  403    404      200   403
GET     /desk/assessment/<uuid:assessment_id>/files/<kind> town:xlsx in   403    403  403    200      200   403
GET     /desk/assessment/<uuid:assessment_id>/files/<kind> other:xlsx in   403    403  403    404      200   403
POST    /desk/assessment/<uuid:assessment_id> town     in   403    403  403    302      302   403
POST    /desk/assessment/<uuid:assessment_id> other    in   403    403  403    404      302   403
POST    /desk/assessment/<uuid:assessment_id>/plans                 town     in   403    403  403    422      422   403
POST    /desk/assessment/<uuid:assessment_id>/plans                 other    in   403    403  403    404      422   403
POST    /desk/assessment/plans/<uuid:plan_item_id> town     in   403    403  403    302      302   403
POST    /desk/assessment/plans/<uuid:plan_item_id> other    in   403    403  403    404      302   403
POST    /desk/assessment/returns/<uuid:sent_back_id> town     in   403    403  403    302      302   403
POST    /desk/assessment/returns/<uuid:sent_back_id> other    in   403    403  403    404      302   403
POST    /desk/assessment/notices/<uuid:hung_id>                   town     in   403    403  403    302      302   403
POST    /desk/assessment/notices/<uuid:hung_id>                   other    in   403    403  403    404      302   403
GET     /desk/points/rows                                   -        in   403    403  200    200      200   403
POST    /desk/points/rows/sessions                          town     in   403    403  302    403      302   403
POST    /desk/points/rows/sessions                          other    in   403    403  404    403      302   403
POST    /desk/points/rows/sessions/<int:training_id>/confirm town     in   403    403  422    302      302   403
POST    /desk/points/rows/sessions/<int:training_id>/confirm other    in   403    403  404    404      422   403
POST    /desk/points/rows/sessions/<int:training_id>/take-back town   in   403    403  403    302      302   403
POST    /desk/points/rows/sessions/<int:training_id>/take-back other  in   403    403  403    404      422   403
POST    /desk/points/rows/hazards/<uuid:hazard_id>/take-back town     in   403    403  403    302      302   403
POST    /desk/points/rows/hazards/<uuid:hazard_id>/take-back other    in   403    403  403    404      302   403
POST    /desk/points/rows/hazards/<uuid:incident_id>        town     in   403    403  422    422      422   403
POST    /desk/points/rows/hazards/<uuid:incident_id>        other    in   403    403  404    404      422   403
POST    /desk/points/rows/no-shows/<int:shift_id>/<int:person_id> town     in   403    403  302    302      302   403
POST    /desk/points/rows/no-shows/<int:shift_id>/<int:person_id> other    in   403    403  404    404      302   403
POST    /desk/points/rows/shifts/<int:shift_id>/bonus       town     in   403    403  409    409      409   403
POST    /desk/points/rows/shifts/<int:shift_id>/bonus       other    in   403    403  404    404      409   403
POST    /desk/points/rows/holidays                          town     in   403    403  403    403      302   403
POST    /desk/points/rows/holidays                          other    in   403    403  403    403      302   403
GET     /desk/points/duties/<int:duty_id>/case              town     in   403    403  200    200      200   403
GET     /desk/points/duties/<int:duty_id>/case              other    in   403    403  404    404      200   403
POST    /desk/points/duties/<int:duty_id>/case              town     in   403    403  302    409      409   403
POST    /desk/points/duties/<int:duty_id>/case              other    in   403    403  404    404      302   403
GET     /desk/points/cases/<int:case_id>                    town     in   403    403  200    200      200   403
GET     /desk/points/cases/<int:case_id>                    other    in   403    403  404    404      200   403
POST    /desk/points/cases/<int:case_id>                    town     in   403    403  422    422      422   403
POST    /desk/points/cases/<int:case_id>                    other    in   403    403  404    404      422   403
GET     /desk/points                                        -        in   403    403  200    200      200   403
POST    /desk/points/submit                                 town     in   403    403  302    302      302   403
POST    /desk/points/submit                                 other    in   403    403  404    404      302   403
POST    /desk/points/approve                                town     in   403    403  403    302      302   403
POST    /desk/points/approve                                other    in   403    403  403    404      302   403
POST    /desk/points/set-aside                              town     in   403    403  403    422      422   403
POST    /desk/points/set-aside                              other    in   403    403  403    404      422   403
POST    /desk/points/audit                                  town     in   403    403  403    422      422   403
POST    /desk/points/audit                                  other    in   403    403  403    404      422   403
GET     /desk/points/notices                                -        in   403    403  403    200      200   403
POST    /desk/points/notices                                town     in   403    403  403    409      409   403
POST    /desk/points/notices                                other    in   403    403  403    404      409   403
POST    /desk/points/notices/freeze                         town     in   403    403  403    409      409   403
POST    /desk/points/notices/freeze                         other    in   403    403  403    404      409   403
GET     /desk/points/notices/<code>/<month>.pdf             town     in   403    403  403    200      200   403
GET     /desk/points/notices/<code>/<month>.pdf             other    in   403    403  403    404      200   403
POST    /desk/points/notices/objections/<uuid:objection_id>  town    in   403    403  403    422      422   403
POST    /desk/points/notices/objections/<uuid:objection_id>  other   in   403    403  403    404      422   403
GET     /notices                                            -        200  200    200  200    200      200   200
GET     /notices/<code>/<month>                             town     200  200    200  200    200      200   200
GET     /notices/<code>/<month>                             other    200  200    200  200    200      200   200
POST    /notices/<code>/<month>                             town     422  422    422  422    422      422   422
POST    /notices/<code>/<month>                             other    422  422    422  422    422      422   422
GET     /robots.txt                                         -        200  200    200  200    200      200   200
GET     /api/v1/me/notices                                  -        401  200    200  200    200      200   200
POST    /api/v1/me/notices/<month>/objections               town     401  201    201  201    201      404   201
POST    /api/v1/me/notices/<month>/objections               other    401  201    201  201    201      404   201
GET     /shares/<code>                                      town     200  200    200  200    200      200   200
GET     /shares/<code>                                      other    200  200    200  200    200      200   200
GET     /desk/money                                         -        in   403    403  403    200      200   403
POST    /desk/money/<code>/<int:year>                       town     in   403    403  403    302      302   403
POST    /desk/money/<code>/<int:year>                       other    in   403    403  403    404      302   403
POST    /desk/money/allocations/<uuid:allocation_id>        town     in   403    403  403    302      302   403
POST    /desk/money/allocations/<uuid:allocation_id>        other    in   403    403  403    404      302   403
GET     /desk/money/commitments                             -        in   403    403  403    200      200   403
POST    /desk/money/<code>/<int:year>/commitments           town     in   403    403  403    422      422   403
POST    /desk/money/<code>/<int:year>/commitments           other    in   403    403  403    404      422   403
GET     /desk/money/commitments/<uuid:commitment_id>        town     in   403    403  403    200      200   403
GET     /desk/money/commitments/<uuid:commitment_id>        other    in   403    403  403    404      200   403
POST    /desk/money/commitments/<uuid:commitment_id>        town     in   403    403  403    302      302   403
POST    /desk/money/commitments/<uuid:commitment_id>        other    in   403    403  403    404      302   403
GET     /desk/money/grants                                  -        in   403    403  403    200      200   403
POST    /desk/money/<code>/<int:year>/grants                town     in   403    403  403    302      302   403
POST    /desk/money/<code>/<int:year>/grants                other    in   403    403  403    404      302   403
POST    /desk/money/grants/<uuid:round_id>                  town     in   403    403  403    302      302   403
POST    /desk/money/grants/<uuid:round_id>                  other    in   403    403  403    404      302   403
GET     /desk/money/reconciliation                          -        in   403    403  403    200      200   403
GET     /desk/money/files/<kind>                            town:xlsx  in  403  403  403    200      200   403
GET     /desk/money/files/<kind>                            other:xlsx  in  403  403  403    404      200   403
GET     /desk/money/files/payments/<kind>                   town:xlsx  in  403  403  403    200      200   403
GET     /desk/money/files/payments/<kind>                   other:xlsx  in  403  403  403    404      200   403
GET     /desk/coverage/staffing                             -        in   403    403  200    200      200   403
GET     /desk/coverage/staffing/files/<kind>                town:xlsx  in   403  403  200    200      200   403
GET     /desk/coverage/staffing/files/<kind>                other:xlsx  in  403  403  404    404      200   403
GET     /desk/coverage/strength                             -        in   403    403  403    200      200   403
GET     /desk/coverage/strength/files/<kind>                town:xlsx  in   403  403  403    200      200   403
GET     /desk/coverage/strength/files/<kind>                other:xlsx  in  403  403  403    404      200   403
GET     /desk/coverage/files/<kind>                         town:xlsx  in   403  403  200    200      200   403
GET     /desk/coverage/files/<kind>                         other:xlsx  in  403  403  404    404      200   403
GET     /desk/reports                                       -        in   403    403  200    200      200   403
GET     /desk/reports/<uuid:report_id>                      town     in   403    403  200    200      200   403
GET     /desk/reports/<uuid:report_id>                      other    in   403    403  404    404      200   403
POST    /desk/reports/<uuid:report_id>                      town     in   403    403  302    302      302   403
POST    /desk/reports/<uuid:report_id>                      other    in   403    403  404    404      302   403
GET     /desk/review                                        -        in   403    403  200    403      200   403
GET     /desk/review/<uuid:checkin_id>                      town     in   403    403  200    403      200   403
GET     /desk/review/<uuid:checkin_id>                      other    in   403    403  404    403      200   403
POST    /desk/review/<uuid:checkin_id>                      town     in   403    403  302    403      302   403
POST    /desk/review/<uuid:checkin_id>                      other    in   403    403  404    403      302   403
GET     /desk/review/received                               -        in   403    403  200    403      200   403
POST    /desk/review/received/<uuid:item_id>/again          town     in   403    403  302    403      302   403
POST    /desk/review/received/<uuid:item_id>/again          other    in   403    403  404    403      302   403
GET     /desk/points/rules                                  -        in   403    403  403    200      200   403
GET     /desk/points/rules/new                              -        in   403    403  403    200      200   403
POST    /desk/points/rules                                  -        in   403    403  403    422      422   403
GET     /desk/points/rules/<int:change_id>                  town     in   403    403  403    200      200   403
GET     /desk/points/rules/<int:change_id>                  other    in   403    403  403    404      200   403
POST    /desk/points/rules/<int:change_id>                  town     in   403    403  403    403      302   403
POST    /desk/points/rules/<int:change_id>                  other    in   403    403  403    404      302   403
GET     /desk/points/rules/<int:change_id>/progress         town     in   403    403  403    200      200   403
GET     /desk/points/rules/<int:change_id>/progress         other    in   403    403  403    404      200   403
GET     /desk/points/people/<int:person_id>/<month>         town     in   403    403  200    200      200   403
GET     /desk/points/people/<int:person_id>/<month>         other    in   403    403  404    404      200   403
GET     /desk/playback                                      -        in   403    403  403    200      403   403
GET     /desk/playback/<int:duty_id>                        town     in   403    403  403    200      403   403
GET     /desk/playback/<int:duty_id>                        other    in   403    403  403    404      403   403
GET     /desk/playback/<int:duty_id>/look                   town     in   403    403  403    200      403   403
GET     /desk/playback/<int:duty_id>/look                   other    in   403    403  403    404      403   403
"""
CALLERS = ("anonymous", "member", "mate", "leader", "reviewer", "admin", "outsider")
# What of 清禾镇 may stand in no answer to somebody of 云渡镇.
NAMES_OF_TOWN = ("清禾镇", "王队员", "李队员", "陈队长", "镇审核员", "西闸值班室")


@dataclass(frozen=True)
class Line:
    method: str
    rule: str
    place: str
    answers: tuple[str, ...]

    @property
    def town(self) -> str:
        return self.place.split(":")[0]


def read_table() -> list[Line]:
    rows = [row.split() for row in TABLE.splitlines() if row.strip() and not row.startswith("#")]
    assert all(len(row) == 3 + len(CALLERS) for row in rows), "a line has too few or too many answers"
    return [Line(row[0], row[1], row[2], tuple(row[3:])) for row in rows]


LINES = read_table()


# --- the world ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Named:
    """A row by its id, which outlives the session that made it."""

    id: int


@dataclass
class World:
    """The cast with a check-in and a session in each township, and one caller each."""

    people: dict[str, Named]
    app: Flask
    secrets: dict[str, str]
    values: dict[str, dict[str, Any]]
    codes: list[str]
    connection: Any

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What happens inside is as if it had not been."""
        db.session.remove()
        savepoint = self.connection.begin_nested()
        try:
            yield
        finally:
            db.session.remove()
            savepoint.rollback()

    def ask(self, line: Line, who: str) -> Any:
        values = self.values[line.town]
        if ":" in line.place:
            layer = line.place.split(":")[1]
            values = {**values, "layer": layer, "name": layer, "fid": values["fids"].get(layer)}
            values |= {"kind": layer} if layer == "xlsx" else {}
        if line.rule.endswith(".pdf"):
            values = {**values, "report_id": values["paper_id"]}
        address = fill(line.rule, values)
        with self.undone():
            address += f"?area={values['code']}" if "/files/" in address else ""
            return self.caller(who).open(address, method=line.method, **body_of(line, self, who))

    def caller(self, who: str) -> Caller:
        """A fresh one each time: signing out takes a cookie away, which nothing here would bring back."""
        caller = Caller(self.app)
        if who in self.secrets:
            caller.set_cookie("xunfang", self.secrets[who], domain="localhost")
        return caller


def fill(rule: str, values: dict[str, Any]) -> str:
    parts = []
    for part in rule.split("<"):
        if ">" in part:
            name, rest = part.split(">", 1)
            parts.append(f"{values[name.split(':')[-1]]}{rest}")
        else:
            parts.append(part)
    return "".join(parts)


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30)).save(out, "PNG")
    return out.getvalue()


PICTURE = _picture()

# Good enough to get past the form, so that the operation's own look at who asks is tried too.
FORMS: dict[str, dict[str, Any]] = {
    "/review/<uuid:checkin_id>": {"decision": "counted"},
    "/orders/<uuid:order_id>/cancel": {"reason": "goods_missing"},
    "/goods/<int:goods_id>/supply": {"pieces": "1"},
    "/certificates/<int:certificate_id>": {"decision": "withdraw", "reason": "wrong_hours"},
    "/cancel": {"version": "1", "reason": "weather"},
    "/alarms/<uuid:alarm_id>/close": {"phrase": "safe"},
    "/attendance/<int:person_id>": {"started": "20:00", "ended": "20:30"},
    "/reports/<uuid:report_id>": {"decision": "take"},
    "/proposals/<uuid:proposal_id>": {"decision": "reject", "reason": "solved"},
    "/rules/<int:change_id>": {"decision": "refuse"},
    "/campaigns/<uuid:campaign_id>": {"decision": "call_off", "reason": "weather"},
    "/checks/<uuid:flag_id>": {"reason": "looked_fine", "note": ""},
    "/ranking": {"shown": "y", "measure": "points"},
    "/assessment/<uuid:assessment_id>": {"decision": "publish"},
    "/assessment/plans/<uuid:plan_item_id>": {"decision": "confirm"},
    "/assessment/returns/<uuid:sent_back_id>": {"outcome": "stands"},
    "/hazards/<uuid:incident_id>": {"severity": "low"},
    "/sessions/<int:training_id>/take-back": {"why": "not_held"},
    "/hazards/<uuid:hazard_id>/take-back": {"why": "wrong_severity"},
    "/no-shows/<int:shift_id>/<int:person_id>": {"excuse": "ill"},
    "/shifts/<int:shift_id>/bonus": {"version": "1", "bonus": "5"},
    "/duties/<int:duty_id>/case": {"reason": "not_there"},
    "/cases/<int:case_id>": {"outcome": "dismissed"},
    "/money/<code>/<int:year>": {"decision": "open"},
    "/money/<code>/<int:year>/grants": {"decision": "confirm", "quarters": "1-4"},
    "/money/allocations/<uuid:allocation_id>": {"decision": "refuse"},
    "/money/commitments/<uuid:commitment_id>": {"decision": "refuse"},
    "/money/grants/<uuid:round_id>": {"decision": "refuse"},
}


# The planner is asked about a team, which is named in the form.
PLANS: dict[str, dict[str, Any]] = {
    "/desk/hotspots/beats": {"day": "2026-12-01", "starts": "20:00", "minutes": "120", "pairs": "1"},
    "/desk/shifts/rosters": {"week": "2026-W49", "most": "5"},
}


# What JSON addresses of one's own data are sent.
OWN_DATA: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/v1/session/code"): {"code": "ZZZZZZZZ"},
    ("PATCH", "/api/v1/me"): {},
    ("PUT", "/api/v1/me/consents/<purpose>"): {"given": False, "version": 1},
    ("PUT", "/api/v1/me/ranking"): {"shown": True},
    ("PUT", "/api/v1/me/totp"): {"code": "000000"},
    ("DELETE", "/api/v1/me/totp"): {"code": "000000"},
    ("POST", "/api/v1/me/notices/<month>/objections"): {"text": "少算了一班"},
    ("POST", "/api/v1/me/certificates"): {
        "first_on": "2026-01-01",
        "last_on": "2026-11-01",
        "language": "zh",
        "stars": True,
    },
}


def body_of(line: Line, world: World, who: str) -> dict[str, Any]:
    if (line.method, line.rule) in OWN_DATA:
        return {"json": OWN_DATA[line.method, line.rule]}
    if line.rule.startswith(("/api/v1/me/orders/", "/api/v1/me/donations/")) and line.method == "PUT":
        values = world.values[line.town]
        order = {"item_id": values["goods_id"], "price": 10}
        return {
            "json": order if "/orders/" in line.rule else {"purpose_id": values["purpose_id"], "amount": 1}
        }
    if line.rule.startswith("/api/v1/field/photos/"):
        return {"data": PICTURE, "headers": {"Content-Type": "image/png"}} if line.method == "PUT" else {}
    if line.method != "POST":
        return {}
    if line.rule == "/api/v1/session":
        return {"json": {"login": "nobody-here", "password": "x"}}
    if line.rule == "/api/v1/me/loggers":
        return {"json": {"app": "traccar"}}
    if line.rule == "/api/v1/field/sync":
        person = world.people.get(who, world.people["member"])
        item = Phone(person, make.EVENING).start(Named(world.values[line.town]["shift_id"]))
        return {"json": {"sent_at": rfc3339(make.EVENING), "items": [item]}}
    if line.rule == "/api/v1/field/cases/<int:case_id>/answer":
        return {"json": {"phrase": "was_there"}}
    if line.rule in ("/desk/points/rows/sessions", "/desk/points/rows/holidays"):
        return {"data": world.values[line.town][line.rule.rsplit("/", 1)[1]]}
    if re.match(r"/desk/points/(submit|approve|set-aside|audit|notices)", line.rule):
        values = world.values[line.town]
        ticked = {} if line.rule.endswith(("submit", "approve")) else {"person": values["person_id"]}
        return {"data": {"area": values["code"], "month": values["month"], **ticked}}
    if line.rule in PLANS:
        return {"data": {**PLANS[line.rule], "team": world.values[line.town]["team_id"]}}
    return {"data": next((form for end, form in FORMS.items() if line.rule.endswith(end)), {})}


@pytest.fixture(scope="module")
def world(app: Flask) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: make.EVENING + timedelta(minutes=40))
        # The sign-in page of a demo names the demo's own township.
        patch.setitem(app.extensions, "settings", replace(app.extensions["settings"], demo=False))
        # Whether a form is refused without its token is asked for itself, below.
        patch.setattr(gate.csrf, "protect", lambda: None)
        with one_transaction(app) as connection:
            yield build(app, connection)


def build(app: Flask, connection: Any) -> World:
    people = cast.make_cast()
    people.shift.meeting_place = "西闸值班室"
    other_shift = make.make_shift(people.other.team, people.other.route, [people.outsider])
    db.session.commit()
    named = {who: Named(getattr(people, who).id) for who in CALLERS[1:]}
    codes = [area.code for area in (people.town.township, *people.town.villages)]
    secrets = {
        who: accounts.open_session(getattr(people, who), "tests", 1, clock.now()) for who in CALLERS[1:]
    }
    secrets["neighbour"] = accounts.open_session(neighbour_of(people), "tests", 1, clock.now())
    db.session.commit()
    feed = feeds.make_token(people.outsider, clock.now())
    db.session.commit()
    world = World(named, app, secrets, {}, codes, connection)
    checkins = {
        "town": check_in(world.caller("member"), people.member, people.shift, people.town, 0),
        "other": check_in(
            world.caller("outsider"), people.outsider, other_shift, people.other, places.ELSEWHERE_M
        ),
    }
    alarms = {
        "town": call_for_help(world.caller("member"), people.member, people.shift),
        "other": call_for_help(world.caller("outsider"), people.outsider, other_shift),
    }
    reports = {
        "town": report_with_photo(world.caller("member"), people.member, people.shift),
        "other": report_with_photo(world.caller("outsider"), people.outsider, other_shift),
    }
    asked = {
        "town": ask_the_leader(world.caller("member"), people.member, people.shift),
        "other": ask_the_leader(world.caller("outsider"), people.outsider, other_shift),
    }
    sessions = {"town": session_id(secrets["member"]), "other": session_id(secrets["outsider"])}
    loggers = {
        "town": make_logger(people.member, "traccar", clock.now()),
        "other": make_logger(people.outsider, "traccar", clock.now()),
    }
    db.session.commit()
    read_tokens = {
        "town": token_id(people.reviewer), "other": token_id(people.outsider),
    }  # fmt: skip
    db.session.commit()
    said = {
        "town": say_about_duty(world.caller("member"), people.member, people.shift),
        "other": say_about_duty(world.caller("outsider"), people.outsider, other_shift),
    }
    in_question = {
        "town": held_yesterday(world.caller("member"), people.member, people.town, 0),
        "other": held_yesterday(world.caller("outsider"), people.outsider, people.other, places.ELSEWHERE_M),
    }
    flags = {
        name: add_flag(town.team, (one,), "two_places").id
        for name, town, one in (("town", people.town, people.mate), ("other", people.other, people.outsider))
    }
    towns = {"town": (people.town, people.shift, 0), "other": (people.other, other_shift, places.ELSEWHERE_M)}
    world.values = {"-": {}, "county": {"code": people.county.code}}
    for name, (town, shift, x0) in towns.items():
        z, x, y = tile_at(x0 + 600, 500)
        street = db.session.scalar(
            db.select(Street.id).where(Street.network_version_id == town.network.id).limit(1)
        )
        world.values[name] = {
            "code": town.township.code, "street_id": street, "hotspot_id": town.hotspot.id,
            "route_id": town.route.route_id, "z": z, "x": x, "y": y, "shift_id": shift.id,
            "person_id": people.mate.id if name == "town" else people.outsider.id,
            "report_id": reports[name][0], "photo_id": reports[name][1],
            "alarm_id": alarms[name], "checkin_id": checkins[name], "item_id": checkins[name],
            "kind": "street", "number": street, "session_id": sessions[name],
            "purpose": "ranking", "feed": feed if name == "other" else "nobody",
            "swap_id": asked[name][0], "leave_id": asked[name][1],
            "logger_id": loggers[name][0].id, "token": loggers[name][1], "app": "traccar",
            **searched(people, town, x0), "campaign_id": campaign_of(people, town, x0),
            **assessed(people, town),
            **noticed(people, town),
            **planned_for(people, town, shift), "team_id": town.team.id, **money_of(people, town),
            "fids": {
                "areas": town.township.code, "streets": street, "hotspots": town.hotspot.id,
                "routes": town.route.route_id,
            },
            "token_id": read_tokens[name], "paper_id": paper_of(town.township),
            **place_codes(people, town, "nobody" if name == "town" else ""), "answer_id": said[name],
            "duty_id": in_question[name], "change_id": rule_change(people, town),
            "flag_id": flags[name], "incident_id": reports[name][0],
            **beside_duties(people, town, in_question[name], x0),
            **shop_of(people, town),
        }  # fmt: skip
    return world


def beside_duties(people: cast.Cast, town: cast.Town, duty_id: int, x0: float) -> dict[str, Any]:
    """A training that waits for a second person, a hazard that was verified, a no-show of the shift, and a case about
    yesterday's duty."""
    now = clock.now()
    duty = db.session.scalar(db.select(Duty).where(Duty.id == duty_id))
    wanted = training.Wanted("drill", make.DAY, 60, (duty.person_id,))
    opener = people.leader if town is people.town else people.admin
    session = training.enter(opener, scope.scope_of(opener), town.team.id, wanted, now)
    missed = people.mate if town is people.town else people.outsider  # the `person_id` of the addresses
    shift_id = db.session.scalar(
        db.select(Shift.id).where(Shift.team_id == town.team.id).order_by(Shift.id).limit(1)
    )
    db.session.add(
        NoShow(
            township_id=town.township.id,
            shift_id=shift_id,
            person_id=missed.id,
            day=make.DAY,
            found_at=now,
        )
    )
    hazard = Report(
        town.township.id, uuid4(), duty.person_id, town.team.id, duty.shift_id, "road", None, None,
        places.here(x0 + 900, 900), "here", 8, None, (), now - timedelta(days=1),
    )  # fmt: skip
    record_report(hazard, now)
    hazards.verify(opener, scope.scope_of(opener), hazard.id, "high", now)
    case = cases.open_case(opener, scope.scope_of(opener), duty_id, "not_there", now)
    db.session.commit()
    entered = {
        "team": town.team.id, "kind": "drill", "day": "2026-11-20", "minutes": "60", "people": [duty.person_id],
    }  # fmt: skip
    holiday = {"area": town.township.code, "name": "元旦", "kind": "holiday", "day": "2027-01-01"}
    return {
        "training_id": session.id, "case_id": case.id, "sessions": entered, "holidays": holiday, "hazard_id": hazard.id,
    }  # fmt: skip


def neighbour_of(people: cast.Cast) -> Any:
    """Admin and reviewer of the other township, and leader of its team: nobody there may do more."""
    person = make.make_person("外镇管理员", people.other.township, login="neighbour")
    make.grant(person, "admin", area=people.other.township)
    make.grant(person, "reviewer", area=people.other.township)
    make.grant(person, "leader", team=people.other.team)
    return person


def searched(people: cast.Cast, town: cast.Town, x0: float) -> dict[str, Any]:
    """An event on the map, a search, and a place that it proposes."""
    add_event(people, x0 + 600, 500, make.EVENING - timedelta(days=1), township_id=town.township.id)
    question = proposing.Question("kde", make.DAY - timedelta(days=9), make.DAY, ("fire",), {})
    run = proposing.ask(people.admin, town.township, question, clock.now())
    proposal = make_proposal(people, clock.now(), township_id=town.township.id, id=uuid4())
    db.session.commit()
    return {"run_id": run.id, "proposal_id": proposal.id}


def rule_change(people: cast.Cast, town: cast.Town) -> int:
    """A draft of the town's point rules that somebody of the town made and wants tried."""
    proposer = people.reviewer if town is people.town else people.outsider
    draft = rulebook.Draft("numbers", make.DAY.replace(day=1), {"visit": 4}, "试一试")
    change = rulebook.propose(proposer, town.township, INCENTIVES, draft, clock.now())
    ask_trial(proposer, change, "2026-11", clock.now())
    db.session.commit()
    return change.id


def planned_for(people: cast.Cast, town: cast.Town, shift: Any) -> dict[str, Any]:
    """A beat that the worker has found, and a roster that it is asked for."""
    asked = {"starts_at": "2026-12-01T12:00:00Z", "minutes": 120, "pairs": 1}
    stop = {
        "hotspot": town.hotspot.id, "arrive_min": 0, "missed": 3, "stay_min": 10, "stay_basis": "guideline",
        "way_min": 0, "way_basis": None,
    }  # fmt: skip
    beat = runs.ask(people.admin, town.team, "beats", asked, clock.now())
    runs.finish(beat, {"pairs": [{"stops": [stop], "proved": True}], "left": []}, clock.now())
    roster = runs.ask(people.admin, town.team, "roster", {"week": "2026-11-30", "most": 5}, clock.now())
    person = people.mate if town is people.town else people.outsider
    crew = {"shift": shift.id, "version": 1, "people": [person.id]}
    found = {"crews": [crew], "empty": [], "why": [], "proved": True}
    runs.finish(roster, found, clock.now())
    db.session.commit()
    return {"beat_id": beat.id, "roster_id": roster.id}


def money_of(people: cast.Cast, town: cast.Town) -> dict[str, Any]:
    """A pot that is open, and one proposal of each kind; who proposed it is of the town."""
    proposer = people.reviewer if town is people.town else people.outsider
    place, year, now = town.township, make.DAY.year, clock.now()
    money.propose_pot(proposer, place, year, now)
    money.open_pot(people.admin, place, year, now)
    source = money.Source(uuid4(), "pot", "county", "县财政局", "7号", 100)
    money.enter_source(proposer, place, year, source, now)
    asked = money.Wish(uuid4(), source.id, None, {}, "年初")
    money.propose_allocation(proposer, place, year, asked, now)
    goods = commitments.Wish(uuid4(), "points_shop", "shop", "供销社", None, None, "物品", 5)
    commitments.propose(proposer, place, year, goods, now)
    grant = granting.Wish(uuid4(), "base", Period(year, 1, 4))
    granting.propose_round(proposer, place, grant, {}, now)
    db.session.commit()
    return {
        "year": year, "allocation_id": asked.id, "commitment_id": goods.id, "round_id": grant.id,
    }  # fmt: skip


def campaign_of(people: cast.Cast, town: cast.Town, x0: float) -> Any:
    """A campaign at the town's market, approved and not begun; who proposed it is of the town."""
    proposer = people.reviewer if town is people.town else people.outsider
    plaza = make.make_hotspot(
        town.township, places.square(x0 + 850, 850, x0 + 950, 950), proposer, people.admin, name="广场"
    )
    first = make.DAY + timedelta(days=7)
    wanted = Wanted((town.hotspot.id,), ("fire",), first, first + timedelta(days=27), 50)
    plan = Plan("冬季集中巡防", wanted, "just_before", 20, (f"h{plaza.id}",))
    campaign = campaigns.propose(proposer, town.township, plan, clock.now())
    campaigns.approve(people.admin, scope.scope_of(people.admin), campaign.id, clock.now())
    db.session.commit()
    return campaign.id


def assessed(people: cast.Cast, town: cast.Town) -> dict[str, Any]:
    """The quarter before, published; a figure returned, a notice that waits for another person, a plan's item."""
    from app.assessment import operations, plans
    from app.assessment.models import AssessmentPlanItem
    from app.assessment.rules import Quarter

    now, village = clock.now(), town.villages[0].id
    judge = make.make_person("县评议员", None)
    make.grant(judge, "admin", area=people.county)
    one = operations.compute(people.admin, town.township, Quarter(date(2026, 7, 1)), None, now)
    operations.publish(judge, scope.scope_of(judge), one.id, now)
    author = make.make_person("县复核员", None)
    make.grant(author, "admin", area=people.county)
    figure = operations.Figure(village, "hazards", "not_ours")
    returned = operations.send_back(author, scope.scope_of(author), one.id, figure, now)
    hung = plans.Hung(village, date(2026, 7, 1), date(2026, 8, 5), "board", "2026-8")
    notice = plans.enter_notice(judge, town.township, hung, now)
    item = AssessmentPlanItem(
        township_id=town.township.id, id=uuid4(), assessment_id=one.id, village_id=village, indicator="hazards",
        action="hazard_round", owner="leader", due_on=make.DAY, made_by=judge.id, made_at=now,
        done_on=make.DAY, paper="1", done_by=judge.id,
    )  # fmt: skip
    make.save(item)
    db.session.commit()
    return {
        "assessment_id": one.id, "indicator": "hazards", "sent_back_id": returned.id, "hung_id": notice.id,
        "plan_item_id": item.id,
    }  # fmt: skip


def noticed(people: cast.Cast, town: cast.Town) -> dict[str, Any]:
    """A notice of October that runs, and an objection that nobody has answered."""
    now, month, at_home = clock.now(), date(2026, 10, 1), town is people.town
    make.save(
        PointNotice(
            township_id=town.township.id, month=month, opened_by=people.admin.id, opened_at=now - timedelta(hours=1),
            last_on=make.DAY + timedelta(days=7), closes_at=now + timedelta(days=7), working_days=5,
        )
    )  # fmt: skip
    objection = make.save(
        PointObjection(
            township_id=town.township.id, id=uuid4(), month=month, text="少算了一班", made_at=now, due_on=make.DAY,
            person_id=people.mate.id if at_home else people.outsider.id,
        )
    )  # fmt: skip
    return {"month": "2026-10", "objection_id": objection.id}


def shop_of(people: cast.Cast, town: cast.Town) -> dict[str, Any]:
    """Goods, an order that waits, a purpose, and a certificate on paper."""
    member = people.member if town is people.town else people.outsider
    stocked.earn(member, 100)
    stocked.freeze(town.township.id, people.admin)
    item = stocked.make_item(town.township.id, price=10, fen=100)
    order = redemption.order(member, uuid4(), item.id, 10, clock.now())
    purpose = stocked.make_purpose(town.township.id, people.admin)
    attend(people, member, 3, town=town)
    asked = certificates.Asked(date(2026, 1, 1), date(2026, 11, 23), "zh", False)
    paper = certificates.ask(member, asked, clock.now())
    certificates.issue(people.admin, scope.scope_of(people.admin), town.township.id, paper.id, clock.now())
    paper.pdf = b"%PDF-1.7"
    db.session.commit()
    return {
        "goods_id": item.id, "order_id": order.id, "donation_id": uuid4(), "purpose_id": purpose.id,
        "certificate_id": paper.id, "check": "nobody" if town is people.town else paper.code,
    }  # fmt: skip


def place_codes(people: cast.Cast, town: cast.Town, spoilt: str) -> dict[str, Any]:
    """A checkpoint, and a screen that stands at it."""
    scope_of_all = scope.scope_of(people.admin)
    checkpoint = db.session.scalar(
        db.select(Checkpoint)
        .where(Checkpoint.route_version_id == town.route.id)
        .order_by(Checkpoint.seq)
        .limit(1)
    )
    _, link = make_display(people.admin, scope_of_all, checkpoint.id, clock.now())
    db.session.commit()
    display = db.session.scalar(db.select(db.func.max(CodeDisplay.id)))
    return {"checkpoint_id": checkpoint.id, "display_id": display, "link": spoilt or link}


def say_about_duty(caller: Caller, person: Any, shift: Any) -> str:
    """What the member says about their own duty."""
    phone = Phone(person, make.EVENING)
    event = db.session.scalar(
        db.select(DutyEvent.id).join(Duty, Duty.id == DutyEvent.duty_id).where(Duty.person_id == person.id)
    )
    item = phone.item("answer", {"item_id": str(event), "phrase": "forgot_to_end"}, make.EVENING)
    caller.post("/api/v1/field/sync", json={"sent_at": rfc3339(clock.now()), "items": [item]})
    return str(item["id"])


def ask_the_leader(caller: Caller, person: Any, shift: Any) -> list[str]:
    """A swap and a leave that wait for the leader: their ids."""
    phone = Phone(person, make.EVENING)
    days = {"from_on": "2026-12-01", "to_on": "2026-12-02", "phrase": "rest"}
    items = [phone.item("swap.ask", {"shift_id": shift.id}), phone.item("leave.ask", days)]
    caller.post("/api/v1/field/sync", json={"sent_at": rfc3339(clock.now()), "items": items})
    return [str(item["id"]) for item in items]


def session_id(secret: str) -> Any:
    found = accounts.person_of_secret(secret, clock.now())
    assert found
    return found[1].id


def token_id(person: Any) -> int:
    tokens.make(person, "GIS", 30, clock.now())
    return tokens.tokens_of(person, clock.now())[0].id


def paper_of(township: Any) -> int:
    report = exports.ask_for_report(township, date(2026, 10, 1), "zh", None, clock.now())
    exports.number_report(report, township.time_zone, clock.now())
    exports.keep_report(report, b"%PDF-1.7", bytes(32), clock.now())
    db.session.commit()
    return report.id


def call_for_help(caller: Caller, person: Any, shift: Any) -> str:
    item = Phone(person, make.EVENING).item("sos", {"shift_id": shift.id}, make.EVENING)
    caller.post("/api/v1/field/sync", json={"sent_at": rfc3339(clock.now()), "items": [item]})
    return str(item["id"])


def report_with_photo(caller: Caller, person: Any, shift: Any) -> tuple[str, str]:
    """A report and its photo: their ids."""
    photo_id = str(uuid4())
    body = {"shift_id": shift.id, "category": "road", "phrase": "light_out", "photo_ids": [photo_id]}
    item = Phone(person, make.EVENING).item("report", body)
    caller.post("/api/v1/field/sync", json={"sent_at": rfc3339(clock.now()), "items": [item]})
    put = caller.put(f"/api/v1/field/photos/{photo_id}", data=PICTURE, headers={"Content-Type": "image/png"})
    assert put.status_code == 200, put.get_data(as_text=True)
    return str(item["id"]), photo_id


def held_yesterday(caller: Caller, person: Any, town: cast.Town, x0: float) -> int:
    """A duty that is over, with a check-in that waits for a person: its id."""
    at0 = make.EVENING - timedelta(days=1)
    shift = make.make_shift(town.team, town.route, [person], starts_at=at0)
    checkpoint = db.session.scalars(
        db.select(Checkpoint.id).where(Checkpoint.route_version_id == town.route.id).order_by(Checkpoint.seq)
    ).first()
    phone = Phone(person, at0)
    claim = phone.checkin(shift, checkpoint, x0 + 105, 500, at0 + timedelta(minutes=5), mocked=True)
    items = [phone.start(shift, at0), claim, phone.end(shift, at0 + timedelta(minutes=30))]
    caller.post("/api/v1/field/sync", json={"sent_at": rfc3339(clock.now()), "items": items})
    return db.session.scalars(db.select(Duty.id).where(Duty.shift_id == shift.id)).one()


def check_in(caller: Caller, person: Any, shift: Any, town: cast.Town, x0: float) -> str:
    """A start, a walk along the route, and a check-in 200 m off its checkpoint: not counted, open to review."""
    phone = Phone(person, make.EVENING)
    checkpoint = db.session.scalar(
        db.select(Checkpoint.id)
        .where(Checkpoint.route_version_id == town.route.id)
        .order_by(Checkpoint.seq)
        .limit(1)
    )
    item = phone.checkin(shift, checkpoint, x0 + 300, 500, make.EVENING + timedelta(minutes=5))
    fixes = [(x0 + 100 + 20 * n, 500.0, make.EVENING + timedelta(seconds=60 + 20 * n)) for n in range(30)]
    items = [phone.start(shift, make.EVENING), item, phone.segment(shift, fixes)]
    answer = caller.post("/api/v1/field/sync", json={"sent_at": rfc3339(clock.now()), "items": items})
    assert [r["result"] for r in answer.get_json()["receipts"]] == ["stored"] * 3
    return str(item["id"])


# --- the table ------------------------------------------------------------------------------------


def addresses(app: Flask) -> set[tuple[str, str]]:
    return {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }


def test_the_table_has_every_address_and_no_other(app):
    there, written = addresses(app), {(line.method, line.rule) for line in LINES}
    assert not there - written, "add lines to TABLE: who may call it, about which township?"
    assert not written - there, "these addresses are gone: take their lines out"


def test_an_address_that_names_something_is_asked_about_both_townships():
    places_of = {(line.method, line.rule): set() for line in LINES}
    for line in LINES:
        places_of[line.method, line.rule].add(line.town)
    one_sided = [key for key, towns in places_of.items() if "<" in key[1] and not {"town", "other"} <= towns]
    assert not one_sided


def got(answer: Any) -> str:
    sent_to_sign_in = answer.status_code == 302 and answer.location.split("?")[0] == "/sign-in"
    return "in" if sent_to_sign_in else str(answer.status_code)


def expected(line: Line, who: str) -> str:
    return line.answers[CALLERS.index(who)]


def differences(world: World, lines: list[Line], callers: tuple[str, ...] = CALLERS) -> Iterator[str]:
    for line in lines:
        for who in callers:
            wanted, answer = expected(line, who), got(world.ask(line, who))
            # Who signs out is sent to the sign-in page too.
            if answer != wanted and not (line.rule == "/sign-out" and answer == "in"):
                yield f"{line.method} {line.rule} ({line.place}) as {who}: {answer}, the table says {wanted}"


@pytest.mark.parametrize("rule", dict.fromkeys(line.rule for line in LINES))
def test_the_table_holds(world, rule):
    wrong = list(differences(world, [line for line in LINES if line.rule == rule]))
    assert not wrong, "\n".join(wrong)


# --- what no status shows -------------------------------------------------------------------------


def words_of(answer: Any) -> str:
    text = answer.get_data().decode("utf-8", errors="replace")
    if "json" in (answer.content_type or ""):
        text += json.dumps(answer.get_json(), ensure_ascii=False)
    return text


def test_every_role_next_door_together_reaches_nothing_here(world):
    """A role is no more than its area: what is named here does not exist there, and a tile is empty. Not asked: what
    anybody may call, and lists that name no place (their words are read below)."""
    wrong = []
    for line in LINES:
        closed = expected(line, "outsider") in ("403", "404")
        names_ours = line.town == "town" and "<" in line.rule.replace("<name>", "")
        answer = got(world.ask(line, "neighbour")) if closed and names_ours else "404"
        if answer not in ("404", "204"):
            wrong.append(f"{line.method} {line.rule} ({line.place}): {answer}")
    assert not wrong, "\n".join(wrong)


# What a township tells everybody of itself.
PUBLIC = {"/shares/<code>", "/notices", "/notices/<code>/<month>"}


@pytest.mark.parametrize("who", ["outsider", "neighbour"])
def test_no_answer_to_those_of_the_other_township_names_anything_of_this_one(world, who):
    found = []
    for line in (line for line in LINES if line.rule not in PUBLIC):
        answer = world.ask(line, who)
        text = words_of(answer) + " ".join(f"{k}: {v}" for k, v in answer.headers)
        found += [
            f"{line.method} {line.rule} ({line.place}): {word}"
            for word in (*NAMES_OF_TOWN, *world.codes)
            if word in text
        ]
    assert not found, "\n".join(found)


def test_the_canaries_sing_to_those_who_may_hear_them(world):
    """Else the test above would pass on empty pages."""
    heard = " ".join(words_of(world.ask(line, who)) for line in LINES if line.method == "GET"
                     for who in ("member", "leader", "reviewer"))  # fmt: skip
    silent = [word for word in NAMES_OF_TOWN if word not in heard]
    assert not silent


def test_the_outsider_who_sends_something_for_the_other_townships_shift_learns_nothing(world):
    """Taken and held: the same answer as for a shift that does not exist."""
    phone = Phone(world.people["outsider"], make.EVENING)
    receipts = []
    for shift in (Named(world.values["town"]["shift_id"]), Named(999_999_999)):
        items = [phone.start(shift), phone.checkin(shift, 1, 100, 500)]
        with world.undone():
            answer = world.caller("outsider").post(
                "/api/v1/field/sync", json={"sent_at": rfc3339(clock.now()), "items": items}
            )
        receipts.append([(r["result"], r["verdict"], r["reasons"]) for r in answer.get_json()["receipts"]])
    assert receipts[0] == receipts[1]
    assert {result for result, _, _ in receipts[0]} == {"held"}


def test_no_form_is_taken_without_its_token(world, app):
    """Of every address outside /api that changes something, as somebody who is signed in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(gate.csrf, "protect")
        for line in LINES:
            if line.method == "POST" and not line.rule.startswith(("/api/", "/i/")):
                assert world.ask(line, "leader").status_code == 400, line.rule


def test_no_write_of_the_api_is_taken_without_our_header(world):
    for line in LINES:
        if line.method in ("POST", "PUT", "PATCH", "DELETE") and line.rule.startswith("/api/"):
            address = fill(line.rule, world.values[line.town])
            with world.undone():
                answer = world.caller("member").open(address, method=line.method, json={}, bare=True)
            assert (answer.status_code, answer.get_json()["code"]) == (400, "client_header_missing"), (
                line.rule
            )


# --- the table can fail ---------------------------------------------------------------------------

CRITERIA = ("within", "visible_area_rows", "team_rows", "led_team_rows")


@pytest.mark.parametrize("name", CRITERIA)
def test_without_a_scope_criterion_the_table_turns_red(world, name):
    """As if the criterion had been forgotten wherever it is used."""
    original = getattr(scope, name)
    about = [line for line in LINES if line.town in ("town", "other", "county")]
    with pytest.MonkeyPatch.context() as patch:
        for module in [m for key, m in sys.modules.items() if key.startswith("app.")]:
            if getattr(module, name, None) is original:
                patch.setattr(module, name, lambda *_: true())
        assert next(differences(world, about, ("member", "leader", "outsider")), None), (
            f"{name} guards nothing"
        )
    assert next(differences(world, about[-4:], ("leader",)), None) is None, "the table is green again"
