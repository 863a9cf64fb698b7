"""Small secrets that must be read again (keys of PINs, seeds of second factors), encrypted at rest under SECRET_KEY."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken

_keys: list[Fernet] = []
_mac_keys: list[bytes] = []


class Unreadable(ValueError):
    """Sealed under another SECRET_KEY, or damaged."""


def use_key(secret_key: str) -> None:
    """The key of this process; the app tells it once, when it is put together."""
    material = hashlib.sha256(b"xunfang sealed 1\0" + secret_key.encode()).digest()
    _keys[:] = [Fernet(base64.urlsafe_b64encode(material))]
    _mac_keys[:] = [hashlib.sha256(b"xunfang mac 1\0" + secret_key.encode()).digest()]


def seal(plain: bytes) -> bytes:
    return _keys[0].encrypt(plain)


def unseal(sealed: bytes) -> bytes:
    try:
        return _keys[0].decrypt(bytes(sealed))
    except InvalidToken as error:
        raise Unreadable from error


def mac(purpose: str, plain: bytes) -> bytes:
    """A fingerprint that nobody can try out without the key: for what is too short for a plain hash."""
    return hmac.new(_mac_keys[0], purpose.encode() + b"\0" + plain, hashlib.sha256).digest()
