"""Repair of JSON that people wrote by hand.

Comments, single quotes, bare names, stray commas and missing ends become valid JSON, in time linear
in the length of the text. Only faults whose repair changes no value are repaired. A bare word in
place of a value and two adjacent values are errors: a quotation mark inside a text may have ended
the text.
"""

from __future__ import annotations

import json
import re

RELAXED_JSON_TOKEN = re.compile(
    r"""(?P<quoted>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')"""
    r"""|(?P<gap>/\*.*?\*/|//[^\n]*|<!--[^"'{\[>]{0,200}-->|<!--|-->|<!\[CDATA\[|\]\]>"""
    r"""|[\s\u00a0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2060\u3000\ufeff]+)"""
    r"""|(?P<sign>[{}\[\]:,;])"""
    r"""|(?P<bare>[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w$])|[^\W\d][\w$-]*|@[\w-]+|\$[\w$]*)""",
    re.S,
)
JSON_LITERALS = {"true": "true", "false": "false", "null": "null", "undefined": "null", "nan": "null", "infinity": "null",
         "none": "null", "void": "null"}  # fmt: skip
CLOSING_BRACKETS = {"{": "}", "[": "]"}
UNESCAPED_BACKSLASH = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})')
KEY_COLON = re.compile(r"[\s\u00a0\ufeff]*:")


def repair_json(text: str) -> str:
    """Return the JSON values of a text, repaired. Raises ValueError if the meaning is in doubt."""
    writer = _JsonWriter()
    position, has_break = 0, False
    while position < len(text):
        token = RELAXED_JSON_TOKEN.match(text, position)
        if not token:
            raise ValueError(f"not even nearly JSON at {position}")
        piece, kind, position = token[0], token.lastgroup, token.end()
        if kind == "gap":
            has_break = has_break or "\n" in piece
            continue
        if kind == "sign":
            writer.write_sign(piece, has_break)
        else:
            is_key = _is_before_colon(text, position)
            value = (
                _quoted_text_as_json(piece)
                if kind == "quoted"
                else _bare_word_as_json(piece, is_key)
            )
            writer.write_value(value, is_key, has_break)
        has_break = False
    return writer.finish()


def _is_before_colon(text: str, position: int) -> bool:
    """Return whether a colon follows, so that the token before it is a key."""
    return bool(KEY_COLON.match(text, position))


def _bare_word_as_json(piece: str, is_key: bool) -> str:
    """Return a bare word as JSON: a key, a literal of JavaScript, a number.

    Raises ValueError for any other word.
    """
    if is_key:
        return json.dumps(piece)
    literal = JSON_LITERALS.get(piece.lower())
    if literal is not None:
        return literal
    number = piece.lstrip("+").replace("_", "")
    value = float(number)
    return number if re.fullmatch(r"-?(?:0|[1-9]\d*)", number) else json.dumps(value)


def _quoted_text_as_json(piece: str) -> str:
    """Return a quoted text in double quotation marks, with its lone backslashes escaped.

    A backslash before a line break goes with the break.
    """
    if piece[0] == "'":
        content = piece[1:-1].replace("\\'", "'").replace('\\"', '"').replace('"', '\\"')
        piece = f'"{content}"'
    piece = piece.replace("\\\r\n", "").replace("\\\n", "")
    return UNESCAPED_BACKSLASH.sub(r"\\\\", piece)


class _JsonWriter:
    """Joins tokens to JSON values, with exactly the commas between them that JSON requires."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._open: list[str] = []
        """The brackets that are still open."""
        self._last = ""
        """The kind of the last token: `value`, `key`, or a sign itself."""

    def write_value(self, written: str, is_before_colon: bool, has_break: bool) -> None:
        """Write a value or key; `has_break` says that a line break precedes it.

        Raises ValueError for two values without a comma, and for a value without a key.
        """
        is_in_object = bool(self._open) and self._open[-1] == "{"
        is_key = is_in_object and is_before_colon and self._last in ("{", ",", "value")
        if self._last == "value":
            if not (is_key and has_break):
                raise ValueError("two values without a comma between them")
            self._parts.append(",")
        elif is_in_object and self._last in ("{", ",") and not is_key:
            raise ValueError("a value without a key")
        if self._last == ",":
            self._parts.append(",")
        self._parts.append(written)
        self._last = "key" if is_key else "value"

    def write_sign(self, sign: str, has_break: bool) -> None:
        """Write a bracket, colon, comma or semicolon. Raises ValueError for one out of place."""
        if sign in CLOSING_BRACKETS:
            self._open_bracket(sign, has_break)
        elif sign in "}]":
            self._close_bracket(sign)
        elif sign == ":":
            if self._last != "key":
                raise ValueError("a colon without a key before it")
            self._parts.append(":")
            self._last = ":"
        elif not self._open:  # between two values at the top level
            return
        elif sign == ",":
            if self._last == "value":  # written before the next value, if there is one
                self._last = ","
        else:
            raise ValueError("a semicolon within a value")

    def _open_bracket(self, bracket: str, has_break: bool) -> None:
        if self._last == ",":
            self._parts.append(",")
        elif self._last == "value" and self._open:
            if not (has_break and self._open[-1] == "["):
                raise ValueError("two values without a comma between them")
            self._parts.append(",")
        elif self._last == "value":
            self._parts.append("\n")
        self._parts.append(bracket)
        self._open.append(bracket)
        self._last = bracket

    def _close_bracket(self, bracket: str) -> None:
        if not self._open:  # one bracket too many at the end
            return
        if CLOSING_BRACKETS[self._open[-1]] != bracket:
            raise ValueError("brackets that do not match")
        self._complete_field()
        self._open.pop()
        self._parts.append(bracket)
        self._last = "value"

    def _complete_field(self) -> None:
        """Give a key without a value the value null."""
        if self._last == "key":
            self._parts.append(":null")
        elif self._last == ":":
            self._parts.append("null")

    def finish(self) -> str:
        """Return the text written so far, with all open brackets closed."""
        self._complete_field()
        while self._open:
            self._parts.append(CLOSING_BRACKETS[self._open.pop()])
        return "".join(self._parts)
