"""The catalogues of the desk and the problems: whole in both languages, and written as the house writes."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

APP = Path(__file__).parents[2] / "app"
SUBJECTS = ("desk", "errors")
ALL = sorted(p.name for p in (APP / "translations").iterdir() if p.is_dir())
# screens.md, "Words": what the product never says.
NEVER = ("打击", "严打", "管控", "连坐", "义务")
RAISED = re.compile(
    r'(?:DomainError|NotFound|Conflict|BadRequest|Forbidden|NotSignedIn|TooMany|TooLarge|WrongCredentials)\(\s*"([a-z_]+)"'
    r'|FieldError\([^,()]+,\s*"([a-z_]+)"'
)


def words(subject: str, language: str) -> dict[str, str]:
    path = APP / "translations" / subject / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as source:
        return {str(m.id): str(m.string) for m in read_po(source, locale=language) if m.id}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_both_languages_say_the_same_things(subject: str):
    zh, en = words(subject, "zh"), words(subject, "en")
    assert set(zh) == set(en)
    for key in zh:
        assert zh[key].strip() and en[key].strip(), key
        if key not in ("desk.day", "desk.short_day"):
            assert set(re.findall(r"%\((\w+)\)s", zh[key])) == set(re.findall(r"%\((\w+)\)s", en[key])), key


@pytest.mark.parametrize("subject", SUBJECTS)
def test_chinese_has_full_width_punctuation_and_none_of_the_words_we_never_use(subject: str):
    for key, text in words(subject, "zh").items():
        assert not re.search(r"[\u4e00-\u9fff][,;:!?()]", text), key
        assert not any(word in text for word in NEVER), key


def test_every_code_that_is_raised_has_words():
    known = set().union(*(words(subject, "zh") for subject in ALL))
    folders = ("api", "web", "accounts", "teams", "duty", "checkins", "coverage", "field")
    sources = [APP / "gate.py", *(path for folder in folders for path in (APP / folder).rglob("*.py"))]
    codes = {a or b for path in sources for a, b in RAISED.findall(path.read_text())}
    assert len(codes) > 30
    assert {code for code in codes if f"errors.{code}" not in known} == set()


def test_every_reason_of_a_verdict_has_a_sentence_and_a_short_form():
    from app.checkins.rules import REASONS

    known = words("errors", "zh")
    items = ("waiting_for_start", "waiting_for_shift", "kind_not_offered", "judging_failed", "other_author",
             "malformed_envelope", "malformed_body", "wrong_hash", "unknown_kind", "unknown_schema")  # fmt: skip
    for code in (*REASONS, *items):
        assert "%(" not in known[f"reasons.{code}"]
        assert f"reasons.{code}.short" in known


def test_every_key_that_a_page_asks_for_exists():
    known = set().union(*(words(subject, "zh") for subject in ALL))
    pages = [
        *(APP / "web").glob("*.py"),
        *(APP / "templates").glob("*.html"),
        *(APP / "templates" / "desk").glob("*.html"),
    ]
    asked = {
        key
        for page in pages
        for key in re.findall(r'"((?:desk|reasons)\.[a-z_.0-9]+[a-z_0-9])"', page.read_text())
    }
    assert len(asked) > 100
    assert {key for key in asked if key not in known} == set()
