"""What a password is kept as, and what it costs to ask for it."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError
from argon2.profiles import RFC_9106_LOW_MEMORY

from app.accounts import operations


def test_a_password_is_kept_as_the_standard_says():
    assert extract_parameters(operations.hash_password("ein gutes Wort")) == RFC_9106_LOW_MEMORY


def test_a_login_that_nobody_has_is_checked_as_dearly_as_anybodys():
    assert extract_parameters(operations._nobody) == RFC_9106_LOW_MEMORY
    with pytest.raises(VerifyMismatchError):  # checked to the end, and not refused as no hash
        PasswordHasher().verify(operations._nobody, "")


def test_each_process_has_a_nobody_of_its_own():
    assert operations.hash_of_nobody() != operations.hash_of_nobody()
