"""WARC and ARC files, ours and those of others, as captures: pages of HTML that a server answered
with 200.

Every response, resource and revisit comes to one of three: a capture, a reason why it was left out,
which can be counted, or a problem that names its place. Requests, metadata and warcinfo speak of
other records and come to nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import get_args

from archive.errors import ReadingError
from archive.exports.warc import LEAD_FIELDS, RENAMED
from archive.records import Capture, Lead, Via, utc
from crawler.files.http_messages import Headers, Response, parse_response
from crawler.files.saved_pages import LARGEST
from crawler.files.warc_records import Problem, Record, WarcFile, records

ENDINGS = (".warc", ".arc", ".warc.gz", ".arc.gz", ".warc.zst", ".warc.lz4")
"""How such files are called."""

HTML = ("text/html", "application/xhtml+xml")
PAGES = ("response", "resource", "revisit")
LOOKS_HTML = re.compile(rb"(?i)<(?:!doctype html|html)")
DESCRIBING = ("warcinfo", "request", "metadata")

MOMENT = re.compile(r"(\d{4}(?:-?\d\d(?:-?\d\d(?:[T ]?\d\d:?\d\d(?::?\d\d)?)?)?)?)(?:\.\d+)?Z?")
"""WARC-Date: 1.0 to the second, 1.1 from a year to nanoseconds; and the 14 digits of ARC."""
ISO = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ?)?")
"""A moment as the archive writes it."""
BEGINNING = "00000101000000"
"""What a date that stops early begins with."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A record that is not taken; the reasons are few, so that they can be counted."""

    reason: str


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A page whose bytes are not those that were recorded: its digest says otherwise."""

    capture: Capture
    reason: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A page with what a feed or sitemap had said of it before it was fetched."""

    capture: Capture
    lead: Lead


def is_warc(path: Path) -> bool:
    """Is a file called as WARC and ARC files are?"""
    return path.name.lower().endswith(ENDINGS)


def read_warc(path: Path) -> Iterator[Capture | Listed | Doubtful | LeftOut | Problem]:
    """The pages of a WARC or ARC file, what was left out, and what could not be read, in the order
    of the file.

    One record at a time is held in memory, and where the bodies lie that a revisit may refer to.
    Raises UsageError, at the first step, for a file that is no such file.
    """
    pages = Pages(path)
    for found in records(path):
        if isinstance(found, Problem):
            yield found
        elif found.kind == "metadata":
            pages.note(found)
        elif found.kind in PAGES:
            yield pages.page(found)
        elif found.kind not in DESCRIBING:
            yield LeftOut(f"a record of kind {found.kind[:20]!r}")


