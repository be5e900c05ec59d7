"""One person at a real browser: opens, types and presses, and looks closely at every page met on the way.

A close look at a page: its language, nothing serious from axe-core, nothing on the console (so no violation of the
content security policy either), no sideways scrolling on the phone, no words of the other language.
"""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from playwright.sync_api import Browser, Locator, Page, Playwright, expect

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")  # as tests/browsers.sh
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
LOCALES = {"zh-hans": "zh-CN", "en": "en-GB"}

ENGLISH = re.compile(r"\b[A-Za-z][a-z']{3,}\b(?: [a-z']+)*")
CHINESE = re.compile(r"[\u4e00-\u9fff]+")
#: Where the platform itself speaks; elsewhere stand names, addresses, clauses, which stay as they were typed.
PLATFORM_SPEAKS = (
    "label, legend, button, dt, th[scope=col], h2, h3, .badge, .btn, .weui-btn, .notice, .law, .stat-label,"
    " .field-hint, .steps-label, .tabbar-item, .sidenav-item"
)

SPOKEN = """(selector) => [...document.querySelectorAll(selector)]
  .filter((it) => it.checkVisibility() && !it.closest("[lang]:not(html)"))
  .map((it) => it.innerText)"""


def launch(playwright: Playwright) -> Browser:
    """The Chromium of the machine."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    assert path, "there is no Chromium: run tests/browsers.sh"
    return playwright.chromium.launch(
        executable_path=path, args=["--no-sandbox", "--disable-quic", "--disable-background-networking"]
    )


class Person:
    """A browser window of one's own. ``language`` is what the person reads; ``typed`` what people typed in Chinese;
    without ``careful`` there is no close look."""

    def __init__(
        self,
        browser: Browser,
        url: str,
        *,
        device: dict[str, Any],
        language: str = "zh-hans",
        typed: tuple[str, ...] = (),
        careful: bool = True,
        **options: Any,
    ) -> None:
        self.url, self.language, self.typed, self.careful = url, language, typed, careful
        self.touches = "has_touch" in device
        self.scripts = options.get("java_script_enabled", True)
        self.context = browser.new_context(**device, locale=LOCALES[language], **options)
        self.context.set_default_timeout(20_000)
        self.any_language = False
        self.seen: list[str] = []
        self.troubles: list[str] = []
        self.page = self.new_tab()

    # Doing

    def new_tab(self) -> Page:
        """Another tab of the same window."""
        tab = self.context.new_page()
        tab.on("console", lambda said: said.type == "error" and self.troubles.append(said.text))
        tab.on("pageerror", lambda error: self.troubles.append(str(error)))
        return tab

    def open(self, path: str) -> None:
        """Go to an address."""
        self.page.goto(urljoin(self.url, path))
        self.look()

    def reload_until(self, selector: str, text: str = "", *, seconds: float = 60) -> None:
        """Reload until the page shows it, because something else is at work: a task, the bank."""
        for _ in range(int(seconds)):
            if self.page.locator(selector, has_text=text).count():
                break
            self.page.wait_for_timeout(1000)
            self.page.reload()
        self.sees(text, within=selector)
        self.look()

    def fill(self, **values: str) -> None:
        """Fill in fields by name; lists are chosen from by value, boxes and buttons of choice by their value."""
        for name, value in values.items():
            field = self.page.locator(f'main [name="{name}"]:not([type=hidden])')
            kind = field.first.evaluate("it => it.type")
            if kind == "select-one":
                field.select_option(value)
            elif kind in ("checkbox", "radio"):
                (self.page.locator(f'main [name="{name}"][value="{value}"]') if value else field.first).check()
            else:
                field.fill(value)

    def press(self, selector: str, text: str = "", *, look: bool = True) -> None:
        """Press a button or a link that leads to the next page, and look at that; says yes when asked."""
        target = self.page.locator(selector, has_text=text).first
        asks = self.scripts and target.evaluate("it => Boolean(it.form?.dataset.confirm && window.confirmation)")
        if asks:
            self._touch(target)
            self.look()
            target = self.page.locator("#confirmation button[value=yes]")
        with self.page.expect_navigation():
            self._touch(target)
        if look:
            self.look()

    def _touch(self, target: Locator) -> None:
        target.tap() if self.touches else target.click()

    # Seeing

    @property
    def at(self) -> str:
        """The address of the page."""
        return self.page.url

    @property
    def page_language(self) -> str:
        """What the page says it is written in."""
        return (self.page.locator("html").get_attribute("lang") or "").lower()

    @property
    def focused(self) -> str:
        """The name of the field that has the focus."""
        return self.page.evaluate("document.activeElement?.name ?? ''")

    @contextmanager
    def in_any_language(self) -> Iterator[None]:
        """The pages met inside may speak any language."""
        before, self.any_language = self.any_language, True
        yield
        self.any_language = before

    @contextmanager
    def in_passing(self) -> Iterator[None]:
        """The pages met inside are looked at closely elsewhere."""
        before, self.careful = self.careful, False
        yield
        self.careful = before

    def text(self, selector: str = "body") -> str:
        """What can be read there."""
        return self.page.locator(selector).first.inner_text()

    def sees(self, *texts: str, within: str = "main") -> None:
        """All of these can be seen; waits for what is on its way."""
        for text in texts:
            expect(self.page.locator(within).filter(has_text=text).first).to_be_visible()

    def look(self) -> None:
        """The close look; all troubles of the page at once. AssertionError."""
        self.page.wait_for_load_state("load")
        if not self.careful:
            return
        path = re.sub(r"\d+", "0", self.at.removeprefix(self.url))
        self.seen.append(path)
        troubles, self.troubles = self.troubles, []
        troubles += self._language() + self._width()
        if self.scripts:
            troubles += self._axe()
        if not self.any_language:
            troubles += self.leftovers()
        assert not troubles, "\n".join([f"{self.at} ({self.language}):", *troubles])

    def _language(self) -> list[str]:
        right = self.any_language or self.page_language == self.language
        return [] if right else [f"language of the page: {self.page_language!r}"]

    def _width(self) -> list[str]:
        # Not innerWidth: a phone zooms out until it all fits.
        wide = self.page.evaluate("document.scrollingElement.scrollWidth")
        screen = self.page.viewport_size["width"] if self.page.viewport_size else 0
        return [f"scrolls sideways: {wide} > {screen} px"] if self.touches and wide > screen else []

    def _axe(self) -> list[str]:
        said = list(self.troubles)
        self.page.evaluate(AXE.read_text() + "; null")
        found = self.page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then((result) => result.violations)"
        )
        # To read a style sheet that imports another, axe puts it into the page, which the policy forbids.
        self.troubles = said
        return [
            f"axe {rule['impact']} {rule['id']}: {node['html'][:200]} {node['failureSummary']}"
            for rule in found
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]

    def leftovers(self) -> list[str]:
        """Words of the other language, where the platform speaks: tolerant of names, addresses and clauses."""
        if self.language == "zh-hans":
            return [f"English left: {found!r}" for found in ENGLISH.findall(self.text().replace("English", ""))]
        spoken: list[str] = self.page.evaluate(SPOKEN, PLATFORM_SPEAKS)
        for text in self.typed:
            spoken = [said.replace(text, "") for said in spoken]
        return [f"Chinese left: {said!r}" for said in spoken if CHINESE.search(said)]

    # Keeping

    def keep(self, path: Path) -> None:
        """Save what is on the screen, for whoever has to find out why a test failed."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path.with_suffix(".png"), full_page=True)
        pages = json.dumps(self.seen, indent=0)
        path.with_suffix(".txt").write_text(f"{self.at}\n\n{self.text()}\n\n{pages}\n{self.troubles}\n")

    def close(self) -> None:
        """Leave."""
        self.context.close()
