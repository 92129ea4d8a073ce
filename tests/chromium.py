"""A small driver of Debian's Chromium, for tests that look at pages: the DevTools protocol over a
pipe, and no more.

with Browser() as browser:
    tab = browser.tab(390)
    tab.open(address)
    tab.click("a")
    assert tab.problems == []
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from tests.patience import patient

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = patient(30)
"""Seconds for one answer, or for one page to load."""

FLAGS = (
    "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--hide-scrollbars", "--proxy-server=127.0.0.1:9", "--proxy-bypass-list=127.0.0.1",
)  # fmt: skip
"""`--no-sandbox` as containers lack what it needs; the proxy that nobody runs keeps requests on
this machine."""

Event = dict[str, Any]


class Browser:
    """A Chromium without a window, with a profile of its own that is thrown away."""

    def __init__(self) -> None:
        assert CHROMIUM, "there is no chromium here"
        self.profile = tempfile.mkdtemp(prefix="dateline-browser-")
        to_read, self.to = os.pipe()
        self.back, to_write = os.pipe()

        def wire() -> None:  # the protocol wants these two numbers
            for from_, to in ((to_read, 10), (to_write, 11), (10, 3), (11, 4)):
                os.dup2(from_, to)

        self.process = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--user-data-dir={self.profile}", "about:blank"],
            preexec_fn=wire,  # noqa: PLW1509  it only moves two numbers
            close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        self.buffer = b""
        self.number = 0
        self.answers: dict[int, Event] = {}
        self.tabs: dict[str, Tab] = {}

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, _: type | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)
        os.close(self.to)
        os.close(self.back)
        shutil.rmtree(self.profile, ignore_errors=True)

    def tab(self, width: int, height: int = 900, dark: bool = False) -> Tab:
        """A new tab of that size in CSS pixels."""
        # of its own cookies and its own cache
        context = self.ask("Target.createBrowserContext")["browserContextId"]
        target = self.ask("Target.createTarget", url="about:blank", browserContextId=context)[
            "targetId"
        ]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = self.tabs[session] = Tab(self, session, context)
        for domain in ("Page", "Runtime", "Network", "Log"):
            tab.ask(f"{domain}.enable")
        tab.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        tab.ask("Emulation.setEmulatedMedia", features=[scheme])
        return tab

    def ask(self, method: str, session: str | None = None, **params: Any) -> Any:
        """One command and its result."""
        self.number += 1
        number = self.number
        told = {"id": number, "method": method, "params": params} | (
            {"sessionId": session} if session else {}
        )
        os.write(self.to, json.dumps(told).encode() + b"\0")
        until = time.monotonic() + PATIENCE
        while number not in self.answers:
            self.listen(until)
        answer = self.answers.pop(number)
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def listen(self, until: float) -> None:
        """Take in what Chromium says next."""
        ready, _, _ = select.select([self.back], [], [], max(0.0, until - time.monotonic()))
        assert ready, "chromium did not answer in time"
        read = os.read(self.back, 1 << 20)
        assert read, "chromium ended"
        *whole, self.buffer = (self.buffer + read).split(b"\0")
        for message in map(json.loads, whole):
            if "id" in message:
                self.answers[message["id"]] = message
            elif tab := self.tabs.get(message.get("sessionId", "")):
                tab.hear(message["method"], message["params"])


class Tab:
    """One page at a time; `problems` are what a person who looks at the console would see, and
    requests elsewhere."""

    def __init__(self, browser: Browser, session: str, context: str) -> None:
        self.browser, self.session, self.context = browser, session, context
        self.problems: list[str] = []
        self.bytes = 0
        """That came over the wire since the page was opened, headers among them."""
        self.host = ""
        self.loaded = False

    def __enter__(self) -> Tab:
        return self

    def __exit__(self, _: type | None, __: BaseException | None, ___: TracebackType | None) -> None:
        del self.browser.tabs[self.session]
        self.browser.ask("Target.disposeBrowserContext", browserContextId=self.context)

    def ask(self, method: str, **params: Any) -> Any:
        return self.browser.ask(method, self.session, **params)

    def hear(self, method: str, told: Event) -> None:
        if method == "Page.loadEventFired":
            self.loaded = True
        elif method == "Network.loadingFinished":
            self.bytes += int(told["encodedDataLength"])
        elif problem := self._problem(method, told):
            self.problems.append(problem)

    def _problem(self, method: str, told: Event) -> str | None:
        if method == "Runtime.exceptionThrown":
            return f"exception: {told['exceptionDetails']['text']}"
        if method == "Runtime.consoleAPICalled" and told["type"] in ("error", "assert"):
            return f"console: {told['args']}"
        if method == "Log.entryAdded" and told["entry"]["level"] == "error":
            return f"log: {told['entry']['text']} {told['entry'].get('url', '')}"
        if method == "Network.loadingFailed" and not told.get("canceled"):
            return f"request failed: {told['errorText']}"
        if method == "Network.requestWillBeSent":
            address = urlsplit(told["request"]["url"])
            elsewhere = address.scheme != "data" and address.netloc != self.host
            return f"a request to another host: {told['request']['url']}" if elsewhere else None
        return None

    def open(self, address: str) -> None:
        """Go to an address and wait until the page is loaded."""
        self.host = urlsplit(address).netloc
        self.loaded, self.bytes = False, 0
        self.ask("Page.navigate", url=address)
        self._wait()

    def click(self, selector: str) -> None:
        """Click with the mouse in the middle of the first such element, and wait for the page that
        this opens."""
        x, y = self.run(
            f"(() => {{ const found = document.querySelector({json.dumps(selector)});"
            " found.scrollIntoView({block: 'center', behavior: 'instant'}); const box = found.getClientRects()[0];"
            " return [box.x + box.width / 2, box.y + box.height / 2] })()"
        )
        self.loaded = False
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        self._wait()

    def key(self, name: str, code: int) -> None:
        """Press and release a key."""
        for kind in ("rawKeyDown", "keyUp"):
            self.ask(
                "Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code
            )

    def run(self, script: str) -> Any:
        """What JavaScript gives, awaited."""
        told = self.ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def text(self) -> str:
        return str(self.run("document.body.innerText"))

    def address(self) -> str:
        return str(self.run("location.href"))

    def scrolls_sideways(self) -> bool:
        """Whether the page is wider than the window."""
        return bool(
            self.run("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        )

    def screenshot(self, path: Path) -> None:
        """The whole page, as far down as 4,000 pixels."""
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        clip = {
            "x": 0,
            "y": 0,
            "width": size["width"],
            "height": min(size["height"], 4000),
            "scale": 1,
        }
        png = self.ask("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(png))

    def _wait(self) -> None:
        until = time.monotonic() + PATIENCE
        while not self.loaded:
            self.browser.listen(until)
