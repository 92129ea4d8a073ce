"""GDELT's files of 15 minutes, zipped, for use when its search is busy.

Their names follow the clock (`20240215103000.gkg.csv.zip`, `….translation.…` for languages other
than English), so no list is needed for a window; `lastupdate.txt` names the newest. A file has
0.1 MB (events) to some 10 MB (the knowledge graph, GKG 2.1, with headlines):
http://data.gdeltproject.org/documentation/. The servers do not search: headlines and slugs are
compared with the query here.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import ClassVar

from archive.records import Lead
from crawler.dates.date_parser import parse_source_date
from crawler.services.search_service import (
    SearchQuery,
    SearchService,
    ServiceAnswer,
    ServiceRequest,
    first_reasons,
    is_url_of_hosts,
    matches_query,
    parse_instant,
)
from crawler.text.html_text import text_of_html
from crawler.text.language import language_code
from crawler.text.urls import MAX_URL_CHARS, resolve_web_url

GDELT_FILE_PERIOD = timedelta(minutes=15)
"""Period of one file."""
MAX_GRAPH_FILES = 24
"""Newest files of a window that are read from the knowledge graph; older ones from events."""
MAX_GDELT_FILES = 7 * 96
"""Files of one window: a week."""
MAX_GDELT_FILE_BYTES = 128 * 1024 * 1024
"""Bytes of a file after decompression."""
MAX_GDELT_LINE_BYTES = 1024 * 1024
"""Bytes of a line."""
MAX_GDELT_FILE_LINES = 50_000
"""Lines of a file."""
MAX_GDELT_FILE_LEADS = 5_000
"""Leads from one file."""

GDELT_FILE_NAME = re.compile(r"(?<!\d)\d{14}(?:\.translation)?\.gkg\.csv\.zip", re.IGNORECASE)
"""Names of files in `lastupdate.txt`."""
GDELT_SOURCE_LANGUAGE = re.compile(rb"srclc:([a-z]{3})")
"""The language from which an article was translated, in ISO 639-2."""


@dataclass(frozen=True, slots=True)
class GdeltFileLayout:
    """The columns of a file's lines."""

    min_fields: int
    url_column: int
    seen_column: int
    """When GDELT added the line."""


GRAPH_FILE_LAYOUT = GdeltFileLayout(min_fields=5, url_column=4, seen_column=1)
EVENT_FILE_LAYOUT = GdeltFileLayout(min_fields=61, url_column=60, seen_column=59)

BROKEN_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
)
"""Exceptions of Python's zipfile for a file that is damaged, cut, encrypted or packed unusually."""


@dataclass(frozen=True)
class GdeltFiles(SearchService):
    """The files of a window; without a window, the newest ones."""

    name: ClassVar[str] = "gdelt-files"
    title: ClassVar[str] = "GDELT's files"
    via: ClassVar[str] = "gdelt"

    base: str = "https://storage.googleapis.com/data.gdeltproject.org/gdeltv2"

    def requests(self, query: SearchQuery) -> Iterator[ServiceRequest]:
        """Yield requests for the files, or for the list of the newest."""
        if self.unfit_reason(query):
            return
        kinds = gdelt_file_series(query.languages)
        if not query.since:
            for kind in kinds:
                name = f"lastupdate{kind.replace('.', '-')}.txt"
                yield ServiceRequest(f"{self.base}/{name}", query, step="list")
            return
        for name in gdelt_file_names(query.window(GDELT_FILE_PERIOD), kinds):
            yield self._file(name, query)

    def _file(self, name: str, query: SearchQuery, depth: int = 0) -> ServiceRequest:
        """Return the request for a file."""
        return ServiceRequest(f"{self.base}/{name}", query, step="file", depth=depth)

    def _read(self, body: bytes, ask: ServiceRequest) -> ServiceAnswer:
        if ask.step == "file":
            return self._read_file(body, ask)
        names = dict.fromkeys(GDELT_FILE_NAME.findall(body[:65536].decode("ascii", "replace")))
        if not names:
            return self.failed("sent a list that names no file")
        return ServiceAnswer(asks=tuple(self._file(name, ask.query, 1) for name in list(names)[:4]))

    def _read_file(self, body: bytes, ask: ServiceRequest) -> ServiceAnswer:
        """Return the leads in a file, also if it breaks off."""
        leads: dict[str, Lead] = {}
        skipped: list[str] = []
        problem = None
        try:
            for line in lines_in_zip(body):
                found = self._lead(line, ask)
                if isinstance(found, Lead):
                    leads.setdefault(found.url, found)
                elif found:
                    skipped.append(found)
                if len(leads) >= MAX_GDELT_FILE_LEADS:
                    skipped.append(f"what comes after {MAX_GDELT_FILE_LEADS:,} articles")
                    break
        except BROKEN_ZIP_ERRORS as error:
            why = text_of_html(str(error), 80) or "cut"
            problem = f"{self.title} sent a file that cannot be read to its end ({why})"
        return ServiceAnswer(tuple(leads.values()), problem=problem, skipped=first_reasons(skipped))

    def _lead(self, line: bytes, ask: ServiceRequest) -> Lead | str | None:
        """Return the lead of a line, the reason for none, or None if it does not match."""
        name = ask.url.lower()
        fields = line.rstrip(b"\r\n").split(b"\t")
        is_graph = ".gkg." in name
        layout = GRAPH_FILE_LAYOUT if is_graph else EVENT_FILE_LAYOUT
        if len(fields) < layout.min_fields:
            return f"a line of {len(fields)} fields" if any(fields) else None
        headline = gdelt_page_title(fields[-1]) if is_graph else None
        raw = fields[layout.url_column][:MAX_URL_CHARS].decode("utf-8", "replace")
        is_match = matches_query(ask.query, headline, raw) and is_url_of_hosts(raw, ask.query.hosts)
        if not is_match:
            return None
        url, problem = resolve_web_url(raw, self.base)
        if url is None:
            return problem
        seen = fields[layout.seen_column].decode("ascii", "replace")
        language = _gdelt_language(fields, ".translation." in name) if is_graph else None
        return self.lead(
            url,
            ask,
            headline=headline,
            language=language,
            modified_at=parse_source_date(f"{seen}Z"),
        )


