"""The search services of an invented world, on the same loopback proxy as its outlets.

    with serve_with_services(world, encyclopedia={"Ferry accident": (url, …)}) as web:
        web.faults["gdelt"] = ["429", "text"]      # what the next requests meet, in order
        service("gdelt", BASES["gdelt"])           # asked at http://gdelt.example/… through
        web.proxy

Faults: `429`, `503` (with Retry-After), `403`, `302` (to elsewhere), `text` (a refusal at 200),
`html`, `cut` (half of the answer), `hang`, `none`. They find an article as the true ones do: all
words in headline and text, one of those in (a OR b), within the window.
"""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from urllib.parse import parse_qs, urlsplit

from archive.text.searchable import fold_letter_by_letter
from crawler.services.gdelt import GDELT_LANGUAGE_OF_CODE
from demo.web import Answer, Outlet, Page, Request, Web, World, answer, served

BASES = {
    "gdelt": "http://gdelt.example/api/v2/doc/doc",
    "gdelt-files": "http://gdelt-files.example/gdeltv2",
    "google-news": "http://google-news.example",
    "wikipedia": "http://wikipedia.example",
    "wayback": "http://wayback.example",
}
HOSTS = {urlsplit(base).hostname: name for name, base in BASES.items()}
REFUSALS = {
    "429": Answer(429, b"Please limit requests to one every 5 seconds.", {"Retry-After": "7"}),
    "503": Answer(503, b"busy", {"Retry-After": "7"}),
    "403": Answer(403, b"not for you"),
    "302": Answer(302, b"", {"Location": "http://elsewhere.example/"}),
    "text": Answer(
        200, b"Please limit requests to one every 5 seconds.", {"Content-Type": "text/html"}
    ),
    "html": Answer(
        200, b"<!doctype html><title>Before you continue</title>", {"Content-Type": "text/html"}
    ),
    "hang": Answer(200, b"", delay=600),
}
Given = Mapping[str, str]


@dataclass(frozen=True)
class Piece:
    """An article of the world, as a service knows it."""

    outlet: Outlet
    page: Page

    @property
    def url(self) -> str:
        return self.outlet.url(self.page.path)

    @property
    def published(self) -> datetime:
        return (self.page.published or datetime(2026, 1, 1, tzinfo=UTC)).astimezone(UTC)


