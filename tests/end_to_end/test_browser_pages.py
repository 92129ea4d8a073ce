"""Pages whose text only scripts show, from end to end: the real command, Debian's Chromium, servers
on loopback. What is forbidden is 127.0.0.2; the outlet's own address is allowed by host and port."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from archive.exports.warc import write_warc
from archive.pages.article import article_page_data
from archive.storage.captures import CaptureStore
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from crawler.network.browser.browser_program import find_chromium
from demo.strangers import Answer, Stranger, stranger, to
from tests.conftest import PROXIES
from tests.paths import ROOT
from tests.patience import patient, until
from tests.stories import story

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_chromium() is None, reason="there is no chromium here: apt-get install chromium"
    ),
]

SCRIPT = {"Content-Type": "text/javascript"}
JSON = {"Content-Type": "application/json"}
NAMES = {"courier.example": "127.0.0.1", "inside.example": "127.0.0.2", "reef.example": "127.0.0.1"}
COMMAND = """
import sys
from tests import names
names.lead(sys.argv[1].split())
from crawler.cli.main import main
sys.argv = ["dateline", *sys.argv[2:]]
sys.exit(main())
"""


def shell(script: str) -> Answer:
    """A page with an empty root, that scripts fill."""
    return Answer(
        200,
        f"""<html lang="en"><head><title>Courier</title></head><body><div id="root"></div>
        <noscript>You need to enable JavaScript to run this app.</noscript>
        <script src="/show.js"></script><script>{script}</script></body></html>""".encode(),
        {"ETag": '"shell"'},
    )


def show(number: int) -> str:
    """JavaScript that shows the story with a number."""
    return f"show({number});"


def web(inside: str, secret_port: int) -> dict[str, Any]:
    """The outlet's pages, which try to reach the server `inside` and a UDP port beside it."""
    numeric = inside.replace("127.0.0.2", "2130706434")
    mapped = inside.replace("127.0.0.2", "[::ffff:127.0.0.2]")
    named = inside.replace("127.0.0.2", "inside.example")
    reach = [inside, numeric, mapped, named, inside.replace("http:", "https:")]
    sockets = [each.replace("http", "ws", 1) for each in reach]
    stories = {
        f"/story/{number}.json": Answer(200, story_json(number), JSON) for number in range(20)
    }
    return stories | {
        "/robots.txt": Answer(200, b"User-agent: *\nDisallow: /private\n"),
        "/show.js": Answer(200, SHOW.encode(), SCRIPT),
        "/own": shell(show(1)),
        "/led-by-script": shell(f"location.href = '{inside}/led';"),
        "/led-later": shell(f"{show(2)} setTimeout(() => location.replace('{named}/later'), 300);"),
        "/embeds": shell(show(3) + EMBED % json.dumps([*reach, "/to-inside"])),
        "/to-inside": to(f"{inside}/moved"),
        "/fetches": shell(show(4) + FETCH % (json.dumps(reach), json.dumps(sockets))),
        "/worker.js": Answer(200, (WORKER % json.dumps(reach)).encode(), SCRIPT),
        "/rtc": shell(RTC % secret_port + show(5)),
        "/dialogs": shell(f"alert('1'); confirm('2'); prompt('3'); print(); {show(6)}"),
        "/downloads": shell(DOWNLOAD + show(7)),
        "/file": Answer(200, b"x" * 100, {"Content-Disposition": "attachment", "Content-Type": "application/zip"}),
        "/permissions": shell(PERMISSIONS),
        "/private-page": shell(f"location.href = '/private/page'; {show(8)}"),
        "/private/page": shell(show(8)),
        "/endless": shell(f"{show(9)} while (true) {{}}"),
        "/hungry": shell("const held = []; for (;;) held.push(new Uint8Array(1 << 27).fill(1));"),
        "/teaser": Answer(200, TEASER.encode(), {"ETag": '"teaser"'}),
        "/quiet": shell("document.title = 'Nothing';"),
    }  # fmt: skip


