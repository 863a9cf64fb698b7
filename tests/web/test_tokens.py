"""The colours of `static/css/tokens.css` hold WCAG 2.2 AA, computed from the file itself."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "static" / "css" / "tokens.css"

# Text upon its ground: at least 4.5 : 1.
TEXT = [
    *[(text, ground) for text in ("ink", "ink-soft") for ground in ("paper", "card", "sunk")],
    *[(text, ground) for text in ("accent", "wait", "need", "idle", "link") for ground in ("paper", "card")],
    *[(kind, f"{kind}-soft") for kind in ("accent", "wait", "need", "idle")],
    *[("ink", f"{kind}-soft") for kind in ("accent", "wait", "need", "idle")],
    *[(f"on-{kind}", kind) for kind in ("accent", "wait", "need")],
    ("on-accent", "accent-strong"),
    ("link", "accent-soft"),
    *[(f"on-cover-{step}", f"cover-{step}") for step in range(1, 6)],
]
# Outlines, marks and the focus ring upon theirs: at least 3 : 1.
MARKS = [
    *[(mark, ground) for mark in ("edge", "focus") for ground in ("paper", "card", "sunk")],
    *[(f"{kind}-edge", ground) for kind in ("wait", "need") for ground in ("card", f"{kind}-soft")],
    ("hatch-ink", "hatch-paper"),
    ("map-route", "map-land"),
    ("map-edge", "map-land"),
]
THEMES = {
    "light": ":root",
    "dark": ':root[data-theme="dark"]',
    "night": ':root[data-theme="night"]',
    "dark by the device": ":root:not([data-theme])",
}

# High contrast lies upon its theme: 7 : 1 for text (AAA), 4.5 : 1 for what outlines a control.
SHARP = {
    "light": ':root[data-contrast="more"]',
    "dark": ':root[data-contrast="more"][data-theme="dark"]',
    "night": ':root[data-contrast="more"][data-theme="night"]',
}
COVERS = {f"on-cover-{step}" for step in range(1, 6)}


def colours(selector: str) -> dict[str, str]:
    """The hex colours of the one block with this selector."""
    block = re.search(rf"^\s*{re.escape(selector)} \{{(.*?)\}}", TOKENS.read_text(), re.M | re.S)
    assert block, selector
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block[1]))


def theme(name: str) -> dict[str, str]:
    return colours(":root") | colours(THEMES[name])


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_agrees_with_the_published_pairs():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_reads_on_its_ground(name: str, text: str, ground: str):
    tokens = theme(name)
    assert contrast(tokens[text], tokens[ground]) >= 4.5


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_marks_stand_out_from_their_ground(name: str, mark: str, ground: str):
    tokens = theme(name)
    assert contrast(tokens[mark], tokens[ground]) >= 3


def sharp(name: str) -> dict[str, str]:
    return theme(name) | colours(SHARP["light"]) | colours(SHARP[name])


@pytest.mark.parametrize("name", SHARP)
@pytest.mark.parametrize(("text", "ground"), [pair for pair in TEXT if pair[0] not in COVERS])
def test_in_high_contrast_text_has_seven_to_one(name: str, text: str, ground: str):
    tokens = sharp(name)
    assert contrast(tokens[text], tokens[ground]) >= 7


@pytest.mark.parametrize("name", SHARP)
@pytest.mark.parametrize(
    ("mark", "ground"), [pair for pair in MARKS if "map" not in pair[0] and "hatch" not in pair[0]]
)
def test_in_high_contrast_marks_have_four_and_a_half(name: str, mark: str, ground: str):
    tokens = sharp(name)
    assert contrast(tokens[mark], tokens[ground]) >= 4.5


def test_every_high_contrast_names_the_same_colours():
    assert len({frozenset(colours(selector)) for selector in SHARP.values()}) == 1


def test_dark_is_the_same_by_device_and_by_choice():
    assert colours(THEMES["dark by the device"]) == colours(THEMES["dark"])


def test_every_theme_names_the_same_colours():
    fixed = {name for name in colours(":root") if "cover-" in name}
    for selector in THEMES.values():
        assert set(colours(selector)) - fixed == set(colours(":root")) - fixed


def test_night_has_no_red_in_it():
    for name, colour in [*colours(THEMES["night"]).items(), *colours(SHARP["night"]).items()]:
        assert int(colour[1:3], 16) <= int(colour[3:5], 16), name


def test_the_coverage_steps_are_viridis_in_order():
    matplotlib_viridis = ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"]
    tokens = colours(":root")
    assert [tokens[f"cover-{step}"] for step in range(1, 6)] == matplotlib_viridis
    brightness = [luminance(colour) for colour in matplotlib_viridis]
    assert brightness == sorted(brightness)
