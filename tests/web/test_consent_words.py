"""What a member reads on the phone is what the server takes a yes to: one version of the words, in two places."""

import re
from pathlib import Path

from app.accounts.rules import CONSENTS

PHONE = Path(__file__).parents[2] / "static" / "js" / "domain" / "consent.js"


def test_the_phone_shows_the_words_that_are_in_force():
    line = re.search(r"WORDS = .*?\(\{(.*?)\}\)", PHONE.read_text())
    assert line
    shown = {purpose: int(version) for purpose, version in re.findall(r"(\w+): (\d+)", line[1])}
    assert shown == CONSENTS
