"""The HTTP edge that api and web share: who is calling, who may call what, problem answers, security headers.

Every endpoint declares who may call it with `@allow(...)` or `@public`; the app refuses to start otherwise.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, redirect, request, stream_with_context, url_for
from flask_babel import Babel
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.routing import IntegerConverter, Map

from app import clock
from app.accounts import operations as accounts
from app.accounts import second_factor, tokens
from app.accounts import secrets as sealing
from app.accounts.models import Person, UserSession
from app.accounts.rules import TOTP_ROLES
from app.config import BaseMap, Settings
from app.db import db
from app.errors import BadRequest, Forbidden, NotFound, NotSignedIn
from app.stream import Listener, hub_of, lines
from app.teams.scope import Scope, as_member, scope_of

View = TypeVar("View", bound=Callable[..., Any])
ROLES = ("member", "leader", "reviewer", "admin")
LANGUAGES = ("zh", "en")
csrf = CSRFProtect()
logins = LoginManager()
babel = Babel()
CLIENT = re.compile(r"^[A-Za-z0-9._-]{1,40}/[A-Za-z0-9._-]{1,40}$")


class Whole(IntegerConverter):
    """The whole numbers of addresses, as far as an id can go: behind that is nothing."""

    def __init__(self, map: Map, **options: Any) -> None:
        super().__init__(map, **{"max": 2**63 - 1, **options})


def init_app(app: Flask) -> None:
    app.url_map.converters["int"] = Whole  # before any address is registered
    csrf.init_app(app)
    logins.init_app(app)
    babel.init_app(app, locale_selector=language)
    logins.request_loader(load_person)
    accounts.allow_hashes(app.extensions["settings"].hash_slots)
    sealing.use_key(app.extensions["settings"].secret_key)
    app.before_request(check_letters)
    app.before_request(check_write)
    app.after_request(add_headers)
    app.jinja_env.globals.update(base_map=base_map, csp_nonce=csp_nonce, language=language, settings=settings)


def settings() -> Settings:
    return current_app.extensions["settings"]


# --- who is calling -------------------------------------------------------------------------------


def cookie_name() -> str:
    """Clients do not send Secure cookies over plain http, so the loopback name has no __Host- prefix."""
    return "__Host-xunfang" if settings().is_https else "xunfang"


def load_person(req: Any) -> Person | None:
    token = token_in(req) if is_ogc() else None
    if token is not None:
        return tokens.person_of(token, clock.now())
    secret = req.cookies.get(cookie_name())
    found = accounts.person_of_secret(secret, clock.now()) if secret else None
    if found is None:
        return None
    g.user_session = found[1]
    return found[0]


def token_in(req: Any) -> str | None:
    """What a program shows instead of our cookie: `Authorization: Bearer`, the password of Basic (whatever the name
    beside it), or `?token=`. Looked at under /ogc only."""
    given = req.authorization
    if given is not None and given.type in ("bearer", "basic"):
        return str((given.token if given.type == "bearer" else given.password) or "")
    return req.args.get("token")  # type: ignore[no-any-return]


def me() -> Person:
    return current_user._get_current_object()  # type: ignore[no-any-return]


def my_session() -> UserSession | None:
    return g.get("user_session")


def my_scope() -> Scope:
    """The caller's reach; a member's as long as a second factor has to be set up first, but where `before_set_up`."""
    return as_member(_whole_scope()) if needs_set_up() and not g.get("opens_before") else _whole_scope()


def scope_anew() -> Scope:
    """`my_scope`, read once more: has anything changed since?"""
    g.pop("scope", None)
    g.pop("needs_set_up", None)
    db.session.expire_all()
    return my_scope()


def my_roles() -> frozenset[str]:
    """All that the caller holds, whether or not it opens anything yet."""
    return _whole_scope().roles


def _whole_scope() -> Scope:
    """Read once per request."""
    if "scope" not in g:
        g.scope = scope_of(me())
    return g.scope  # type: ignore[no-any-return]


def needs_set_up() -> bool:
    """The caller holds a role that this server wants a second factor for, and has none yet."""
    if "needs_set_up" not in g:
        wanted = settings().require_second_factor and bool(my_roles() & TOTP_ROLES)
        g.needs_set_up = wanted and not second_factor.is_on(me())
    return g.needs_set_up  # type: ignore[no-any-return]


def set_session_cookie(response: Response, secret: str, days: int | None = None) -> None:
    https = settings().is_https
    response.set_cookie(
        cookie_name(), secret, max_age=(days or settings().session_days) * 86400, secure=https,
        httponly=True, samesite="Lax", path="/",
    )  # fmt: skip


def slide_session_cookie(response: Response) -> None:
    """A phone that stays known since it was last seen gets its cookie anew, for the browser counts the days too."""
    session = my_session()
    if session is not None and session.slide_days is not None:
        set_session_cookie(response, request.cookies[cookie_name()], session.slide_days)


def clear_session_cookie(response: Response) -> None:
    response.delete_cookie(cookie_name(), path="/", secure=settings().is_https, httponly=True, samesite="Lax")


def language() -> str:
    wanted = request.cookies.get("lang")
    if wanted in LANGUAGES:
        return wanted  # type: ignore[return-value]
    if current_user and current_user.is_authenticated:
        return str(current_user.language)
    if is_api():
        return request.accept_languages.best_match(LANGUAGES, "zh") or "zh"
    return "zh"


# --- who may call ---------------------------------------------------------------------------------


def public(view: View) -> View:
    """Anybody may call, signed in or not."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def allow(*roles: str, before_set_up: bool = False) -> Callable[[View], View]:
    """Signed-in people who hold one of the roles; `allow()` with none means everybody signed in.

    What members may not call opens only once a second factor is set up, where the server wants one; but for that and
    for calls for help, which wait for nothing (`before_set_up`). What members may call, a leader may always.
    """
    unknown = set(roles) - set(ROLES)
    if unknown:
        raise ValueError(f"unknown roles {unknown}")

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_user.is_authenticated:
                return ask_to_sign_in()
            if roles and not set(roles) & my_roles():
                raise Forbidden()
            g.opens_before = before_set_up
            if roles and "member" not in roles and not before_set_up and needs_set_up():
                return ask_to_set_up()
            return view(*args, **kwargs)

        guarded.access = roles or ROLES  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def ask_to_sign_in() -> Any:
    if is_api():
        raise NotSignedIn()
    target = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(url_for("session.sign_in", next=target))


