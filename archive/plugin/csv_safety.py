"""Datasette's CSV, safe to open in a spreadsheet: a cell that begins like a formula gets an
apostrophe in front."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder

from archive.exports.article_files import safe_cell
from archive.plugin.middleware import App, Event, Receive, Scope, Send, raw_path

CELL = re.compile(r'"(?P<quoted>[^"]*(?:""[^"]*)*)"|(?P<bare>[^",\r\n]+)')
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?", re.IGNORECASE | re.ASCII)


def safe_rows(text: str) -> str:
    """Whole rows of CSV, their cells as `archive.exports.article_files.safe_cell` has them (OWASP,
    "CSV Injection"); numbers stay."""
    return CELL.sub(_safe, text)


def _safe(cell: re.Match[str]) -> str:
    quoted = cell["quoted"]
    value = cell["bare"] if quoted is None else quoted
    if NUMBER.fullmatch(value) or safe_cell(value) == value:
        return cell[0]
    return f"'{value}" if quoted is None else f'"\'{value}"'


class Rows:
    """Rows out of the pieces in which they come: a cell may hold line ends."""

    def __init__(self) -> None:
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def safe(self, piece: bytes, more: bool) -> bytes:
        """What is whole by now."""
        self._held += self._decoder.decode(piece, not more)
        if more and (self._held.count('"') % 2 or not self._held.endswith("\n")):
            return b""
        whole, self._held = self._held, ""
        return safe_rows(whole).encode()


def safe_csv(app: App) -> App:
    """The application, its CSV safe to open in a spreadsheet."""

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _asks_for_csv(scope):
            return await app(scope, receive, send)
        rows = Rows()
        csv = False

        async def send_rows(event: Event) -> None:
            nonlocal csv
            if event["type"] == "http.response.start":
                headers = [(name.lower(), value) for name, value in event.get("headers", [])]
                csv = (
                    dict(headers).get(b"content-type", b"").startswith((b"text/csv", b"text/plain"))
                )
                kept = [each for each in headers if not csv or each[0] != b"content-length"]
                return await send({**event, "headers": kept})
            if csv and event["type"] == "http.response.body":
                event = {
                    **event,
                    "body": rows.safe(event.get("body", b""), event.get("more_body", False)),
                }
            return await send(event)

        return await app(scope, receive, send_rows)

    return guard


def _asks_for_csv(scope: Scope) -> bool:
    return raw_path(scope).endswith(".csv") or b"_format=csv" in scope.get("query_string", b"")
