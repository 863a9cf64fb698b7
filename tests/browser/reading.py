"""What every screen has to be: nothing serious by axe in light and dark, targets a thumb wide, nothing cut."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.phone_page import Handset

SCRIPTS = Path(__file__).resolve().parents[2] / "static" / "js" / "pages"

# What a thumb has to hit is 48 px high and wide; a choice is hit anywhere on its line, a spot of the map also 7 px
# beside itself (and each has its like among the dots below).
SMALL = """() => [...document.querySelectorAll(':is(button, a[href], input, select, textarea, summary)')]
  .map((e) => e.closest('label.phrase') ?? e)
  .filter((e) => !e.matches('.map-spot'))
  .filter((e) => { const r = e.getBoundingClientRect(); return r.width && (r.height < 47.5 || r.width < 47.5); })
  .map((e) => `small: ${e.tagName} ${e.className} ${e.textContent.slice(0, 20)}`)"""
# What hides its overflow shows all of it; what shows it stays inside the window.
CUT = """() => [...document.querySelectorAll('body *')]
  .filter((e) => !e.closest('svg, .map, .spoken, #spoken') && !e.matches('input, textarea, select') && e.clientWidth)
  .filter((e) => {
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    const wide = style.overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1;
    const high = style.overflowY === 'hidden' && e.scrollHeight > e.clientHeight + 1;
    return wide || high || box.right > innerWidth + 1 || box.left < -1;
  })
  .map((e) => `cut: ${e.tagName} ${e.className} ${e.textContent.slice(0, 20)}`)"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
# A code without words is shown as it is.
CODES = (
    r"() => document.body.innerText.match(/(?<![\w.\/@:-])[a-z]+\.[a-z_]+(\.[a-z_]+)*(?![\w.\/-])/g) ?? []"
)
ONLY_COLOURS = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}


def page_names() -> list[str]:
    """Every page that the phone can open: a new one joins by itself."""
    text = (SCRIPTS / "app.js").read_text()
    table = re.search(r"const PAGES = .*?\(\{(.*?)\n\}\);", text, re.S)
    assert table is not None
    return re.findall(r"\b(\w+): (?:lazy\(|[A-Z])", table[1])


def part_names(page: str) -> list[str]:
    """What may stand behind `?part=` of that page."""
    text = (SCRIPTS / f"{page}.js").read_text()
    table = re.search(r"(?:VIEWS = .*?\(|Part = )\{(.*?)\}", text)
    assert table is not None
    return re.findall(r"(\w+): [A-Z]", table[1])


class Reader:
    """`look` at each screen; `faults` says what is wrong with which."""

    def __init__(self, page: Page, language: str) -> None:
        self.page, self.in_words = page, language == "zh"
        self.faults: list[str] = []
        self.seen: list[str] = []

    def look(self, name: str) -> None:
        """The structure and the colours are the same in both languages, the room that words need is not."""
        self.page.wait_for_timeout(120)
        self.seen.append(name)
        found = self._axe() if self.in_words else []
        found += self._laid_out("normal") + self._laid_out("double")
        found += [f"no words: {code}" for code in self.page.evaluate(CODES)]
        self.dress(text="normal")
        self.faults += [f"{name}: {one}" for one in found]

    def _axe(self) -> list[str]:
        self.dress(theme="light")
        found = serious(self.page)
        self.dress(theme="dark")
        return found + [f"dark {one}" for one in serious(self.page, ONLY_COLOURS)]

    def _laid_out(self, text: str) -> list[str]:
        self.dress(text=text)
        wider = self.page.evaluate(WIDER)
        found = self.page.evaluate(SMALL) + self.page.evaluate(CUT)
        return [f"{text} {one}" for one in found] + ([f"{text} {wider} px too wide"] if wider > 0 else [])

    def dress(self, **look: str) -> None:
        self.page.evaluate("(look) => Object.assign(document.documentElement.dataset, look)", look)


def serious(page: Page, options: dict[str, Any] | None = None) -> list[str]:
    result = Axe().run(page, options=options or {"resultTypes": ["violations"]})
    return [
        f"{v['id']} {[n['html'][:120] for n in v['nodes']][:3]}"
        for v in result.response["violations"]
        if v["impact"] in ("serious", "critical")
    ]


def speaks(handset: Handset, language: str) -> None:
    """From the next page on."""
    handset.context.add_init_script(f"localStorage.setItem('xunfang.lang', '{language}')")


def unfold(page: Page) -> None:
    page.evaluate("() => { for (const one of document.querySelectorAll('details')) one.open = true }")
