"""The values that a page's scripts keep for the browser: the state of a site's JavaScript.

`__NEXT_DATA__`, `__NUXT__`, the caches of Apollo and Redux and their kind are JSON, or the part of
JavaScript that only writes down values. Nothing is executed: what is not a plain value is skipped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import unquote

from crawler.text.relaxed_json import repair_json

MIN_STATE_CHARS = 400
"""Characters of a script; a shorter one holds no article."""
MAX_STATE_CHARS = 3_000_000
"""Characters of a script that is read."""
MAX_ASSIGNED_VALUES = 20
"""Values that are read from one script."""
STATE_ASSIGNMENT = re.compile(
    r"""(?:^|[;{}\s,(])(?:(?:window|self|globalThis|this|var|let|const)[\s.]\s*)?"""
    r"""[\w$]+(?:\.[\w$]+|\[["'][\w$.-]+["']\])*\s*=\s*"""
    r"""(?=[{\["']|JSON\.parse\(|decodeURI|\(?function\s*\(|\(\()"""
)
"""The beginning of an assignment of a value, up to the value."""
VALUE_CALLS = re.compile(r"(?:JSON\.parse|decodeURIComponent|decodeURI)\(\s*")
"""Functions around a text that holds JSON."""
QUOTED_STATE = re.compile(r'"(?:[^"\\]|\\.)*+"|\'(?:[^\'\\]|\\.)*+\'', re.S)
NUXT_FUNCTION = re.compile(
    r"\(?function\s*\((?P<names>[\w$,\s]*)\)\s*\{(?:[^{}]*?;)?\s*return\s*(?=\{)"
)
"""A function that returns a value in which its parameters stand for values used several times."""
SCRIPT_WORD = re.compile(
    r'("(?:[^"\\]|\\.)*+"|\'(?:[^\'\\]|\\.)*+\')|!0|!1|\bvoid 0\b|\bnew Date\(([^()]*)\)|'
    r"(?<![\w$.])([A-Za-z_$][\w$]*)(?![\w$]*\s*:)",
    re.S,
)
"""A quoted text, or a short form that JSON lacks."""
SHORT_LITERALS = {"!0": "true", "!1": "false", "void 0": "null"}
FLIGHT_PUSH = re.compile(r"__next_f\.push\(\s*(?=\[)")
"""A piece of the stream in which Next.js sends its components."""
FLIGHT_ROW = re.compile(r"([0-9a-f]+):(?:T([0-9a-f]+),)?")
"""The beginning of a row of that stream: its number, and the bytes of a row of text."""
FLIGHT_REFERENCE = re.compile(r"\$L?([0-9a-f]+)")
OPENING_BRACKETS, CLOSING_OF = "{[(", {"{": "}", "[": "]", "(": ")"}
BRACKET_OR_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"|\'(?:[^\'\\]|\\.)*+\'|[{}\[\]()]', re.S)
STATE_DECODER = json.JSONDecoder(strict=False)
MAX_STATE_DEPTH = 60
"""Levels of lists and objects in each other that are followed."""


class PageScript(NamedTuple):
    """A script of a page: its type, its id, and its text."""

    type: str
    id: str
    text: str


def state_values(scripts: Iterable[PageScript]) -> Iterator[Any]:
    """Yield the values that the scripts hold, each a list or an object."""
    flight: list[str] = []
    for script in scripts:
        text = script.text.strip()
        if "__next_f" in text:
            flight += _flight_pieces(text)
        if not MIN_STATE_CHARS <= len(text) <= MAX_STATE_CHARS or "ld+json" in script.type:
            continue
        if "json" in script.type or text.startswith(("{", "[")):
            value = _parsed_value(text)
            yield _unflattened(value) if _is_flattened(value, script) else value
        else:
            yield from islice(_assigned_values(text), MAX_ASSIGNED_VALUES)
    if flight:
        yield _flight_values("".join(flight))


def value_in_json_text(text: str) -> Any:
    """Return the value of a text that is a list or an object in JSON, else None."""
    is_long_json = len(text) >= MIN_STATE_CHARS and text.startswith(('{"', "[{"))
    return _parsed_value(text) if is_long_json else None


# -- values in JavaScript --------------------------------------------------------------------------


def _parsed_value(text: str) -> Any:
    """The JSON value of a text, None for other text."""
    for mend in (str, _plain_json):
        try:
            return STATE_DECODER.raw_decode(mend(text))[0]
        except (ValueError, RecursionError):
            continue
    return None


def _plain_json(text: str) -> str:
    """The JSON of a value in JavaScript; raises ValueError if it is more than a value."""
    return repair_json(_with_literals(text[: _end_of_value(text, 0)], {}))


def _assigned_values(text: str) -> Iterator[Any]:
    """The lists and objects that a script assigns to names."""
    at = 0
    while found := STATE_ASSIGNMENT.search(text, at):
        value, end = _value_at(text, found.end())
        at = max(end, found.end())
        if isinstance(value, list | dict) and value:
            yield value


def _value_at(text: str, start: int) -> tuple[Any, int]:
    """The value at a position of a script, None if it cannot be read, and where it ends."""
    if call := VALUE_CALLS.match(text, start):
        return _value_in_calls(text, call)
    if function := NUXT_FUNCTION.match(text, start + (text[start] == "(")):
        return _value_of_function(text, function)
    if quoted := QUOTED_STATE.match(text, start):
        inside = quoted[0][1:2]
        return (_value_in_text(quoted[0]) if inside in "{[%" else None), quoted.end()
    try:
        return STATE_DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        end = _end_of_value(text, start)
        return _parsed_value(text[start:end]), end


def _value_in_calls(text: str, call: re.Match[str]) -> tuple[Any, int]:
    """The value in `JSON.parse("…")` and its kind."""
    at = call.end()
    while inner := VALUE_CALLS.match(text, at):
        at = inner.end()
    quoted = QUOTED_STATE.match(text, at)
    return (_value_in_text(quoted[0]), quoted.end()) if quoted else (None, at)


def _value_in_text(quoted: str) -> Any:
    """The value of the JSON in a quoted text, which may be encoded as in a URL."""
    try:
        text = STATE_DECODER.raw_decode(repair_json(quoted))[0]
    except (ValueError, RecursionError):
        return None
    if not isinstance(text, str):
        return None
    return _parsed_value(unquote(text) if text[:1] == "%" else text)


def _value_of_function(text: str, function: re.Match[str]) -> tuple[Any, int]:
    """The value that a function returns, its parameters replaced by the values in its call."""
    end = _end_of_value(text, function.end())
    call = re.compile(r"[^(){}\[\]\"']*\}\s*\)?\s*\(").match(text, end)
    if call is None:
        return None, end
    closing = _end_of_value(text, call.end() - 1)
    names = [name.strip() for name in function["names"].split(",") if name.strip()]
    try:
        given = _with_literals(text[call.end() : closing - 1], {})
        values = STATE_DECODER.raw_decode(repair_json(f"[{given}]"))[0]
        known = dict(zip(names, map(json.dumps, values), strict=False))
        returned = _with_literals(text[function.end() : end], known)
        return STATE_DECODER.raw_decode(repair_json(returned))[0], closing
    except (ValueError, RecursionError):
        return None, closing


def _with_literals(text: str, known: dict[str, str]) -> str:
    """JavaScript with its short literals, and the names that are known, written as JSON does."""

    def written(found: re.Match[str]) -> str:
        quoted, moment, name = found.groups()
        if quoted:
            return found[0]
        if moment is not None:
            return moment.strip() or "null"
        return known.get(name, name) if name else SHORT_LITERALS[found[0]]

    return SCRIPT_WORD.sub(written, text)


def _end_of_value(text: str, start: int) -> int:
    """The position behind the bracket that closes the one at `start`; the end where none does."""
    if text[start : start + 1] not in OPENING_BRACKETS:
        return start
    level = 0
    for found in BRACKET_OR_TEXT.finditer(text, start):
        sign = found[0]
        if sign in CLOSING_OF:
            level += 1
        elif sign in ")]}":
            level -= 1
            if not level:
                return found.end()
    return len(text)


# -- values that refer to each other ---------------------------------------------------------------


def _is_flattened(value: Any, script: PageScript) -> bool:
    """Return whether a value is a list whose items stand for each other by their place (Nuxt 3)."""
    if not isinstance(value, list) or not value or not isinstance(value[0], list | dict):
        return False
    return "nuxt" in script.id.lower()


def _unflattened(row: list[Any]) -> Any:
    """The value of a list whose objects name their values by the place in the list.

    Each item is built once, and what refers to itself ends there.
    """
    built: dict[int, Any] = {}

    def value_at(place: Any, depth: int) -> Any:
        if type(place) is not int or not 0 <= place < len(row) or depth > MAX_STATE_DEPTH:
            return None
        if place not in built:
            built[place] = None
            built[place] = value_of(row[place], depth + 1)
        return built[place]

    def value_of(item: Any, depth: int) -> Any:
        if isinstance(item, dict):
            return {key: value_at(each, depth) for key, each in item.items()}
        if isinstance(item, list):
            is_named = bool(item) and isinstance(item[0], str)  # `["Reactive", 4]`
            inner = [value_at(each, depth) for each in item[is_named:]]
            return inner[0] if is_named and inner else inner
        return item

    return value_at(0, 0)


def _flight_pieces(text: str) -> Iterator[str]:
    """The texts that a script adds to the stream of Next.js."""
    for push in FLIGHT_PUSH.finditer(text):
        try:
            value = STATE_DECODER.raw_decode(text, push.end())[0]
        except (ValueError, RecursionError):
            continue
        if isinstance(value, list) and len(value) > 1 and isinstance(value[1], str):
            yield value[1]


def _flight_values(stream: str) -> list[Any]:
    """The rows of the stream of Next.js; a text replaces the references to it."""
    texts: dict[str, str] = {}
    values: list[Any] = []
    data, at = stream.encode(), 0
    while at < len(data):
        row = FLIGHT_ROW.match(data[at : at + 40].decode("utf-8", "ignore"))
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        if row and row[2]:
            start = at + row.end()
            at = start + int(row[2], 16)
            texts[row[1]] = data[start:at].decode("utf-8", "ignore")
            continue
        if row:
            values.append(_parsed_value(data[at + row.end() : end].decode("utf-8", "ignore")))
        at = end + 1
    return [_with_flight_texts(value, texts, 0) for value in values if value]


def _with_flight_texts(value: Any, texts: dict[str, str], depth: int) -> Any:
    """A value of the stream with its texts in their places."""
    if depth > MAX_STATE_DEPTH:
        return None
    if isinstance(value, str):
        named = FLIGHT_REFERENCE.fullmatch(value)
        return texts.get(named[1], value) if named else value
    if isinstance(value, list):
        return [_with_flight_texts(each, texts, depth + 1) for each in value]
    if isinstance(value, dict):
        return {key: _with_flight_texts(each, texts, depth + 1) for key, each in value.items()}
    return value