def gdelt_file_series(languages: tuple[str, ...]) -> list[str]:
    """Return the series of files to read: `` for English, `.translation` for others."""
    series = []
    if not languages or "en" in languages:
        series.append("")
    if not languages or set(languages) - {"en"}:
        series.append(".translation")
    return series


def gdelt_file_names(
    query: SearchQuery, kinds: list[str], now: datetime | None = None
) -> Iterator[str]:
    """Yield the names of the files of a window, newest first.

    The first WITH_HEADLINES are the large files with headlines, the others the smaller ones.
    """
    last = min(parse_instant(query.until or "", at_end=True), now or datetime.now(UTC))
    last -= timedelta(minutes=last.minute % 15, seconds=last.second, microseconds=last.microsecond)
    first = parse_instant(query.since or "")
    for number in range(MAX_GDELT_FILES):
        at = last - number * GDELT_FILE_PERIOD
        if at < first:
            return
        form = "gkg.csv" if number < MAX_GRAPH_FILES else "export.CSV"
        for kind in kinds:
            yield f"{at:%Y%m%d%H%M%S}{kind}.{form}.zip"


def lines_in_zip(body: bytes) -> Iterator[bytes]:
    """Yield the lines of the only member of a zip file, as they are decompressed.

    Raises one of BROKEN for other data, and beyond LARGEST, MOST_LINES or LONGEST_LINE.
    """
    with zipfile.ZipFile(BytesIO(body)) as packed:
        members = packed.infolist()
        supported = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        if len(members) != 1 or members[0].compress_type not in supported:
            raise zipfile.BadZipFile("not one deflated file")
        with packed.open(members[0]) as lines:
            size = number = 0
            while line := lines.readline(MAX_GDELT_LINE_BYTES):
                size, number = size + len(line), number + 1
                is_too_long = len(line) == MAX_GDELT_LINE_BYTES or size > MAX_GDELT_FILE_BYTES
                if is_too_long or number > MAX_GDELT_FILE_LINES:
                    raise zipfile.BadZipFile("larger than the limit")
                yield line


def gdelt_page_title(extras: bytes) -> str | None:
    """Return the title of the page in the last field of the knowledge graph, or None."""
    _, found, rest = extras.partition(b"<PAGE_TITLE>")
    title, end, _ = rest.partition(b"</PAGE_TITLE>")
    return text_of_html(title.decode("utf-8", "replace")) if found and end else None


def _gdelt_language(fields: list[bytes], is_translated: bool) -> str | None:
    """Return the language of an article in the knowledge graph, or None."""
    found = GDELT_SOURCE_LANGUAGE.search(fields[25]) if len(fields) > 25 else None
    if found:
        return language_code(found[1].decode("ascii"))
    return None if is_translated else "en"
