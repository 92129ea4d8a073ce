"""The archive's SQL functions, which its questions use."""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import Any

from archive.queries.search import match_or_nothing, matching_passage


def add_archive_functions(connection: sqlite3.Connection) -> None:
    """Add the archive's SQL functions to a connection."""
    for name in ("match_query", "escape_fts"):
        connection.create_function(name, 1, match_or_nothing, deterministic=True)
    connection.create_function("passage", 2, _sql_passage, deterministic=True)
    connection.create_function("registered", 1, registered_domain_of, deterministic=True)


def registered_domain_of(address: object) -> str | None:
    """Return the registered domain of a URL by the Public Suffix List.

    `https://news.ridge.co.uk/1` becomes `ridge.co.uk`.
    """
    found = _bundled_suffix_list()(str(address or ""))
    by_the_default_rule = ".".join([*found.subdomain.split(".")[-1:], found.domain]).strip(".")
    return found.top_domain_under_public_suffix or by_the_default_rule or None


@cache
def _bundled_suffix_list() -> Any:
    from tldextract import TLDExtract

    # only the bundled list, so that serving makes no requests
    return TLDExtract(suffix_list_urls=(), cache_dir=None)


def _sql_passage(text: object, words: object) -> str:
    return matching_passage(str(text or ""), str(words or ""))
