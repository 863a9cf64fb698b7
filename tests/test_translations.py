"""Codes travel, sentences stay home: every code that code, pages and scripts use has words, in both languages."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import lru_cache

import pytest
from babel.messages.pofile import read_po

from app import errors, problems
from app.checkins.rules import REASONS
from app.duty.objections import WARNINGS
from tests.architecture.source import ROOT, File, calls, files, python_files

CATALOGUES = ROOT / "app" / "translations"
LANGUAGES = ("zh", "en")
SUBJECTS = sorted(p.name for p in CATALOGUES.iterdir() if p.is_dir())
# setup/i18n.py: what a script in the browser can say.
BUNDLES = {
    "phone": (
        "phone", "errors", "account", "crew", "codes", "reports", "alarms", "loggers", "playback", "statements",
        "fairness", "shop",
    ),
    "desk": ("desk", "coverage", "errors"),
}  # fmt: skip
ITEM_CODES = (
    "waiting_for_start", "waiting_for_shift", "kind_not_offered", "judging_failed", "other_author",
    "malformed_envelope", "malformed_body", "wrong_hash", "unknown_kind", "unknown_schema",
    "id_taken", "unknown_author", "waiting_for_checkin", "waiting_for_item", "waiting_for_sos",
    "text_names_a_person", "unknown_category", "unknown_phrase", "unknown_place",
)  # fmt: skip
FIGURE = re.compile(r"%\((\w+)\)[sd]")
CODE = re.compile(r"^[a-z][a-z0-9_]*(\.[a-zA-Z0-9_]+)+$")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# One language writes the month as a number, the other by name.
SAME_FIGURE = {"month_name": "month"}
# Words that the product does not use (screens.md, "Words").
UNWANTED = re.compile("打击|严打|管控|连坐|义务")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:!?](?!\d)|[,;!?][\u4e00-\u9fff]")
GETTEXT = {"_", "gettext", "lazy_gettext", "_l", "words", "sentence"}


@lru_cache
def catalogue(subject, language):
    """code → (sentence, fuzzy)"""
    path = CATALOGUES / subject / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as source:
        read = [m for m in read_po(source, locale=language, abort_invalid=True) if m.id]
    repeated = [code for code, n in Counter(str(m.id) for m in read).items() if n > 1]
    assert not repeated, f"{path}: twice in one file: {repeated}"
    return {m.id if isinstance(m.id, str) else m.id[0]: (flat(m.string), m.fuzzy) for m in read}


def flat(words):
    return words if isinstance(words, str) else " ".join(words)


def known(subjects=None):
    return {
        code for subject in subjects or SUBJECTS if subject in SUBJECTS for code in catalogue(subject, "zh")
    }


def figures(words):
    return {SAME_FIGURE.get(name, name) for name in FIGURE.findall(words)}


# --- the two languages ----------------------------------------------------------------------------


@pytest.mark.parametrize("subject", SUBJECTS)
def test_both_languages_have_the_same_codes(subject):
    zh, en = (set(catalogue(subject, language)) for language in LANGUAGES)
    assert not zh ^ en, f"only in zh: {sorted(zh - en)}; only in en: {sorted(en - zh)}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_code_has_a_sentence(subject, language):
    empty = [c for c, (words, fuzzy) in catalogue(subject, language).items() if fuzzy or not words.strip()]
    assert not empty, f"without a sentence, or fuzzy: {empty}"


@pytest.mark.parametrize("subject", SUBJECTS)
def test_both_languages_name_the_same_figures(subject):
    zh, en = (catalogue(subject, language) for language in LANGUAGES)
    wrong = [c for c in zh.keys() & en.keys() if figures(zh[c][0]) != figures(en[c][0])]
    assert not wrong, f"one language names a figure that the other does not: {wrong}"


def test_a_code_stands_in_one_subject():
    places = Counter(code for subject in SUBJECTS for code in catalogue(subject, "zh"))
    assert not [code for code, n in places.items() if n > 1]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_english_is_english_and_chinese_has_its_own_punctuation(subject):
    english = [c for c, (words, _) in catalogue(subject, "en").items() if CHINESE.search(words)]
    chinese = [c for c, (words, _) in catalogue(subject, "zh").items() if HALF_WIDTH.search(words)]
    # The names of the languages are written in themselves.
    english = [c for c in english if not c.startswith(("language.", "desk.language", "look.lang"))]
    assert not english, f"Chinese in the English sentence: {english}"
    assert not chinese, f"half-width punctuation beside Chinese: {chinese}"


@pytest.mark.parametrize("subject", SUBJECTS)
def test_unwanted_words_are_not_used(subject):
    assert not [c for c, (words, _) in catalogue(subject, "zh").items() if UNWANTED.search(words)]


# --- what is used has words -----------------------------------------------------------------------


def codes_in_python(file):
    """Literal codes given to gettext; f-strings as their beginning, marked by a star."""
    for node, name in calls(file):
        if name.split(".")[-1] in GETTEXT and node.args:
            yield from literals(node.args[0])


def literals(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.match(node.value):
        yield node.value
    elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        yield f"{node.values[0].value}*"
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)


CALL = re.compile(r"(?<![\w.$])(?:t|_|hasWords)\(")
QUOTED = re.compile(r"\"([^\"\n]*)\"|'([^'\n]*)'|`([^`\n]*)`")


def codes_in_text(file):
    """Literal codes in the first argument of t(…) and _(…), in scripts and templates."""
    for found in CALL.finditer(file.text):
        for quoted in QUOTED.finditer(first_argument(file.text, found.end())):
            words = next(w for w in quoted.groups() if w is not None)
            start = words.split("${")[0]
            if "${" in words and "." in start:
                yield f"{start}*"
            elif CODE.match(words):
                yield words


def first_argument(text, start):
    """From `start` to the comma or bracket that ends the argument."""
    depth, quote = 0, ""
    for n in range(start, min(len(text), start + 400)):
        letter = text[n]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'`":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}" or (letter == "," and depth == 0):
            if depth == 0:
                return text[start:n]
            depth -= 1
    return text[start : start + 400]


def missing(codes, have):
    return sorted(
        code
        for code in set(codes)
        if not (any(one.startswith(code[:-1]) for one in have) if code.endswith("*") else code in have)
    )


def test_every_code_in_python_has_words():
    used = [code for file in python_files() for code in codes_in_python(file)]
    assert len(used) > 50, "the reader is blind"
    assert not missing(used, known()), "add them to app/translations/<subject>/{zh,en}"


def test_every_code_in_templates_has_words():
    used = [code for file in files("app/templates/**/*") for code in codes_in_text(file)]
    assert len(used) > 50, "the reader is blind"
    assert not missing(used, known()), "add them to app/translations/<subject>/{zh,en}"


def test_every_code_in_scripts_is_in_what_the_browser_gets():
    used = [code for file in files("static/js/**/*.js") for code in codes_in_text(file)]
    assert len(used) > 100, "the reader is blind"
    in_browser = known(sum(BUNDLES.values(), ()))
    assert not missing(used, in_browser), "add them to app/translations/{phone,desk,coverage}"


def test_a_code_without_words_is_found():
    py = File("app/web/a.py", "_('desk.none.such')\n_(f'desk.nowhere.{x}')\n_('desk.a' if x else 'desk.b')")
    js = File(
        "static/js/a.js",
        "t('no.words'); t(busy ? \"one.way\" : \"other.way\"); t(`none.${kind}`, {n: 1}); at('x.y')",
    )
    assert set(codes_in_python(py)) == {"desk.none.such", "desk.nowhere.*", "desk.a", "desk.b"}
    assert set(codes_in_text(js)) == {"no.words", "one.way", "other.way", "none.*"}
    assert missing(["desk.nowhere.*", "a.b"], {"a.b"}) == ["desk.nowhere.*"]


# --- codes of errors and verdicts -----------------------------------------------------------------

RAISED = {
    c.__name__ for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.DomainError)
}


def error_codes(file):
    """Codes in DomainError("…") and its kinds, FieldError(…, "…") and their defaults."""
    kinds = RAISED | {
        node.name
        for node in ast.walk(file.tree)
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).split(".")[-1] in RAISED for base in node.bases)
    }
    for node, name in calls(file):
        last = name.split(".")[-1]
        place = 0 if last in kinds or last == "WrongCredentials" else 1 if last == "FieldError" else None
        if place is not None and len(node.args) > place:
            yield from (
                n.value
                for n in ast.walk(node.args[place])
                if isinstance(n, ast.Constant) and is_code(n.value)
            )
    for node in ast.walk(file.tree):
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            named = node.args.args[-len(node.args.defaults) :] if node.args.defaults else []
            for arg, default in zip(named, node.args.defaults, strict=True):
                if arg.arg == "code" and isinstance(default, ast.Constant) and is_code(default.value):
                    yield default.value


def is_code(value):
    return isinstance(value, str) and bool(re.fullmatch(r"[a-z][a-z0-9_]+", value))


def from_the_edge(file):
    """A refusal while importing is shown on the terminal by its own catalogue (import.problem.…)."""
    return file.package not in {"geofiles", "demo"} and not file.path.startswith("app/cli/")


def shown_on_the_terminal():
    return {"import_refused"} | import_codes()


def import_codes():
    """Codes that the operations of an import report: a line of a file each."""
    found = set()
    for path in ("areas", "routes", "hotspots"):
        found |= set(error_codes(files(f"app/{path}/operations.py")[0]))
    return found


def test_every_error_code_has_a_sentence():
    used = {code for file in python_files() if from_the_edge(file) for code in error_codes(file)}
    used |= set(problems.CODES.values())
    assert {"not_found", "wrong_credentials", "invalid", "field_invalid"} <= used, "the reader is blind"
    have = known()
    lacking = sorted(c for c in used - shown_on_the_terminal() if f"errors.{c}" not in have)
    assert not lacking, f"add errors.<code> to the catalogue of its subject: {lacking}"


def test_every_code_of_an_import_has_a_sentence():
    have = known(["cli", "errors"])
    ways = ("import.problem.", "import.", "errors.")
    lacking = sorted(c for c in import_codes() if not any(way + c in have for way in ways))
    assert not lacking, f"add import.problem.<code> to app/translations/cli: {lacking}"


def test_every_objection_to_a_roster_has_a_sentence():
    file = files("app/duty/rules.py")[0]
    asked = [f for f in file.tree.body if getattr(f, "name", "") in {"can_assign", "roster_warnings"}]
    codes = {key.value for f in asked for d in ast.walk(f) if isinstance(d, ast.Dict) for key in d.keys}
    assert {"not_insured", "double_booked"} <= codes, "the reader is blind"
    codes |= WARNINGS
    assert not [c for c in codes if f"errors.{c}" not in known(["errors"])]


@pytest.mark.parametrize("code", [*REASONS, *ITEM_CODES])
def test_every_reason_has_a_sentence(code):
    """On the phone by words.js, on the desk by review.py: `reasons.<code>`, without figures."""
    sentence = {language: catalogue("errors", language).get(f"reasons.{code}") for language in LANGUAGES}
    assert all(sentence.values()), f"add reasons.{code} to app/translations/errors/{{zh,en}}"
    assert not any(figures(words) for words, _ in sentence.values()), (
        "figures belong to reasons.<code>.figures"
    )


# --- codes of items: what the page of what was received but not counted has to say ---------------------------------

# What the takers of items call, beside the protocol itself: their refusals are refusals of items.
TAKERS = ("duty/crews", "duty/leave", "duty/operations", "duty/swaps", "checkins/answers", "checkins/operations",
          "incidents/operations", "tracks/operations", "alarms/operations")  # fmt: skip
# The code in which an item's answer stands: by the name of what is called, its place or its keyword.
PLACES = {"Broken": 1, "_reject": 2, "_quarantine": 3}
KEYWORDS = {"Outcome": "held", "set_state": "reasons", "Receipt": "reasons", "values": "reasons"}
# What a person reads of an item that was taken: a leader's word.
TAKEN = {"answer_seen"}


def item_codes(file, constants):
    """Codes that an item may wait or be refused for: written out, or by the name of a constant."""
    for node, name in calls(file):
        last = getattr(node.func, "attr", name)
        given = [word.value for word in node.keywords if word.arg == KEYWORDS.get(last, "")]
        if last in PLACES and len(node.args) > PLACES[last]:
            given.append(node.args[PLACES[last]])
        for one in (inner for value in given for inner in ast.walk(value)):
            written = constants.get(
                getattr(one, "id", getattr(one, "attr", None)), getattr(one, "value", None)
            )
            if is_code(written):
                yield written


def constants_of(file):
    return {
        node.targets[0].id: node.value.value
        for node in file.tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }


def test_every_code_that_an_item_may_be_answered_with_has_words_on_the_desk():
    protocol = [*files("app/field/*.py"), *files("app/api/field.py")]
    constants = {name: code for file in protocol for name, code in constants_of(file).items()}
    answered = {code for file in protocol for code in item_codes(file, constants)} - TAKEN
    assert {
        "waiting_for_sos", "waiting_for_start", "waiting_for_checkin", "kind_not_offered", "judging_failed", "id_taken",
        "other_author", "wrong_hash", "unknown_author", "malformed_envelope", "tracks_deleted", "conflict",
    } <= answered, "the reader is blind"  # fmt: skip
    refused = {code for name in TAKERS for file in files(f"app/{name}.py") for code in error_codes(file)}
    refused |= {code for file in files("app/field/*.py") for code in error_codes(file)}
    assert {"unknown_place", "text_names_a_person", "no_colleague", "tracks_refused"} <= refused
    have = known()
    # A row with the quarantine's code for it is said as `id_taken` (app/field/received.py).
    lacking = {code for code in answered - {"conflict"} if f"reasons.{code}" not in have}
    lacking |= {code for code in refused if f"reasons.{code}" not in have and f"errors.{code}" not in have}
    assert not lacking, "add reasons.<code> to app/translations/errors/{zh,en}"


def test_the_code_of_an_item_without_words_is_found():
    file = File(
        "app/field/a.py",
        "LATE = 'too_late'\nOutcome(held=None if here else 'not_here')\nqueries.set_state(1, reasons=[LATE])\n"
        "Broken(named, 'odd', raw)\nReceipt('x', reasons=('taken',))\nqueries.set_state(1, reasons=[a.LATE])",
    )
    assert set(item_codes(file, constants_of(file))) == {"too_late", "not_here", "odd", "taken"}


# A check-in is named by its phase; the other kinds are not made by this release's phone.
@pytest.mark.parametrize(
    "name", ["duty_start", "duty_pause", "duty_resume", "duty_end", "note", "here", "arrive", "leave"]
)
def test_every_item_that_the_phone_makes_has_a_name(name):
    assert f"kind.{name}" in known(["phone"])


def test_an_error_without_a_sentence_is_found():
    file = File(
        "app/duty/a.py",
        "class Sad(DomainError):\n  pass\nraise Sad('very_sad')\nFieldError('/x', 'odd' if y else 'even')",
    )
    assert set(error_codes(file)) == {"very_sad", "odd", "even"}