TEASER = f"""<html lang="en"><head><title>Reef</title></head><body><div id="root"><article>
<h1>Part 12 of the ferry landing</h1><time datetime="2026-03-01T10:00:00Z">1 March 2026</time>
<p>{story(13).split(chr(10))[0]}</p></article></div>
<script src="/show.js"></script><script>show(12);</script></body></html>"""
RULES = """
[outlets."reef.example"]
render = true
"""
SHOW = """
async function show(number) {
  const told = await (await fetch(`/story/${number}.json`)).json();
  const paragraphs = told.text.map((each) => `<p>${each}</p>`).join("");
  document.getElementById("root").innerHTML = `<article><h1>${told.headline}</h1>
    <time datetime="2026-03-01T10:00:00Z">1 March 2026</time>${paragraphs}</article>`;
}
"""
EMBED = """
for (const url of %s) {
  for (const tag of ["iframe", "img", "script", "video", "embed"]) {
    const element = document.createElement(tag); element.src = url + "/" + tag; document.body.append(element);
  }
  for (const rel of ["stylesheet", "preload", "prefetch", "preconnect", "dns-prefetch", "icon"]) {
    const link = document.createElement("link"); link.rel = rel; link.href = url + "/" + rel;
    link.as = "fetch"; document.head.append(link);
  }
  window.open(url + "/popup");
}
"""
FETCH = """
for (const url of %s) {
  fetch(url + "/fetch", {mode: "no-cors"}).catch(() => 0);
  fetch(url + "/post", {mode: "no-cors", method: "POST", body: "x"}).catch(() => 0);
  const asked = new XMLHttpRequest(); asked.open("GET", url + "/xhr"); asked.send();
  navigator.sendBeacon(url + "/beacon", "x");
  new EventSource(url + "/events");
}
for (const url of %s) { try { new WebSocket(url + "/socket"); } catch (refused) {} }
try { navigator.serviceWorker.register("/worker.js").catch(() => 0); } catch (none) {}
try { new Worker("/worker.js"); new SharedWorker("/worker.js"); } catch (none) {}
"""
WORKER = """
for (const url of %s) {
  fetch(url + "/worker", {mode: "no-cors"}).catch(() => 0);
  try { new WebSocket(url.replace("http", "ws") + "/worker-socket"); } catch (refused) {}
}
"""
RTC = """
try {
  const frame = document.createElement("iframe"); document.body.append(frame);
  const Connection = window.RTCPeerConnection || frame.contentWindow.RTCPeerConnection;
  const peer = new Connection({iceServers: [{urls: "stun:127.0.0.2:%d"}]});
  peer.createDataChannel("out"); peer.createOffer().then((offer) => peer.setLocalDescription(offer));
} catch (none) {}
"""
DOWNLOAD = """
const link = document.createElement("a"); link.href = "/file"; link.download = "loot.zip";
document.body.append(link); link.click();
"""
PERMISSIONS = """
const said = [];
const note = (name, granted) => said.push(`${name} was ${granted ? "granted" : "refused"} to this page.`);
const ask = [
  new Promise((done) => navigator.geolocation
    ? navigator.geolocation.getCurrentPosition(() => done(["position", true]), () => done(["position", false]))
    : done(["position", false])),
  window.Notification
    ? Notification.requestPermission().then((said) => ["notification", said === "granted"])
    : ["notification", false],
  navigator.clipboard ? navigator.clipboard.readText().then(() => ["clipboard", true], () => ["clipboard", false])
    : ["clipboard", false],
  navigator.mediaDevices ? navigator.mediaDevices.getUserMedia({audio: true})
    .then(() => ["microphone", true], () => ["microphone", false]) : ["microphone", false],
];
Promise.all(ask).then(async (found) => {
  await show(10);
  for (const [name, granted] of found) note(name, granted);
  document.querySelector("article").insertAdjacentHTML("beforeend", `<p>${said.join(" ")}</p>`);
});
"""


def story_json(number: int) -> bytes:
    told = {"headline": f"Part {number} of the ferry landing", "text": story(number).split("\n\n")}
    return json.dumps(told).encode()


# -- the crawl -------------------------------------------------------------------------------------


