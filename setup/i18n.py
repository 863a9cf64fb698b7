"""Compile the catalogues: .mo for the server, JSON for the phone and the desk.

    python setup/i18n.py [FOLDER]      JSON goes to FOLDER (static/dist/i18n unless told)

Message ids are dotted codes ("phone.waiting"), so a missing translation shows its code and not another
language's sentence. A file that does not exist yet is passed over.
"""

import json
import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

REPO = Path(__file__).resolve().parent.parent
CATALOGUES = REPO / "app" / "translations"
LANGUAGES = ("zh", "en")
# What each screen carries in its pocket.
BUNDLES = {
    "phone": (
        "phone",
        "errors",
        "account",
        "crew",
        "codes",
        "reports",
        "alarms",
        "loggers",
        "playback",
        "shop",
    ),
    "desk": ("desk", "coverage", "errors"),
}


def read(path, language):
    with path.open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def compile_mo(root=CATALOGUES):
    """A .mo beside every .po, written only when older: the server may be reading it."""
    for path in sorted(root.glob("*/*/LC_MESSAGES/*.po")):
        target = path.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < path.stat().st_mtime:
            fresh = target.with_suffix(".mo.new")
            with fresh.open("wb") as out:
                write_mo(out, read(path, path.parent.parent.name))
            fresh.replace(target)


def bundle(subjects, language, root=CATALOGUES):
    """One flat object, code -> sentence; a plural becomes the list of its forms."""
    words = {}
    for subject in subjects:
        path = root / subject / language / "LC_MESSAGES" / "messages.po"
        if not path.exists():
            continue
        for message in read(path, language):
            if not message.id or message.fuzzy:
                continue
            code = message.id[0] if isinstance(message.id, tuple) else message.id
            text = list(message.string) if isinstance(message.string, tuple) else message.string
            if text and text != [""]:
                words[code] = text
    return words


def main(folder):
    compile_mo()
    folder.mkdir(parents=True, exist_ok=True)
    for name, subjects in BUNDLES.items():
        for language in LANGUAGES:
            text = json.dumps(bundle(subjects, language), ensure_ascii=False, sort_keys=True, indent=0)
            (folder / f"{name}.{language}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else REPO / "static" / "dist" / "i18n")
