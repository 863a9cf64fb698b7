"""Retention of sessions, of tokens, of unused codes and of counted attempts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, or_

from app.accounts.models import AccessToken, RateCount, SignInCode, UserSession
from app.db import db


def forget_sessions(ended_before: datetime) -> int:
    """Sessions that expired or were revoked before then; until that day their device is a known one."""
    ended = or_(UserSession.expires_at < ended_before, UserSession.revoked_at < ended_before)
    gone = delete(UserSession).where(ended).execution_options(synchronize_session=False)
    return int(db.session.execute(gone).rowcount or 0)  # type: ignore[attr-defined]


def forget_tokens(ended_before: datetime) -> int:
    ended = or_(AccessToken.expires_at < ended_before, AccessToken.revoked_at < ended_before)
    gone = delete(AccessToken).where(ended).execution_options(synchronize_session=False)
    return int(db.session.execute(gone).rowcount or 0)  # type: ignore[attr-defined]


def forget_codes(expired_before: datetime) -> int:
    gone = delete(SignInCode).where(SignInCode.expires_at < expired_before)
    done = db.session.execute(gone.execution_options(synchronize_session=False))
    return int(done.rowcount or 0)  # type: ignore[attr-defined]


def forget_attempts(before: datetime) -> int:
    gone = delete(RateCount).where(RateCount.window_at < before).execution_options(synchronize_session=False)
    return int(db.session.execute(gone).rowcount or 0)  # type: ignore[attr-defined]
