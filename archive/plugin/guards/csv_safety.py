"""Make Datasette's CSV safe for spreadsheets, and say in its headers where it may have been cut.

A cell like a formula gets an apostrophe in front. Datasette ends a CSV file after a page of a table
or a limit of rows without a word; a remark in the file would be data, so it is in the headers.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qs

from archive.exports.article_files import safe_cell
from archive.plugin.guards.middleware import App, Event, Receive, Scope, Send, raw_path

CSV_CELL_PATTERN = re.compile(r'"(?P<quoted>[^"]*(?:""[^"]*)*)"|(?P<bare>[^",\r\n]+)')
QUOTED_CSV_PART = re.compile(r'"[^"]*"')
CSV_NUMBER_PATTERN = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?", re.IGNORECASE | re.ASCII)

CSV_PAGE_SIZE_PATTERN = re.compile(r"\d{1,9}", re.ASCII)


def safe_csv_rows(text: str) -> str:
    """Return complete rows of CSV with the cells made safe; numbers stay as they are.

    `archive.exports.article_files.safe_cell` decides which cells are unsafe (OWASP, "CSV
    Injection").
    """
    return CSV_CELL_PATTERN.sub(_safe_cell_match, text)


def _safe_cell_match(cell: re.Match[str]) -> str:
    quoted = cell["quoted"]
    value = cell["bare"] if quoted is None else quoted
    if CSV_NUMBER_PATTERN.fullmatch(value) or safe_cell(value) == value:
        return cell[0]
    return f"'{value}" if quoted is None else f'"\'{value}"'


class RowAssembler:
    """Assembles complete rows from chunks; a quoted cell may contain line ends."""

    def __init__(self) -> None:
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def safe(self, piece: bytes, more: bool) -> bytes:
        """Return the rows that are complete, made safe."""
        self._held += self._decoder.decode(piece, not more)
        if more and (self._held.count('"') % 2 or not self._held.endswith("\n")):
            return b""
        whole, self._held = self._held, ""
        return safe_csv_rows(whole).encode()


ROW_COUNT_HEADER, CUT_HEADER = b"x-dateline-rows", b"x-dateline-cut"
"""Headers of CSV: the number of rows, and how to get all rows if there may be more."""
CUT_ADVICE = (
    "after {rows} rows, if there are more; all rows: a table's CSV with _stream=on, or "
    "`dateline sql QUERY -o FILE.csv`"
)


def csv_row_limits(datasette: Any, table_sizes: Collection[int]) -> frozenset[int]:
    """Return the numbers of rows after which Datasette ends a CSV file that is not streamed."""
    names = ("max_returned_rows", "default_page_size")
    return frozenset((*table_sizes, *(int(datasette.setting(name)) for name in names)))


def csv_count_headers(text: str, limits: Collection[int]) -> list[tuple[bytes, bytes]]:
    """Return the headers that say how many rows a CSV file has, and that it may have been cut."""
    rows = max(0, QUOTED_CSV_PART.sub("", text).count("\n") - 1)
    headers = [(ROW_COUNT_HEADER, str(rows).encode())]
    if rows in limits:
        headers.append((CUT_HEADER, CUT_ADVICE.format(rows=rows).encode()))
    return headers


def limits_of_request(query: str, limits: Collection[int]) -> Collection[int]:
    """Return the numbers of rows after which the CSV of a request may be cut.

    A table ends after `_size` rows; a query ignores that, and ends at the greatest limit.
    """
    size = parse_qs(query).get("_size", [""])[-1]
    if not CSV_PAGE_SIZE_PATTERN.fullmatch(size):
        return limits
    return {int(size), max(limits)}


def with_safe_csv(app: App, limits: Collection[int]) -> App:
    """Return the application with its CSV safe for spreadsheets.

    `limits` are the numbers of rows after which a file may have been cut.
    """

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, with CSV made safe."""
        if scope["type"] != "http" or not _asks_for_csv(scope):
            return await app(scope, receive, send)
        query = scope.get("query_string", b"").decode("latin-1")
        is_streamed = "_stream" in parse_qs(query)
        answer = SafeCsvAnswer(send, None if is_streamed else limits_of_request(query, limits))
        return await app(scope, receive, answer.send_event)

    return guard


class SafeCsvAnswer:
    """An answer that is sent with safe cells if it is CSV, and with the count of its rows."""

    def __init__(self, send: Send, limits: Collection[int] | None) -> None:
        self._send = send
        self._limits = limits
        """The numbers of rows after which it may have been cut; None if rows are not counted."""
        self._rows = RowAssembler()
        self._is_csv = False
        self._held: list[Event] = []

    async def send_event(self, event: Event) -> None:
        """Send an event of the answer; of a counted answer all at the end."""
        if event["type"] == "http.response.start":
            event = self._begin(event)
        elif self._is_csv and event["type"] == "http.response.body":
            body = self._rows.safe(event.get("body", b""), event.get("more_body", False))
            event = {**event, "body": body}
        if not self._is_csv or self._limits is None:
            return await self._send(event)
        self._held.append(event)  # at most as many rows as one answer may have
        if event["type"] == "http.response.start" or event.get("more_body", False):
            return None
        for each in _with_count(self._held, self._limits):
            await self._send(each)
        return None

    def _begin(self, start: Event) -> Event:
        """Note whether the answer is CSV; return its start without a length that will change."""
        headers = [(name.lower(), value) for name, value in start.get("headers", [])]
        content_type = dict(headers).get(b"content-type", b"")
        self._is_csv = content_type.startswith((b"text/csv", b"text/plain"))
        if start["status"] != 200:
            self._limits = None
        if self._is_csv:  # an apostrophe changes the length
            headers = [each for each in headers if each[0] != b"content-length"]
        return {**start, "headers": headers}


def _with_count(events: list[Event], limits: Collection[int]) -> list[Event]:
    """Return the events of a CSV answer with the headers that count its rows."""
    start, *bodies = events
    body = b"".join(each.get("body", b"") for each in bodies)
    counted = csv_count_headers(body.decode("utf-8", "replace"), limits)
    whole = {"type": "http.response.body", "body": body, "more_body": False}
    return [{**start, "headers": [*start["headers"], *counted]}, whole]


def _asks_for_csv(scope: Scope) -> bool:
    return raw_path(scope).endswith(".csv") or b"_format=csv" in scope.get("query_string", b"")
