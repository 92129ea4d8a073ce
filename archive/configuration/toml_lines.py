"""The lines of a TOML file in which its keys stand, for messages: `tomllib` does not keep them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

KeyPath = tuple[str, ...]
"""The names that lead to a value: tables from the outermost on, then the key."""


def toml_key_lines(text: str) -> dict[KeyPath, int]:
    """Return the lines of the keys and tables of a valid TOML text, by their paths, from 1 on."""
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, statement in _toml_statements(text):
        content = tomllib.loads(statement)
        paths = list(_paths_in(content))
        if statement.lstrip().startswith("["):
            table = paths[0] if paths else ()
            lines.setdefault(table, number)
            continue
        for path in paths:
            lines.setdefault(table + path, number)
    return lines


def _toml_statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield the statements of a valid text with their first lines: a statement ends where it is
    valid by itself."""
    begun, first = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        if not begun:
            first = number
        begun += line + "\n"
        try:
            is_empty = not tomllib.loads(begun)
        except tomllib.TOMLDecodeError:
            continue
        if not is_empty:
            yield first, begun
        begun = ""


def _paths_in(content: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield the paths of all tables and keys in parsed TOML, the deepest table of a header first."""
    tables = content if isinstance(content, Mapping) else {}
    for key, value in tables.items():
        inner = value[0] if isinstance(value, list) and value else value
        yield from _paths_in(inner, (*path, key))
    if path:
        yield path
