"""The list of news agencies: how they are printed, and the domains of their sites."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class NewsAgency:
    """An agency as `agency_list.toml` describes it."""

    names: tuple[str, ...]
    """Names as printed."""
    patterns: tuple[str, ...] = ()
    """Regular expressions for further printed forms."""
    also: tuple[str, ...] = ()
    """Further names, understood where a name stands alone."""
    exact_case: frozenset[str] = frozenset()
    """Those of the names that count only in this case."""
    domains: frozenset[str] = frozenset()
    """Labels before the public suffix of its domains; empty: they are like its name."""


@cache
def news_agencies() -> dict[str, NewsAgency]:
    """Return the agencies by the name in `articles.agency`, in the order of the list."""
    text = (files("pipelines.text") / "agency_list.toml").read_text("utf-8")
    return {name: _agency_of_table(table) for name, table in tomllib.loads(text).items()}


def _agency_of_table(table: dict[str, list[str]]) -> NewsAgency:
    """Return an agency from its table in the list. Raises TypeError for an unknown key."""
    sets = {key: frozenset(table[key]) for key in ("exact_case", "domains") if key in table}
    lists = {key: tuple(values) for key, values in table.items() if key not in sets}
    return NewsAgency(**lists, **sets)  # type: ignore[arg-type]
