"""`dateline.toml`: read, checked key by key, each problem with its line."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from archive.configuration.option_table import (
    CONFIG_OPTIONS,
    OUTLETS_TABLE,
    TARGETS_TABLE,
    ConfigValue,
)
from archive.configuration.option_values import InvalidValueError, value_in_file
from archive.configuration.toml_lines import KeyPath, toml_key_lines
from archive.errors import UsageError

MAX_CONFIG_FILE_BYTES = 4_000_000
"""Bytes of a configuration file; rules for a thousand outlets take a tenth."""
OPTION_TABLES = tuple(
    dict.fromkeys(option.table for option in CONFIG_OPTIONS.values() if option.table)
)
"""The tables that hold options."""
NOTIFY_TABLE = TARGETS_TABLE.partition(".")[0]


@dataclass(frozen=True)
class ConfigFile:
    """The content of a configuration file, with what is wrong in it."""

    path: Path
    text: str = ""
    options: Mapping[str, ConfigValue] = field(default_factory=dict)
    """Options by their names, as far as they are valid."""
    targets: Mapping[str, str] = field(default_factory=dict)
    """Targets of alerts by their names; `${NAME}` stands for an environment variable."""
    outlets: Mapping[str, Any] = field(default_factory=dict)
    """Rules of outlets by their hosts, as parsed; `crawler.extraction.rules` checks them."""
    problems: tuple[str, ...] = ()
    """A line for each problem: where, what, and what would be right."""

    @cached_property
    def key_lines(self) -> Mapping[KeyPath, int]:
        """The lines of all keys; found only where a message or a person asks for them."""
        return toml_key_lines(self.text)

    def place(self, *path: str) -> str:
        """Return the place of a key for messages: `data/dateline.toml:3`."""
        while path and path not in self.key_lines:
            path = path[:-1]
        return f"{self.path}:{self.key_lines[path]}" if path else str(self.path)


def parse_config_file(path: Path, text: str) -> ConfigFile:
    """Return the content of a configuration file; what cannot be used is among its `problems`."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return ConfigFile(path, problems=(f"{path}: not valid TOML: {error}",))
    reader = _ConfigReader(ConfigFile(path, text), content)
    reader.read_tables()
    return ConfigFile(
        path, text, reader.options, reader.targets, reader.outlets, tuple(reader.problems)
    )


def read_config_file(path: Path) -> ConfigFile:
    """Read and parse a configuration file; raises UsageError if it cannot be read."""
    try:
        with path.open("rb") as file:
            body = file.read(MAX_CONFIG_FILE_BYTES + 1)
        text = body.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise UsageError(
            f"{path}: the configuration cannot be read ({error.strerror}); "
            "name another file with --config or DATELINE_CONFIG"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
    if len(body) > MAX_CONFIG_FILE_BYTES:
        raise UsageError(f"{path}: larger than {MAX_CONFIG_FILE_BYTES // 1_000_000} MB")
    return parse_config_file(path, text)


class _ConfigReader:
    """Collects the parts of a configuration and the problems of its keys."""

    def __init__(self, file: ConfigFile, content: Mapping[str, Any]) -> None:
        self.file = file
        self.content = content
        self.options: dict[str, ConfigValue] = {}
        self.targets: dict[str, str] = {}
        self.outlets: dict[str, Any] = {}
        self.problems: list[str] = []

    def read_tables(self) -> None:
        """Read everything, in the order of the file."""
        for key, value in self.content.items():
            if key == OUTLETS_TABLE:
                self.outlets = dict(self._table(value, key))
            elif key == NOTIFY_TABLE:
                self._read_notify_table(value)
            elif key in OPTION_TABLES:
                for inner, each in self._table(value, key).items():
                    self._read_option((key, inner), each)
            else:
                self._read_option((key,), value)

    def _table(self, value: Any, *path: str) -> Mapping[str, Any]:
        """Return a table; note a problem if the value is something else."""
        if isinstance(value, Mapping):
            return value
        self._note(path, "must be a table: [" + ".".join(path) + "]")
        return {}

    def _read_option(self, path: KeyPath, value: Any) -> None:
        """Read an option, or note the problem of its key or value."""
        option = CONFIG_OPTIONS.get(".".join(path))
        if option is None:
            self._note(path, unknown_key_message(path[-1], _known_keys(path), _other_tables(path)))
            return
        try:
            folder = self.file.path.absolute().parent
            self.options[option.name] = value_in_file(option, value, folder)
        except InvalidValueError as error:
            self._note(path, f"must be {error}, not {_toml_type(value)}")

    def _read_notify_table(self, value: Any) -> None:
        """Read the targets of alerts."""
        for key, inner in self._table(value, NOTIFY_TABLE).items():
            if key != "targets":
                self._note((NOTIFY_TABLE, key), unknown_key_message(key, ["targets"]))
                continue
            for name, url in self._table(inner, NOTIFY_TABLE, key).items():
                if isinstance(url, str) and "://" in url:
                    self.targets[name] = url
                else:  # the value is not repeated: it may be a secret
                    self._note(
                        (NOTIFY_TABLE, key, name), "must be the URL of a target, as Apprise has it"
                    )

    def _note(self, path: KeyPath, message: str) -> None:
        self.problems.append(f"{self.file.place(*path)}: {key_in_words(path)}: {message}")


def key_in_words(path: KeyPath) -> str:
    """Return a key as the file has it, with its table: `[crawl] budget`."""
    *tables, key = path
    quoted = [name if name.replace("_", "").isalnum() else f'"{name}"' for name in tables]
    return f"[{'.'.join(quoted)}] {key}" if tables else key


def unknown_key_message(key: str, known: Collection[str], elsewhere: Collection[str] = ()) -> str:
    """Return the message on an unknown key: with the nearest known one, or with all."""
    if elsewhere:
        tables = " or ".join(f"[{table}]" for table in elsewhere)
        return f"unknown key; it belongs into the table {tables}"
    nearest = get_close_matches(key.lower().replace("-", "_"), known, n=1, cutoff=0.5)
    if nearest:
        return f"unknown key; did you mean {nearest[0]}?"
    return f"unknown key; known are {', '.join(known)}"


def _known_keys(path: KeyPath) -> list[str]:
    """Return the keys that may stand where an unknown one stands."""
    table = ".".join(path[:-1])
    keys = [option.key for option in CONFIG_OPTIONS.values() if option.table == table]
    return keys if table else [*keys, *OPTION_TABLES, NOTIFY_TABLE, OUTLETS_TABLE]


def _other_tables(path: KeyPath) -> list[str]:
    """Return the tables in which the key of a path would be known."""
    tables = [option.table for option in CONFIG_OPTIONS.values() if option.key == path[-1]]
    return [table for table in tables if table and table != ".".join(path[:-1])]


def _toml_type(value: Any) -> str:
    """Return a value for a message, or the name of its type."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value[:40]}"'
    if isinstance(value, int | float):
        return str(value)
    return "a table" if isinstance(value, Mapping) else "a list or a date"


def problems_as_error(problems: Collection[str]) -> Iterator[str]:
    """Yield the first problem, with the number of the others."""
    first, *others = problems
    yield first
    if others:
        yield f"({len(others)} more: dateline config --check)"