@dataclass
class BrowserCrawl:
    """The command on an archive that may reach the server of the outlet."""

    there: Stranger
    folder: Path
    environment: dict[str, str]

    @property
    def outlet(self) -> str:
        return f"http://courier.example:{self.there.port}"

    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name.lower() not in PROXIES}
        ours = {
            "DATELINE_ARCHIVE": str(self.folder / "archive"),
            "DATELINE_ALLOW_ADDRESSES": f"courier.example:{self.there.port} reef.example:{self.there.port}",
            "DATELINE_BROWSER_SECONDS": str(patient(6)),
            # tests run as root in containers, where Chromium has none
            "DATELINE_BROWSER_SANDBOX": "0",
            "TMPDIR": str(self.folder),  # the profile of the browser lies there
        }
        return kept | ours | self.environment

    def command(self, *paths: str) -> list[str]:
        pairs = " ".join(f"{name}={address}" for name, address in NAMES.items())
        urls = [path if path.startswith("http") else self.outlet + path for path in paths]
        return [sys.executable, "-c", COMMAND, pairs, "crawl", *urls, "--delay", "0"]

    def run(self, *paths: str) -> subprocess.CompletedProcess[str]:
        ran = subprocess.run(
            self.command(*paths), cwd=ROOT, env=self.environ(), capture_output=True, text=True,
            check=False, timeout=patient(200),
        )  # fmt: skip
        assert "Traceback" not in ran.stderr, ran.stderr
        return ran

    def dateline(self, *words: str) -> str:
        """Run another command on the archive; return what it prints."""
        command = [sys.executable, "-m", "crawler", *words]
        ran = subprocess.run(
            command, cwd=ROOT, env=self.environ(), capture_output=True, text=True, check=False,
            timeout=patient(100),
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def start(self, *paths: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command(*paths), cwd=ROOT, env=self.environ(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        import sqlite3

        with closing(sqlite3.connect(self.folder / "archive" / "archive.db")) as db:
            return db.execute(sql).fetchall()

    def outcome(self, path: str) -> tuple[str, str | None]:
        """Return outcome and reason of the last check of a page."""
        found = self.rows(f"SELECT outcome, reason FROM urls WHERE url = '{self.outlet}{path}'")
        return found[0]

    def text(self, path: str) -> str:
        """Return the text of the article of a page."""
        found = self.rows(
            "SELECT a.text FROM urls u JOIN articles a ON a.id = u.article_id"
            f" WHERE u.url = '{self.outlet}{path}'"
        )
        return found[0][0] if found else ""

    def browser_groups(self) -> set[int]:
        """Return the process groups of the browsers that run for this archive."""
        groups = set()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if str(self.folder).encode() in (folder / "cmdline").read_bytes():
                    name = (folder / "comm").read_text().strip()
                    if name.startswith("chrom"):
                        groups.add(os.getpgid(int(folder.name)))
            except OSError:
                continue
        return groups


@dataclass
class AttackedCrawl(BrowserCrawl):
    """The one crawl of all the pages, and what the service inside has heard of it."""

    connections: list[str]
    packets: list[bytes]


@contextmanager
def service_inside() -> Iterator[tuple[str, list[str]]]:
    """Listen on a TCP port of 127.0.0.2; yield its URL, and who has connected, whatever they said."""
    heard: list[str] = []
    with socket.create_server(("127.0.0.2", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, peer = listener.accept()
                except OSError:
                    return
                heard.append(str(peer))
                connection.close()

        thread = Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.2:{listener.getsockname()[1]}", heard
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextmanager
def udp_listener() -> Iterator[tuple[int, list[bytes]]]:
    """Listen on a UDP port of 127.0.0.2; yield the port, and the packets once the block ends."""
    heard: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.2", 0))
        listener.setblocking(False)
        yield listener.getsockname()[1], heard
        try:
            while True:
                heard.append(listener.recv(2048))
        except BlockingIOError:
            pass


PAGES = (
    "/endless", "/own", "/led-by-script", "/led-later", "/embeds", "/fetches", "/rtc", "/dialogs",
    "/downloads", "/permissions", "/private-page", "/hungry", "/quiet",
)  # fmt: skip


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> AttackedCrawl:
    """All the pages crawled once, in one archive."""
    folder = tmp_path_factory.mktemp("attacked")
    with (
        service_inside() as (inside, connections),
        udp_listener() as (port, packets),
        stranger(web(inside, port)) as there,
    ):
        crawl = AttackedCrawl(there, folder, {}, connections, packets)
        (folder / "archive").mkdir()
        (folder / "archive" / "dateline.toml").write_text(RULES, "utf-8")
        crawl.run(*PAGES, f"http://reef.example:{there.port}/teaser")
    return crawl


def test_a_page_whose_text_only_a_script_shows_is_stored_as_the_browser_shows_it(attacked):
    assert attacked.outcome("/own") == ("new", None)
    assert attacked.text("/own").split("\n")[0] in story(1)
    with closing(CaptureStore(attacked.folder / "archive" / "captures.db")) as store:
        digest = attacked.rows("SELECT digest FROM articles WHERE headline LIKE 'Part 1 %'")[0][0]
        body = store.body(digest)
    assert body.startswith(b'<!DOCTYPE html><html lang="en">')
    assert b"<article><h1>Part 1 of the ferry landing</h1>" in body


def test_a_page_is_rendered_whatever_it_shows_where_the_rule_of_its_outlet_says_so(attacked):
    (text,) = attacked.rows("SELECT text FROM articles WHERE url LIKE '%/teaser'")[0]
    assert text.split("\n")[0] in story(12)
    assert story(13).split("\n")[0] not in text


def test_a_page_that_a_browser_showed_is_marked_as_such_wherever_it_is_shown(attacked):
    shown = attacked.dateline("show", "1")
    assert re.search("rendered +in a browser", shown)
    warc = BytesIO()
    with closing(CaptureStore(attacked.folder / "archive" / "captures.db")) as store:
        write_warc(store, warc)
    records = gzip.decompress(warc.getvalue())
    assert re.search(rb"\r\nX-Dateline-Rendered: chromium/\d+\.[\d.]+\r\n", records)
    with closing(open_database(attacked.folder / "archive" / "archive.db", ARCHIVE_SCHEMA)) as db:
        page = article_page_data(db, 1)
    assert page is not None
    assert page["rendered"] is True
    assert page["extractor"].endswith(", rendered")


def test_a_page_that_leads_inside_by_a_script_is_refused(attacked):
    for path in ("/led-by-script", "/led-later"):
        outcome, reason = attacked.outcome(path)
        assert outcome == "refused", path
        assert "not on the public internet" in reason, path


def test_nothing_that_a_page_does_reaches_a_service_inside(attacked):
    assert attacked.connections == []
    assert attacked.packets == []
    for number, path in ((3, "/embeds"), (4, "/fetches"), (5, "/rtc")):
        assert attacked.outcome(path) == ("new", None), path
        assert attacked.text(path).split("\n")[0] in story(number), path


def test_frames_pictures_and_downloads_are_not_fetched(attacked):
    asked = set(attacked.there.asked)
    assert "/story/3.json" in asked
    assert not {f"/to-inside/{kind}" for kind in ("iframe", "img", "video", "popup")} & asked
    assert attacked.outcome("/downloads") == ("new", None)
    assert not list(attacked.folder.rglob("*.zip"))


def test_dialogs_hold_nothing_up_and_permissions_are_refused(attacked):
    assert attacked.outcome("/dialogs") == ("new", None)
    text = attacked.text("/permissions")
    for name in ("position", "notification", "clipboard", "microphone"):
        assert f"{name} was refused to this page." in text


def test_a_page_that_leads_where_robots_txt_forbids_is_refused(attacked):
    assert attacked.outcome("/private-page") == ("refused", "forbidden by robots.txt")
    assert "/private/page" not in attacked.there.asked


def test_a_script_without_end_or_measure_costs_its_page_only(attacked):
    outcome, reason = attacked.outcome("/endless")
    assert (outcome, reason) == ("failed", f"in the browser: it took longer than {patient(6):g} s")
    assert attacked.outcome("/hungry")[0] in ("failed", "not article")
    assert attacked.outcome("/quiet")[0] == "not article"
    assert len(attacked.rows("SELECT id FROM articles")) == 8


def test_the_end_of_the_crawl_is_the_end_of_its_browsers(attacked):
    assert attacked.browser_groups() == set()


# -- browsers that end -----------------------------------------------------------------------------


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[BrowserCrawl]:
    """An outlet with a page that keeps the browser waiting, and others."""
    page = shell("fetch('/slow.json').catch(() => 0); show(11);")
    pages = web("http://127.0.0.2:9", 9) | {
        "/waits": page,
        "/waits-too": page,
        "/slow.json": Answer(200, b"{}", JSON, delay=5),
    }
    with stranger(pages) as there:
        # the pages are to be open together, however long two browsers take to start
        yield BrowserCrawl(there, tmp_path, {"DATELINE_BROWSER_SECONDS": str(patient(40))})


def test_a_browser_that_is_killed_costs_the_page_that_it_shows_only(waiting):
    running = waiting.start("/waits", "/waits-too", "/own")
    until(lambda: waiting.there.asked.count("/slow.json") == 2, "the pages do not open", 100)
    for group in waiting.browser_groups():
        os.killpg(group, signal.SIGKILL)
    assert running.wait(patient(100)) == 0
    for path in ("/waits", "/waits-too"):
        assert waiting.outcome(path) == ("failed", "in the browser: the browser ended")
    assert waiting.outcome("/own") == ("new", None)
    assert waiting.browser_groups() == set()


def test_a_crawl_that_is_killed_leaves_no_browser(waiting):
    running = waiting.start("/waits")
    until(lambda: "/slow.json" in waiting.there.asked, "the page does not open", 100)
    assert waiting.browser_groups()
    running.kill()
    running.wait(patient(10))
    until(lambda: not waiting.browser_groups(), "the browser runs on")


WITHOUT_EXTRA = "import sys\nsys.modules['playwright'] = None\n"


@dataclass
class CrawlWithoutExtra(BrowserCrawl):
    """The command where playwright is not installed."""

    def command(self, *paths: str) -> list[str]:
        python, option, code, *words = super().command(*paths)
        return [python, option, WITHOUT_EXTRA + code, *words]


def test_without_the_extra_the_reason_names_it_and_with_it_the_page_is_had(tmp_path):
    with stranger(web("http://127.0.0.2:9", 9)) as there:
        without = CrawlWithoutExtra(there, tmp_path, {})
        assert without.run("/own").returncode == 1
        outcome, reason = without.outcome("/own")
        assert outcome == "not article"
        assert reason is not None
        assert reason.startswith("needs a browser: pip install 'dateline[browser]'; empty: scripts")
        waits = BrowserCrawl(there, tmp_path, {})
        waits.run()  # no page is named: what waits is fetched
        assert waits.outcome("/own") == ("new", None)
        assert waits.text("/own").split("\n")[0] in story(1)