def ask_to_set_up() -> Any:
    if is_api():
        raise Forbidden("second_factor_needed")
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("second_factor.show", next=target))


def require_declared_access(app: Flask) -> None:
    app.view_functions["static"].access = "public"  # type: ignore[attr-defined]
    bare = [name for name, view in app.view_functions.items() if not hasattr(view, "access")]
    if bare:
        raise RuntimeError(f"endpoints without @allow or @public: {bare}")


def is_api() -> bool:
    """Programs call it: they get problems as JSON, and no page to sign in at."""
    return request.path.startswith("/api/") or is_ogc()


def is_ogc() -> bool:
    return request.path == "/ogc" or request.path.startswith("/ogc/")


def is_from_logger() -> bool:
    """A native logger's address: a token stands in it, and no cookie is looked at."""
    return request.path.startswith("/i/")


def check_letters() -> None:
    """The one sign that no text of the database can hold; nobody types it."""
    if "\x00" in request.path:
        raise NotFound()
    given = [request.args] if is_api() or is_from_logger() else [request.args, request.form]
    if any("\x00" in text for values in given for key in values for text in (key, *values.getlist(key))):
        raise BadRequest("bad_request")


def check_write() -> None:
    """A browser cannot be made to send our header across sites; forms carry a CSRF token instead."""
    if request.method in ("GET", "HEAD", "OPTIONS") or is_from_logger():
        return
    if not is_api():
        csrf.protect()
    elif not CLIENT.match(request.headers.get("X-Xunfang-Client", "")):
        raise BadRequest("client_header_missing")


# --- news -----------------------------------------------------------------------------------------


def stream_news() -> Response:
    """An open stream of server-sent events for whoever calls. It holds no database connection while it waits; every
    20 s it looks whether the session is still signed in."""
    session, secret = my_session(), request.cookies.get(cookie_name(), "")
    listener = Listener(me().id, my_scope().led_team_ids, str(session.id if session else ""))
    hub, seconds = hub_of(settings().stream_database_url), settings().stream_seconds

    def is_live() -> bool:
        try:
            return accounts.person_of_secret(secret, clock.now()) is not None
        except SQLAlchemyError:
            return False
        finally:
            db.session.remove()

    def body() -> Iterator[str]:
        if seconds:
            db.session.remove()
        # Not all at the same moment: who is ended together comes back together.
        yield from lines(hub, listener, seconds * (0.9 + secrets.randbelow(200) / 1000), is_live)

    response = Response(stream_with_context(body()), content_type="text/event-stream; charset=utf-8")
    response.headers["X-Accel-Buffering"] = "no"
    response.headers["Cache-Control"] = "no-store"
    return response


# --- headers --------------------------------------------------------------------------------------


def csp_nonce() -> str:
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return g.nonce  # type: ignore[no-any-return]


def shows_map() -> None:
    """The page of this request has a map: it may ask the hosts of the base map that is set up; no other page may."""
    g.shows_map = True


def base_map() -> BaseMap | None:
    """What lies under the maps of this request's page; none where none is set up, or where there is no map."""
    return settings().base_map if g.get("shows_map") else None


# A style sheet, a script, words, a tile: nothing that a browser would show as a page. The rules for pages would be half
# of what a small script weighs on its way to a phone. Workers (.mjs) and drawings (.svg) have rules of their own and
# keep them.
TILE = "application/vnd.mapbox-vector-tile"
PIECES = (".css", ".js", ".json", ".wasm", ".png")


def add_headers(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if settings().is_https:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if response.mimetype == TILE:
        return response
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    elif request.path.endswith(PIECES) and response.mimetype != "text/html":
        return response
    nonce = f" 'nonce-{g.nonce}'" if "nonce" in g else ""
    # The phone's page alone: it may compile the reader of QR codes (docs/security.md).
    nonce += " 'wasm-unsafe-eval'" if g.get("may_compile") else ""
    base = base_map()
    outside = "".join(f" {host}" for host in base.hosts) if base else ""
    policy = (
        f"default-src 'self'; script-src 'self'{nonce}; style-src 'self'{nonce}; img-src 'self' data: blob:; "
        f"worker-src 'self'; connect-src 'self'{outside}; font-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )
    headers = response.headers
    headers.setdefault("Content-Security-Policy", policy)
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "geolocation=(self), camera=(self), microphone=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    return response


__all__ = [
    "CSRFError",
    "allow",
    "base_map",
    "csp_nonce",
    "init_app",
    "me",
    "my_roles",
    "my_scope",
    "my_session",
    "needs_set_up",
    "public",
    "settings",
    "shows_map",
    "stream_news",
]
