"""Chromium without a window, and what tests do in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
_LOADED = """
if (document.readyState !== 'complete') await new Promise((done) => addEventListener('load', done));
"""
"""ChromeDriver may return before a page and its modules are loaded."""

_PATIENCE = 120
"""Seconds that a step may take on a busy machine."""


class Browser:
    """A page in Chromium, by Selenium's driver of it."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def open(self, page: Path | str, *, width: int, motion: str = "no-preference") -> None:
        """Open a file or a URL in a window of a width in pixels, a phone's if it is narrow.

        With "reduce", the system asks for less motion.
        """
        media = {"prefers-color-scheme": "light", "prefers-reduced-motion": motion}
        features = [{"name": name, "value": value} for name, value in media.items()]
        self._command("Emulation.setEmulatedMedia", {"features": features})
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self._command("Emulation.setDeviceMetricsOverride", size)
        self.messages(), self.requests()  # those of the page before
        self._driver.get(page.as_uri() if isinstance(page, Path) else page)
        self.run(_LOADED)

    @contextmanager
    def fast_3g(self) -> Iterator[None]:
        """Limit the network as "Fast 3G" of Chromium's tools: 1.44 Mbit/s, 562 ms."""
        self._command("Network.enable", {})
        self._limit(562, 180_000, 84_375)
        yield
        self._limit(0, -1, -1)

    def _limit(self, latency: int, down: int, up: int) -> None:
        speeds = {"latency": latency, "downloadThroughput": down, "uploadThroughput": up}
        self._command("Network.emulateNetworkConditions", {"offline": False, **speeds})

    def run(self, script: str) -> Any:
        """Run a script, which may wait, and return its result; RuntimeError with what it throws."""
        outcome = "(value) => done([value]), (error) => done([null, String(error)])"
        whole = f"const done = arguments[0]; (async () => {{ {script} }})().then({outcome});"
        value, *errors = self._driver.execute_async_script(whole)
        if errors:
            raise RuntimeError(errors[0])
        return value

    def give(self, file_input: str, file: Path) -> None:
        """Choose a file in an input for files, be it hidden."""
        self._found(file_input).send_keys(str(file))

    def press(self, element: str, *keys: str) -> None:
        """Press keys, by their names in Selenium, or type characters on an element."""
        from selenium.webdriver.common.keys import Keys

        self._found(element).send_keys(*(getattr(Keys, key, key) for key in keys))

    def messages(self) -> list[str]:
        """What was written to the console since this was asked for."""
        return [entry["message"] for entry in self._driver.get_log("browser")]

    def requests(self) -> list[str]:
        """URLs that were asked for since this was asked for."""
        entries = (
            json.loads(log["message"])["message"] for log in self._driver.get_log("performance")
        )
        sent = (
            entry["params"] for entry in entries if entry["method"] == "Network.requestWillBeSent"
        )
        return [request["request"]["url"] for request in sent]

    def accessible(self) -> list[tuple[str, str]]:
        """Role and name of all that can have the focus, as a screen reader is told."""
        tree = self._command("Accessibility.getFullAXTree", {})["nodes"]
        shown = [node for node in tree if not node["ignored"] and _can_have_focus(node)]
        return [(node["role"]["value"], node["name"]["value"]) for node in shown]

    def download_to(self, folder: Path) -> None:
        options = {"behavior": "allow", "downloadPath": str(folder)}
        self._command("Browser.setDownloadBehavior", options)

    def _command(self, name: str, arguments: dict[str, Any]) -> Any:
        return self._driver.execute_cdp_cmd(name, arguments)

    def _found(self, selector: str) -> Any:
        return self._driver.find_element("css selector", selector)


def _can_have_focus(node: dict[str, Any]) -> bool:
    properties = {
        value["name"]: value["value"].get("value") for value in node.get("properties", [])
    }
    return bool(properties.get("focusable")) and node["role"]["value"] != "RootWebArea"


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """Chromium as the system installs it; Selenium downloads none."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in _FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(str(shutil.which("chromedriver")))
    driver = webdriver.Chrome(options=options, service=service)
    try:
        driver.set_page_load_timeout(_PATIENCE)
        driver.set_script_timeout(_PATIENCE)
        yield Browser(driver)
    finally:
        driver.quit()
