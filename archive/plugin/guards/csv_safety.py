"""Make Datasette's CSV safe for spreadsheets: a cell like a formula gets an apostrophe in front."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder

from archive.exports.article_files import safe_cell
from archive.plugin.guards.middleware import App, Event, Receive, Scope, Send, raw_path

CSV_CELL_PATTERN = re.compile(r'"(?P<quoted>[^"]*(?:""[^"]*)*)"|(?P<bare>[^",\r\n]+)')
CSV_NUMBER_PATTERN = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?", re.IGNORECASE | re.ASCII)


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


def with_safe_csv(app: App) -> App:
    """Return the application with its CSV safe for spreadsheets."""

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, with CSV made safe."""
        if scope["type"] != "http" or not _asks_for_csv(scope):
            return await app(scope, receive, send)
        rows = RowAssembler()
        csv = False

        async def send_rows(event: Event) -> None:
            """Send an event of the answer, with safe cells if it is CSV."""
            nonlocal csv
            if event["type"] == "http.response.start":
                headers = [(name.lower(), value) for name, value in event.get("headers", [])]
                content_type = dict(headers).get(b"content-type", b"")
                csv = content_type.startswith((b"text/csv", b"text/plain"))
                # an apostrophe changes the length
                headers = [each for each in headers if not csv or each[0] != b"content-length"]
                return await send({**event, "headers": headers})
            if csv and event["type"] == "http.response.body":
                body = rows.safe(event.get("body", b""), event.get("more_body", False))
                event = {**event, "body": body}
            return await send(event)

        return await app(scope, receive, send_rows)

    return guard


def _asks_for_csv(scope: Scope) -> bool:
    return raw_path(scope).endswith(".csv") or b"_format=csv" in scope.get("query_string", b"")
