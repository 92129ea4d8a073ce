"""JSON as people write it by hand → JSON: comments, single quotes, bare names, stray commas,
missing ends.

Only what changes no value is mended, in time linear in the text's length. A bare word in place of a
value, or two values side by side, are beyond mending: there a quotation mark inside of a text may
have ended it.
"""

from __future__ import annotations

import json
import re

PIECE = re.compile(
    r"""(?P<quoted>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')"""
    r"""|(?P<gap>/\*.*?\*/|//[^\n]*|<!--[^"'{\[>]{0,200}-->|<!--|-->|<!\[CDATA\[|\]\]>"""
    r"""|[\s\u00a0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2060\u3000\ufeff]+)"""
    r"""|(?P<sign>[{}\[\]:,;])"""
    r"""|(?P<bare>[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w$])|[^\W\d][\w$-]*|@[\w-]+|\$[\w$]*)""",
    re.S,
)
WORDS = {"true": "true", "false": "false", "null": "null", "undefined": "null", "nan": "null", "infinity": "null",
         "none": "null", "void": "null"}  # fmt: skip
CLOSERS = {"{": "}", "[": "]"}
LONE_BACKSLASH = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})')


def relaxed(text: str) -> str:
    """The JSON values of a text, mended. Raises ValueError where what is meant is in doubt."""
    writer = _Writer()
    at, breaks = 0, False
    while at < len(text):
        fits = PIECE.match(text, at)
        if not fits:
            raise ValueError(f"neither JSON nor like it at {at}")
        piece, kind, at = fits[0], fits.lastgroup, fits.end()
        if kind == "gap":
            breaks = breaks or "\n" in piece
            continue
        if kind == "quoted":
            writer.value(_quoted(piece), _is_key(text, at), breaks)
        elif kind == "sign":
            writer.sign(piece, breaks)
        else:
            writer.value(_bare(piece, _is_key(text, at)), _is_key(text, at), breaks)
        breaks = False
    return writer.written()


KEY = re.compile(r"[\s\u00a0\ufeff]*:")


def _is_key(text: str, at: int) -> bool:
    return bool(KEY.match(text, at))


def _bare(piece: str, is_key: bool) -> str:
    """A bare word as JSON: a field's name, a word of JavaScript, a number."""
    if is_key:
        return json.dumps(piece)
    if piece.lower() in WORDS:
        return WORDS[piece.lower()]
    number = piece.lstrip("+").replace("_", "")
    float(number)  # raises ValueError
    return json.dumps(float(number)) if not re.fullmatch(r"-?(?:0|[1-9]\d*)", number) else number


def _quoted(piece: str) -> str:
    """A quoted text with double quotation marks, its line breaks and lone backslashes escaped."""
    if piece[0] == "'":
        piece = '"' + piece[1:-1].replace("\\'", "'").replace('\\"', '"').replace('"', '\\"') + '"'
    piece = piece.replace("\\\r\n", "").replace("\\\n", "")
    return LONE_BACKSLASH.sub(r"\\\\", piece)


class _Writer:
    """Puts tokens together to values, with the commas between them that JSON wants and no
    others."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.open: list[str] = []
        self.last = ""
        """The kind of what was written last: `value`, `key`, or a sign."""

    def value(self, written: str, before_colon: bool, breaks: bool) -> None:
        in_object = bool(self.open) and self.open[-1] == "{"
        is_key = in_object and before_colon and self.last in ("{", ",", "value")
        if self.last == "value":
            if not (is_key and breaks):
                raise ValueError("two values stand side by side")
            self.parts.append(",")
        elif in_object and self.last in ("{", ",") and not is_key:
            raise ValueError("a value without a name")
        if self.last == ",":
            self.parts.append(",")
        self.parts.append(written)
        self.last = "key" if is_key else "value"

    def sign(self, piece: str, breaks: bool) -> None:
        if piece in CLOSERS:
            self._before_value(breaks)
            self.parts.append(piece)
            self.open.append(piece)
            self.last = piece
        elif piece in "}]":
            self._close(piece)
        elif piece == ":":
            if self.last != "key":
                raise ValueError("a colon behind no name")
            self.parts.append(":")
            self.last = ":"
        elif not self.open:  # between two values at the top
            return
        elif piece == ",":
            self.last = "," if self.last in ("value", ",") else self.last
        else:
            raise ValueError("a semicolon inside of a value")

    def _before_value(self, breaks: bool) -> None:
        if self.last == ",":
            self.parts.append(",")
        elif self.last == "value" and self.open:
            if not (breaks and self.open[-1] == "["):
                raise ValueError("two values stand side by side")
            self.parts.append(",")
        elif self.last == "value":
            self.parts.append("\n")

    def _close(self, piece: str) -> None:
        if not self.open or CLOSERS[self.open[-1]] != piece:
            if not self.open:  # one bracket too many at the end
                return
            raise ValueError("brackets that do not match")
        self._end_of_field()
        self.open.pop()
        self.parts.append(piece)
        self.last = "value"

    def _end_of_field(self) -> None:
        """A name without a value gets null."""
        if self.last == "key":
            self.parts.append(":null")
        elif self.last == ":":
            self.parts.append("null")

    def written(self) -> str:
        """All that was written; what a text that breaks off left open is closed."""
        self._end_of_field()
        while self.open:
            self.parts.append(CLOSERS[self.open.pop()])
        return "".join(self.parts)