class ServiceWeb(Web):
    """A web whose further hosts are search services."""

    def __init__(
        self, world: World, now: datetime | None, encyclopedia: Mapping[str, Sequence[str]]
    ) -> None:
        super().__init__(world, now)
        self.encyclopedia = encyclopedia
        self.faults: dict[str, list[str]] = {}

    def respond(self, method: str, host: str, path: str, headers: Mapping[str, str]) -> Answer:
        if host not in HOSTS:
            return super().respond(method, host, path, headers)
        at = time.monotonic()
        reply = self.served(HOSTS[host], path)
        with self.lock:
            self.requests.append(Request(method, host, path, reply.status, headers, at))
        return reply

    def served(self, name: str, path: str) -> Answer:
        faults = self.faults.get(name, [])
        fault = faults.pop(0) if faults and path != "/robots.txt" else None
        if fault in REFUSALS:
            return REFUSALS[fault]
        parts = urlsplit(path)
        given = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        reply = getattr(self, name.replace("-", "_"))(parts.path, given)
        return (
            Answer(200, reply.body[: len(reply.body) // 2], reply.headers)
            if fault == "cut"
            else reply
        )

    def pieces(self) -> list[Piece]:
        """What is out by now, newest first, also what was taken away since."""
        out = [
            Piece(outlet, page)
            for outlet in self.world.outlets
            for page in outlet.pages
            if page.headline
        ]
        return sorted(
            (p for p in out if p.published <= self.now), key=lambda p: p.published, reverse=True
        )

    def found(
        self, query: str, since: datetime | None = None, until: datetime | None = None
    ) -> list[Piece]:
        """The articles that a query in the words of GDELT or Google means."""
        groups = [re.split(r" OR ", group) for group in re.findall(r"\(([^)]*)\)", query)]
        groups += [
            ["".join(term)]
            for term in re.findall(r'("[^"]*")|([^\s"]+)', re.sub(r"\([^)]*\)", " ", query))
        ]
        fits = [
            p
            for p in self.pieces()
            if all(any(_fits(term, p) for term in group) for group in groups)
        ]
        return [
            p
            for p in fits
            if (not since or p.published >= since) and (not until or p.published <= until)
        ]

    def gdelt(self, _path: str, given: Given) -> Answer:
        since, until = _at(given["startdatetime"]), _at(given["enddatetime"])
        articles = [
            {
                "url": p.url,
                "url_mobile": "",
                "title": re.sub(r"([,:?])", r" \1", p.page.headline),
                "seendate": f"{p.published + timedelta(minutes=10):%Y%m%dT%H%M%SZ}",
                "domain": p.outlet.host,
                "language": GDELT_LANGUAGE_OF_CODE[p.outlet.language],
            }
            for p in self.found(given["query"], since, until)[: int(given["maxrecords"])]
        ]
        return _json({"articles": articles} if articles else {})

    def gdelt_files(self, path: str, _given: Given) -> Answer:
        """A quarter's knowledge graph holds what was published in the 15 minutes before."""
        newest = self.now - timedelta(minutes=self.now.minute % 15, seconds=self.now.second)
        if path.endswith(".txt"):
            kind = ".translation" if "translation" in path else ""
            return Answer(
                200, f"1 0 http://data.example/{newest:%Y%m%d%H%M%S}{kind}.gkg.csv.zip\n".encode()
            )
        stamp = re.search(r"(\d{14})(\.translation)?\.(gkg|export)", path)
        if stamp is None:
            return Answer(404)
        end = _at(stamp[1])
        seen = [p for p in self.pieces() if end - timedelta(minutes=15) < p.published <= end]
        rows = [p for p in seen if (p.outlet.language == "en") != bool(stamp[2])]
        return Answer(
            200, zipped("\n".join(row(p.url, p.page.headline, stamp[1], stamp[3]) for p in rows))
        )

    def google_news(self, path: str, given: Given) -> Answer:
        if path != "/rss/search":
            return Answer(404)
        items = "".join(map(_item, self.found(given["q"])[:100]))
        return Answer(
            200,
            f"<rss><channel>{items}</channel></rss>".encode(),
            {"Content-Type": "application/xml"},
        )

    def wikipedia(self, _path: str, given: Given) -> Answer:
        titles = list(self.encyclopedia)
        if "pageids" in given:
            links = [{"url": url} for url in self.encyclopedia[titles[int(given["pageids"]) - 1]]]
            return _json({"query": {"pages": [{"pageid": 1, "extlinks": links}]}})
        asked = set(re.findall(r"\w+", fold_letter_by_letter(given.get("srsearch", ""))))
        hits = [
            {"ns": 0, "title": t, "pageid": n}
            for n, t in enumerate(titles, 1)
            if asked & set(fold_letter_by_letter(t).split())
        ]
        return _json({"query": {"search": hits[: int(given.get("srlimit", 10))]}})

    def wayback(self, path: str, given: Given) -> Answer:
        if capture := re.match(r"/web/(\d{14})id_/http://([^/]+)(.*)", path):
            at = _at(capture[1])
            found = answer(self.outlets[capture[2]], capture[3], at)
            memento = {
                "Memento-Datetime": format_datetime(at, usegmt=True),
                "ETag": '"of-the-service"',
            }
            return replace(found, headers={**found.headers, **memento})
        if path != "/cdx/search/cdx":
            return Answer(404)
        since, until = given.get("from", "0"), given.get("to", "9")
        captured = [(p, f"{p.published + timedelta(hours=1):%Y%m%d%H%M%S}") for p in self.pieces()]
        lines = [
            f"{','.join(reversed(p.outlet.host.split('.')))}){p.page.path} {at} {p.url} text/html 200 {'A' * 32} 999"
            for p, at in captured
            if since <= at <= until and given["url"] in (p.url, p.outlet.host)
        ]
        return Answer(200, "\n".join(sorted(lines)).encode(), {"Content-Type": "text/plain"})


def row(url: str, headline: str, stamp: str, kind: str = "gkg") -> str:
    """A line of GDELT's files: 27 fields of the knowledge graph, 61 of the events."""
    if kind == "export":
        return "\t".join(["0"] * 59 + [stamp, url])
    fields = [""] * 27
    fields[1], fields[4], fields[26] = stamp, url, f"<PAGE_TITLE>{escape(headline)}</PAGE_TITLE>"
    return "\t".join(fields)


def zipped(text: str | bytes, name: str = "x.csv") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, text)
    return packed.getvalue()


def _fits(term: str, piece: Piece) -> bool:
    operator, colon, value = term.partition(":")
    if operator in ("domainis", "site"):
        return piece.outlet.host == value
    if operator == "sourcelang":
        return GDELT_LANGUAGE_OF_CODE[piece.outlet.language].lower() == value
    if operator in ("after", "before"):
        day = datetime.fromisoformat(value).replace(tzinfo=UTC)
        return piece.published >= day if operator == "after" else piece.published < day
    return bool(colon) or fold_letter_by_letter(term.strip('"')) in fold_letter_by_letter(
        f"{piece.page.headline} {piece.page.text}"
    )


def _item(piece: Piece) -> str:
    opaque = b"\x08\x13\x22\x20AU_yqL" + piece.url.encode().hex().encode()  # no address since 2024
    link = f"https://news.google.com/rss/articles/{urlsafe_b64encode(opaque).decode().rstrip('=')}?oc=5"
    return (
        f"<item><title>{escape(piece.page.headline)} - {escape(piece.outlet.name)}</title><link>{link}</link>"
        f"<pubDate>{format_datetime(piece.published, usegmt=True)}</pubDate>"
        f'<source url="http://{piece.outlet.host}">{escape(piece.outlet.name)}</source></item>'
    )


def _at(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _json(data: object) -> Answer:
    return Answer(200, json.dumps(data).encode(), {"Content-Type": "application/json"})


@contextmanager
def serve_with_services(
    world: World,
    now: datetime | None = None,
    encyclopedia: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[ServiceWeb]:
    """The world and its search services on a free port of loopback until the block ends."""
    with served(ServiceWeb(world, now, encyclopedia or {})) as web:
        yield web
