"""JSON as people write it by hand → JSON: comments, single quotes, bare names, stray commas, missing ends.

Only what changes no value is mended. Linear in the text's length. A bare word in place of a value, or two values side by
side, are beyond mending: there a quotation mark inside of a text may have ended it.
"""

from __future__ import annotations

import json
import re

TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*+"'
    r"|'(?:[^'\\]|\\.)*+'"
    r"|/\*.*?\*/|//[^\n]*|<!--[^\"'{\[>]{0,200}-->|<!--|-->|<!\[CDATA\[|\]\]>"
    r"|[\s\u00a0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2060\u3000\ufeff]+"
    r"|[{}\[\]:,;]"
    r"|[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w$])"
    r"|[^\W\d][\w$-]*|@[\w-]+|\$[\w$]*",
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
        fits = TOKEN.match(text, at)
        if not fits:
            raise ValueError(f"neither JSON nor like it at {at}")
        token, at = fits[0], fits.end()
        if token[0] in "\"'":
            writer.value(_quoted(token), text, at, breaks)
        elif token in "{}[]:,;":
            writer.sign(token, breaks)
        elif token.startswith(("/*", "//", "<!", "-->", "]]>")) or not token.strip("\u200b-\u200f\u2060\ufeff "):
            breaks = breaks or "\n" in token
            continue
        elif token[0].isspace() or not (token[0].isalnum() or token[0] in "-+._$@"):
            breaks = breaks or "\n" in token
            continue
        else:
            writer.value(_bare(token, _is_key(text, at)), text, at, breaks)
        breaks = False
    return writer.written()


KEY = re.compile(r"[\s\u00a0\ufeff]*:")


def _is_key(text: str, at: int) -> bool:
    return bool(KEY.match(text, at))


def _bare(token: str, is_key: bool) -> str:
    """A bare word as JSON: a field's name, a word of JavaScript, a number."""
    if is_key:
        return json.dumps(token)
    if token.lower() in WORDS:
        return WORDS[token.lower()]
    number = token.lstrip("+").replace("_", "")
    float(number)  # raises ValueError
    return json.dumps(float(number)) if not re.fullmatch(r"-?(?:0|[1-9]\d*)", number) else number


def _quoted(token: str) -> str:
    """A quoted text with double quotation marks, its line breaks and lone backslashes escaped."""
    if token[0] == "'":
        token = '"' + token[1:-1].replace("\\'", "'").replace('\\"', '"').replace('"', '\\"') + '"'
    token = token.replace("\\\r\n", "").replace("\\\n", "")
    return LONE_BACKSLASH.sub(r"\\\\", token)


class _Writer:
    """Puts tokens together to values, with the commas between them that JSON wants and no others."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.open: list[str] = []
        self.last = ""
        """The kind of what was written last: `value`, `key`, or a sign."""

    def value(self, token: str, text: str, end: int, breaks: bool) -> None:
        in_object = bool(self.open) and self.open[-1] == "{"
        is_key = in_object and self.last in ("{", ",", "value") and _is_key(text, end)
        if self.last == "value":
            if not (is_key and breaks):
                raise ValueError("two values stand side by side")
            self.parts.append(",")
        elif in_object and self.last in ("{", ",") and not is_key:
            raise ValueError("a value without a name")
        if self.last == ",":
            self.parts.append(",")
        self.parts.append(token)
        self.last = "key" if is_key else "value"

    def sign(self, token: str, breaks: bool) -> None:
        if token in CLOSERS:
            self._before_value(breaks)
            self.parts.append(token)
            self.open.append(token)
            self.last = token
        elif token in "}]":
            self._close(token)
        elif token == ":":
            if self.last != "key":
                raise ValueError("a colon behind no name")
            self.parts.append(":")
            self.last = ":"
        elif not self.open:  # between two values at the top
            return
        elif token == ",":
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

    def _close(self, token: str) -> None:
        if not self.open or CLOSERS[self.open[-1]] != token:
            if not self.open:  # one bracket too many at the end
                return
            raise ValueError("brackets that do not match")
        self._end_of_field()
        self.open.pop()
        self.parts.append(token)
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