class Pages:
    """What one file has said so far that later records refer to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen: dict[str, tuple[int, str]] = {}
        """Where pages lie, by the digest of their payload and by the ID of their record: byte and
        ID."""
        self.hops: dict[str, tuple[str, ...]] = {}
        """By the ID of a record to come: the address that was requested, and those hopped
        through."""

        self.leads: dict[str, dict[str, str]] = {}
        """By the ID of a record to come: the fields of a lead to it."""

    def note(self, record: Record) -> None:
        """Keep what our own `metadata` records say: how redirects led to a page, and what was said
        of it before."""
        text = (record.block or b"").decode("utf-8", "replace")
        lines = [line.partition(": ") for line in text.split("\r\n")]
        of = record.field("warc-concurrent-to")
        if lines[0][0] == "requested":
            self.hops[of] = tuple(value for name, _, value in lines if name in ("requested", "hop"))
        said = {LEAD_FIELDS[name]: value for name, _, value in lines if name in LEAD_FIELDS}
        if said.get("via") in get_args(Via):
            self.leads[of] = said

    def page(self, record: Record) -> Capture | Listed | Doubtful | LeftOut | Problem:
        """What a response, resource or revisit comes to."""
        try:
            told = self._answer(record)
            if isinstance(told, LeftOut):
                return told
            headers, body = told
            if not body.strip():
                return LeftOut("an empty page")
            capture, doubt = self._capture(record, headers, body), why_doubtful(record)
            if doubt:
                return Doubtful(capture, doubt)
            said = self.leads.pop(record.field("warc-record-id"), None)
            return Listed(capture, lead_of(capture.url, said)) if said else capture
        except ReadingError as error:
            return Problem(record.place, str(error))

    def _answer(self, record: Record) -> tuple[Headers, bytes] | LeftOut:
        """Headers and decoded body; of a revisit, the body that it refers to."""
        why = _why_not(record)
        if why:
            return LeftOut(why)
        own = _response(record)
        if own and record.kind != "revisit" and is_html(own):
            self._remember(record)  # whatever its status: a revisit has one of its own
        why = _why_not_taken(own, record.kind) if own else None
        if why:
            return LeftOut(why)
        body_of = self._first(record) if record.kind == "revisit" else own
        if body_of is None:
            return LeftOut("a revisit whose page is not found in this file")
        return (own or body_of).headers, body_of.decoded()

    def _first(self, revisit: Record) -> Response | None:
        """The response that a revisit refers to."""
        for key in (revisit.field("warc-refers-to"), revisit.field("warc-payload-digest").upper()):
            offset, id = self.seen.get(key, (0, ""))
            record = WarcFile(self.path).record_at(offset) if id else None
            # in a file that is one gzip stream it would not be
            if record and record.field("warc-record-id") == id:
                return _response(record)
        return None

    def _remember(self, record: Record) -> None:
        id = record.field("warc-record-id")
        for key in filter(None, (id, record.field("warc-payload-digest").upper())):
            self.seen.setdefault(key, (record.offset, id))

    def _capture(self, record: Record, headers: Headers, body: bytes) -> Capture:
        url = record.field("warc-target-uri")
        fetched_at = moment(record.field("warc-date"))
        capture = Capture(url=url, body=body, headers=original(headers), fetched_at=fetched_at)
        hops = self.hops.pop(record.field("warc-record-id"), None)
        return replace(capture, url=hops[0], redirects=hops[1:], final_url=url) if hops else capture


def lead_of(url: str, said: dict[str, str]) -> Lead:
    """A lead from its fields; a moment that is none is left out."""
    known = {
        name: value
        for name, value in said.items()
        if name != "published_at" or ISO.fullmatch(value)
    }
    return Lead(url, **known)  # type: ignore[arg-type]


def why_doubtful(record: Record) -> str | None:
    """Why a record's bytes are not those that were recorded; None where they are, or nothing can be
    told.

    The payload of a response is its body without chunks and with its content coding (WARC 1.1,
    6.3.2 and RFC 7230, 3.3). Writers take other things for it as well: the body as it came, the
    body decoded, the whole record.
    """
    if record.kind == "revisit" or record.block is None:
        return None
    answer, block = _response(record), record.block
    if _differs(record.field("warc-block-digest"), lambda: chain([block], _payloads(answer))):
        return "the record does not have the digest that it gives"
    if _differs(record.field("warc-payload-digest"), lambda: chain(_payloads(answer), [block])):
        return "the body does not have the digest that the record gives"
    return None


def _payloads(answer: Response | None) -> Iterator[bytes]:
    """What a writer may have taken for the payload, one after another."""
    if answer:
        yield answer.dechunked()[0]
        yield answer.body
        yield answer.decoded()


def _differs(label: str, bodies: Callable[[], Iterable[bytes]]) -> bool:
    """Is a labelled digest (`sha1:…`, in base 32, base 64 or hexadecimal) that of none of these?"""
    algorithm, _, value = label.partition(":")
    name, value = algorithm.strip().lower().replace("-", ""), value.strip().rstrip("=")
    if not value or name not in ("md5", "sha1", "sha256", "sha384", "sha512"):
        return False
    found = (hashlib.new(name, body, usedforsecurity=False).digest() for body in bodies())
    return not any(_spells(value, each) for each in found)


def _spells(value: str, digest: bytes) -> bool:
    """Is this the digest, in one of the spellings that writers use, without padding?"""
    base32 = base64.b32encode(digest).decode().rstrip("=")
    base64s = (base64.b64encode(digest).decode(), base64.urlsafe_b64encode(digest).decode())
    return value.upper() in (base32, digest.hex().upper()) or value in (
        each.rstrip("=") for each in base64s
    )


def moment(date: str) -> str:
    """A WARC-Date, or an ARC's 14 digits, as the archive writes moments; what is left out of it is
    its beginning.

    Raises ReadingError where it is no date.
    """
    found = MOMENT.fullmatch(date)
    digits = re.sub(r"\D", "", found[1]) if found else ""
    try:
        return utc(
            datetime.strptime(digits + BEGINNING[len(digits) :], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        )
    except ValueError:
        raise ReadingError(f"its WARC-Date {date[:30]!r} is no date") from None


def original(headers: Headers) -> Headers:
    """Headers as the server sent them, where an archive renamed some (`X-Archive-Orig-…`) and put
    others in place."""
    renamed = {name[len(RENAMED) :].lower() for name, _ in headers if name.startswith(RENAMED)}
    return tuple(
        (name.removeprefix(RENAMED), value)
        for name, value in headers
        if name.lower() not in renamed
    )


def is_html(response: Response) -> bool:
    """Is it a page of HTML, by its type, or without one by its beginning?

    Of several types the last counts, as in browsers (Fetch, 3.6), unless one is HTML and so is the
    beginning.
    """
    kinds = [
        kind
        for kind in re.split(r"[,;]\s*", response.header("content-type").lower())
        if "/" in kind
    ]
    kinds = [kind.strip() for kind in kinds if "=" not in kind and kind.strip() != "*/*"]
    if kinds and kinds[-1] in HTML:
        return True
    return (not kinds or any(kind in HTML for kind in kinds)) and bool(
        LOOKS_HTML.search(response.body, 0, 1024)
    )


def _response(record: Record) -> Response | None:
    """The response in a record; None for a revisit that says no more than what it refers to."""
    block = record.block or b""
    if record.kind == "resource":
        return Response(200, (("Content-Type", record.fields.get("content-type", "")),), block)
    return parse_response(block) if block or record.kind == "response" else None


def _why_not(record: Record) -> str | None:
    """Why a record is not taken, whatever it holds."""
    if not record.field("warc-target-uri").lower().startswith(("http://", "https://")):
        return "not an address of the web"
    if record.block is None:
        return f"larger than {LARGEST >> 20} MiB"
    # of a revisit it says that the body is elsewhere
    if record.field("warc-truncated") and record.kind != "revisit":
        return "cut off when it was recorded"
    return "recorded in segments" if record.field("warc-segment-number") else None


def _why_not_taken(response: Response, kind: str) -> str | None:
    """Why an answer is not taken; a revisit's headers may leave out the type."""
    if response.status != 200:
        return f"HTTP {response.status}"
    told = kind != "revisit" or response.header("content-type")
    return "not HTML" if told and not is_html(response) else None
