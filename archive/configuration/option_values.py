"""Values of options: read from TOML and from the environment, checked, and written for people."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from archive.configuration.option_table import ConfigOption, ConfigValue, OptionKind
from archive.errors import UsageError
from archive.times import parse_duration_seconds, parse_since

EXPECTED_VALUES: dict[OptionKind, str] = {
    "text": 'a text, such as "desk@harbour.example"',
    "texts": 'a list of texts, such as ["one", "two"]',
    "count": "a whole number from 1 on",
    "number": "a number from 0 on",
    "flag": "true or false",
    "duration": 'a duration, such as "30s", "10m" or "2h"',
    "period": 'a time, such as "5min" or "1h"',
    "age": 'a day or an age, such as "2024-02-15", "7d" or "1y"',
    "port": "a port from 1 to 65535",
    "file": "the path of a file",
    "pairs": 'a table, such as {base_url = "/news/"}',
}
"""The values that an option takes, for messages."""
FLAG_WORDS = {"true": True, "1": True, "yes": True, "on": True,
              "false": False, "0": False, "no": False, "off": False}  # fmt: skip
"""The spellings of a flag in the environment."""


class InvalidValueError(Exception):
    """A value is not what the option takes; the message says what it takes."""


def value_in_file(option: ConfigOption, value: Any, folder: Path) -> ConfigValue:
    """Return a value of the file as its option takes it; raises InvalidValueError.

    Paths are relative to `folder`.
    """
    if option.kind == "texts" and isinstance(value, str):
        value = value.replace(",", " ").split()
    if not _TYPE_CHECKS[option.kind](value):
        raise InvalidValueError(EXPECTED_VALUES[option.kind])
    return _checked_value(option.kind, value, folder)


def value_in_environment(option: ConfigOption, text: str) -> ConfigValue:
    """Return the value of an environment variable; raises InvalidValueError."""
    return _checked_value(option.kind, _typed_environment_value(option.kind, text), Path())


def _typed_environment_value(kind: OptionKind, text: str) -> Any:
    """Return the text of a variable with the type of its option; raises InvalidValueError."""
    words = text.replace(",", " ").split()
    try:
        if kind in ("count", "port"):
            return int(text)
        if kind == "number":
            return float(text)
        if kind == "flag":
            return FLAG_WORDS[text.strip().lower()]
        if kind == "pairs":
            return dict(word.split("=", 1) for word in text.split())
    except (ValueError, KeyError):
        raise InvalidValueError(EXPECTED_VALUES[kind]) from None
    return words if kind == "texts" else text


def _checked_value(kind: OptionKind, value: Any, folder: Path) -> ConfigValue:
    """Return a value of the right type if it is a possible one; raises InvalidValueError."""
    if not _RANGE_CHECKS.get(kind, lambda _: True)(value):
        raise InvalidValueError(EXPECTED_VALUES[kind])
    if kind == "file":
        return str(folder / Path(value).expanduser())
    if kind == "pairs":
        return [(str(name), _setting_text(each)) for name, each in value.items()]
    checked: ConfigValue = value
    return checked


def _setting_text(value: Any) -> str:
    """Return a value of a setting as Datasette's command line takes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole_number(value: Any) -> bool:
    return _is_number(value) and isinstance(value, int)


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_table_of_values(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(each, str | int | float | bool) for each in value.values()
    )


def _is_parsed_by(parser: Callable[[str], Any]) -> Callable[[str], bool]:
    """Return a function that says whether a parser takes a text."""

    def is_parsed(text: str) -> bool:
        try:
            parser(text)
        except UsageError:
            return False
        return True

    return is_parsed


def period_seconds(text: str) -> int:
    """Return seconds of a period: `5min`, `5m`, `90s`, `2h`; raises UsageError for other text."""
    return parse_duration_seconds(re.sub(r"(?<=\d)\s*min(utes?)?$", "m", text.strip()))


_TYPE_CHECKS: dict[OptionKind, Callable[[Any], bool]] = {
    "text": _is_text,
    "texts": _is_list_of_texts,
    "count": _is_whole_number,
    "number": _is_number,
    "flag": lambda value: isinstance(value, bool),
    "duration": _is_text,
    "period": _is_text,
    "age": _is_text,
    "port": _is_whole_number,
    "file": _is_text,
    "pairs": _is_table_of_values,
}
is_age = _is_parsed_by(parse_since)
"""Tests whether a text is a day or an age, such as `2024-02-15` or `30d`."""
_RANGE_CHECKS: dict[OptionKind, Callable[[Any], bool]] = {
    "count": lambda value: bool(value >= 1),
    "number": lambda value: bool(0 <= value < float("inf")),
    "port": lambda value: bool(1 <= value <= 65535),
    "duration": _is_parsed_by(parse_duration_seconds),
    "period": _is_parsed_by(period_seconds),
    "age": is_age,
    "file": _is_text,
}


def value_as_text(value: Any) -> str:
    """Return a value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(map(value_as_text, value))
    if isinstance(value, tuple):
        return "=".join(map(str, value))
    return str(value)
