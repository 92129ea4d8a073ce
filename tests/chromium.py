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
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from tests.patience import patient

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ANSWER_SECONDS = patient(30)
"""For one answer of the browser, or for one page to load."""
EXIT_SECONDS = patient(2)
"""For a browser to end, before it is killed."""

FLAGS = (
    "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--hide-scrollbars", "--proxy-server=127.0.0.1:9", "--proxy-bypass-list=127.0.0.1",
)  # fmt: skip
"""`--no-sandbox` and `--disable-dev-shm-usage` as containers lack what Chromium needs; the proxy
that nobody runs keeps requests on this machine."""

Event = dict[str, Any]


class BrowserUnresponsiveError(Exception):
    """Chromium ended, or does not answer: no finding about a page."""


class PageUnresponsiveError(Exception):
    """Chromium answers, but a page does not load, or its script does not end."""


class Browser:
    """A Chromium without a window, with a profile of its own that is thrown away.

    A command that is not answered in time makes it `broken`: it is replaced by `BrowserKeeper`.
    """

    def __init__(self) -> None:
        assert CHROMIUM, "there is no chromium here"
        self.profile = tempfile.mkdtemp(prefix="dateline-browser-")
        self.answer_seconds = ANSWER_SECONDS
        self.broken = False
        commands, self.command_pipe = os.pipe()
        self.answer_pipe, answers = os.pipe()

        def connect_pipes() -> None:  # Chromium reads from descriptor 3 and writes to 4
            for source, target in ((commands, 10), (answers, 11), (10, 3), (11, 4)):
                os.dup2(source, target)

        self.process = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--user-data-dir={self.profile}", "about:blank"],
            preexec_fn=connect_pipes,  # noqa: PLW1509  it only moves two descriptors
            env=os.environ | {"TMPDIR": self.profile},
            close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        os.close(commands)
        os.close(answers)
        self.poll = select.poll()
        self.poll.register(self.answer_pipe, select.POLLIN)
        self.buffer = b""
        self.number = 0
        self.answers: dict[int, Event] = {}
        self.tabs: dict[str, Tab] = {}

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, _: type | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End all processes of the browser, also those that do not answer, and remove its files."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(0 if self.broken else EXIT_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(ANSWER_SECONDS)
        os.close(self.command_pipe)
        os.close(self.answer_pipe)
        shutil.rmtree(self.profile, ignore_errors=True)

    def tab(self, width: int, height: int = 900, dark: bool = False) -> Tab:
        """Open a tab of that size in CSS pixels, with cookies and a cache of its own."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", url="about:blank", browserContextId=context)[
            "targetId"
        ]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = self.tabs[session] = Tab(self, session, context)
        for domain in ("Page", "Runtime", "Network", "Log"):
            tab.send(f"{domain}.enable")
        tab.show(width, dark, height)
        return tab

    def send(self, method: str, session: str | None = None, **params: Any) -> Any:
        """Send one command and return its result.

        Raises PageUnresponsiveError where only this command is not answered, else BrowserUnresponsiveError.
        """
        number = self.post(method, session, **params)
        try:
            self._wait_for_answer(number, self.answer_seconds)
        except TimeoutError:
            self.check()
            raise PageUnresponsiveError(f"{method} is not answered: {params}") from None
        answer = self.answers.pop(number)
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def post(self, method: str, session: str | None = None, **params: Any) -> int:
        """Send one command without waiting for its result; return its number."""
        self.number += 1
        command = {"id": self.number, "method": method, "params": params}
        if session:
            command["sessionId"] = session
        try:
            os.write(self.command_pipe, json.dumps(command).encode() + b"\0")
        except BrokenPipeError:
            self.broken = True
            raise BrowserUnresponsiveError("chromium ended") from None
        return self.number

    def check(self) -> None:
        """Raise BrowserUnresponsiveError if the browser itself does not answer."""
        try:
            self._wait_for_answer(self.post("Browser.getVersion"), self.answer_seconds)
        except TimeoutError:
            self.broken = True
            raise BrowserUnresponsiveError("chromium does not answer") from None

    def _wait_for_answer(self, number: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while number not in self.answers:
            self.receive(deadline)

    def receive(self, deadline: float) -> None:
        """Take in what Chromium says next. Raises TimeoutError at the deadline."""
        if not self.poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeoutError
        data = os.read(self.answer_pipe, 1 << 20)
        if not data:
            self.broken = True
            raise BrowserUnresponsiveError("chromium ended")
        *messages, self.buffer = (self.buffer + data).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self.answers[message["id"]] = message
            elif tab := self.tabs.get(message.get("sessionId", "")):
                tab.handle_event(message["method"], message["params"])


class BrowserKeeper:
    """The one browser of a test run, replaced when it is broken."""

    def __init__(self) -> None:
        self._browser: Browser | None = None

    def working_browser(self) -> Browser:
        """Return the browser, or a new one in place of one that does not answer."""
        if self._browser is not None:
            with suppress(BrowserUnresponsiveError):
                self._browser.check()
                return self._browser
            self.close()
        self._browser = Browser()
        return self._browser

    def close(self) -> None:
        """End the browser, if there is one."""
        if self._browser is not None:
            self._browser.close()
            self._browser = None


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
        if not self.browser.broken:
            self.browser.send("Target.disposeBrowserContext", browserContextId=self.context)

    def send(self, method: str, **params: Any) -> Any:
        """Send one command to this tab and return its result."""
        return self.browser.send(method, self.session, **params)

    def show(self, width: int, dark: bool = False, height: int = 900) -> None:
        """Be a window of that size in CSS pixels, on a system that is light or dark."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])

    def handle_event(self, method: str, event: Event) -> None:
        """Keep what an event says. A dialog is closed, as it would stop the page and its answers."""
        if method == "Page.loadEventFired":
            self.loaded = True
        elif method == "Network.loadingFinished":
            self.bytes += int(event["encodedDataLength"])
        elif method == "Page.javascriptDialogOpening":
            self.problems.append(f"a dialog: {event['type']}: {event['message']}")
            self.browser.post("Page.handleJavaScriptDialog", self.session, accept=True)
        elif problem := self._problem(method, event):
            self.problems.append(problem)

    def _problem(self, method: str, event: Event) -> str | None:
        if method == "Runtime.exceptionThrown":
            return f"exception: {event['exceptionDetails']['text']}"
        if method == "Runtime.consoleAPICalled" and event["type"] in ("error", "assert"):
            return f"console: {event['args']}"
        if method == "Log.entryAdded" and event["entry"]["level"] == "error":
            return f"log: {event['entry']['text']} {event['entry'].get('url', '')}"
        if method == "Network.loadingFailed" and not event.get("canceled"):
            return f"request failed: {event['errorText']}"
        if method == "Network.requestWillBeSent":
            address = urlsplit(event["request"]["url"])
            elsewhere = address.scheme != "data" and address.netloc != self.host
            return f"a request to another host: {event['request']['url']}" if elsewhere else None
        return None

    def open(self, address: str) -> None:
        """Go to an address and wait until the page is loaded."""
        self.host = urlsplit(address).netloc
        self.loaded, self.bytes = False, 0
        self.send("Page.navigate", url=address)
        self.wait_until_loaded()

    def set_cookie(self, address: str, name: str, value: str) -> None:
        """Have a cookie for a site."""
        self.send("Network.setCookie", url=address, name=name, value=value)

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
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        self.wait_until_loaded()

    def key(self, name: str, code: int) -> None:
        """Press and release a key."""
        for kind in ("rawKeyDown", "keyUp"):
            self.send(
                "Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code
            )

    def run(self, script: str) -> Any:
        """What JavaScript gives, awaited."""
        answer = self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

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
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        clip = {
            "x": 0,
            "y": 0,
            "width": size["width"],
            "height": min(size["height"], 4000),
            "scale": 1,
        }
        png = self.send(
            "Page.captureScreenshot", captureBeyondViewport=True, clip=clip, optimizeForSpeed=True
        )["data"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(png))

    def wait_until_loaded(self) -> None:
        """Wait for the page that a command opens. Raises PageUnresponsiveError if it does not load."""
        deadline = time.monotonic() + self.browser.answer_seconds
        while not self.loaded:
            try:
                self.browser.receive(deadline)
            except TimeoutError:
                self.browser.check()
                raise PageUnresponsiveError(f"{self.host} does not load") from None
