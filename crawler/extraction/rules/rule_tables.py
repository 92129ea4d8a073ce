"""The tables `[outlets."HOST"]` of a configuration, checked key by key and made into rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from archive.configuration.config_file import (
    ConfigFile,
    key_in_words,
    problems_as_error,
    read_config_file,
    unknown_key_message,
)
from archive.configuration.configuration import Configuration, load_configuration
from archive.configuration.option_table import OUTLETS_TABLE
from archive.configuration.option_values import is_age
from archive.errors import UsageError
from crawler.extraction.rules.outlet_rules import (
    NO_OUTLET_RULES,
    RULE_KEYS,
    SELECTOR_KEYS,
    OutletRule,
    OutletRules,
)

MAX_SELECTORS_PER_KEY = 50
RULED_HOST_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]*")
"""A host as URLs write it, also an IP address."""


def configured_rules(configuration: Configuration) -> OutletRules:
    """Return the rules of a configuration. Raises UsageError with the first problem."""
    if not configuration.outlets:
        return NO_OUTLET_RULES
    assert configuration.file is not None
    return _rules_or_error(configuration.file)


def archive_rules(folder: Path) -> OutletRules:
    """Return the rules in force for an archive. Raises UsageError for an invalid configuration."""
    return configured_rules(load_configuration(folder))


def rules_of_file(path: Path) -> OutletRules:
    """Return the rules of a file that `--rules` names.

    If it has the rules of one host only, these also apply to pages whose host is unknown.

    Raises UsageError if the file cannot be read, is invalid, or has no rules.
    """
    file = read_config_file(path)
    if file.problems:
        raise UsageError(" ".join(problems_as_error(file.problems)))
    rules = _rules_or_error(file)
    if not rules:
        raise UsageError(
            f'{path}: no rules; a table [outlets."host.example"] holds those of a host'
        )
    only = next(iter(rules.by_host.values())) if len(rules.by_host) == 1 else None
    return OutletRules(rules.by_host, only)


def _rules_or_error(file: ConfigFile) -> OutletRules:
    """Return the rules of a file. Raises UsageError with the first problem."""
    rules, problems = check_outlet_rules(file)
    if problems:
        raise UsageError(" ".join(problems_as_error(problems)))
    return rules


def check_outlet_rules(file: ConfigFile) -> tuple[OutletRules, list[str]]:
    """Return the rules of a file, and a line for each problem."""
    problems: list[str] = []
    rules: dict[str, OutletRule] = {}
    spellings: dict[str, str] = {}
    for written, table in file.outlets.items():
        reader = _RuleReader(file, written)
        host = host_name(written)
        if host is None:
            reader.note((), "not a host name, such as news.harbour.example")
        elif not isinstance(table, Mapping):
            reader.note((), f'must be a table: [outlets."{written}"]')
        elif host in spellings:
            reader.note((), f'the same host as [outlets."{spellings[host]}"]; make them one table')
        else:
            spellings[host] = written
            rules[host] = reader.read_rule(host, table)
        problems += reader.problems
    return OutletRules(rules), problems


def host_name(written: str) -> str | None:
    """Return a host as URLs write it, or None."""
    try:
        ascii_name = written.strip().lower().rstrip(".").encode("idna").decode()
    except UnicodeError:
        return None
    return ascii_name if RULED_HOST_NAME.fullmatch(ascii_name) else None


class _RuleReader:
    """Reads the table of one host."""

    def __init__(self, file: ConfigFile, written: str) -> None:
        self.file = file
        self.path = (OUTLETS_TABLE, written)
        self.problems: list[str] = []

    def note(self, key: tuple[str, ...], message: str) -> None:
        """Note a problem of a key of the table, or of the table itself."""
        path = self.path + key
        self.problems.append(f"{self.file.place(*path)}: {key_in_words(path)}: {message}")

    def read_rule(self, host: str, table: Mapping[str, Any]) -> OutletRule:
        """Return the rule of a host; problems are noted."""
        selectors: dict[str, tuple[str, ...]] = {}
        single: dict[str, Any] = {}
        for key, value in table.items():
            if key in SELECTOR_KEYS:
                selectors[key] = self._read_selectors(key, value)
            elif key in RULE_KEYS:
                single |= self._read_single(key, value)
            elif isinstance(value, Mapping):
                self.note((key,), 'unknown key; write the host in quotes: [outlets."host.example"]')
            else:
                self.note((key,), unknown_key_message(key, RULE_KEYS))
        return OutletRule(host, selectors, **single)

    def _read_selectors(self, key: str, value: Any) -> tuple[str, ...]:
        """Return the selectors of a key, each of them compiled once to check it."""
        from crawler.extraction.rules.selectors import SelectorError, compiled_selector

        listed: Sequence[Any] = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            self.note((key,), 'must be a CSS selector or XPath, or a list: ["h1", "//h2"]')
            return ()
        if len(listed) > MAX_SELECTORS_PER_KEY:
            self.note((key,), f"has more than {MAX_SELECTORS_PER_KEY} selectors")
            return ()
        for selector in listed:
            try:
                compiled_selector(selector)
            except SelectorError as error:
                self.note((key,), f'"{selector}" {error}')
                return ()
        return tuple(listed)

    def _read_single(self, key: str, value: Any) -> dict[str, Any]:
        """Return the value of a key that is not a selector; empty if it is invalid."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if key == "delay" and is_number and 0 <= value <= MAX_RULE_DELAY_SECONDS:
            return {key: float(value)}
        if key == "since" and isinstance(value, str) and is_age(value):
            return {key: value}
        if key == "render" and isinstance(value, bool):
            return {key: value}
        self.note((key,), f"must be {EXPECTED_SINGLE_VALUES[key]}")
        return {}


MAX_RULE_DELAY_SECONDS = 3600
EXPECTED_SINGLE_VALUES = {
    "delay": f"a number of seconds, from 0 to {MAX_RULE_DELAY_SECONDS}",
    "since": 'a day or an age, such as "2024-02-15" or "30d"',
    "render": "true or false",
}
