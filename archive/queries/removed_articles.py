"""Look up removed articles by id or URL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from archive.errors import ArchiveError
from archive.frontier.tombstones import Removal, removal_of_article, removal_of_key
from archive.queries.lookup import UrlKeyFunction, is_article_number
from archive.text.numbers import parse_row_number


def find_removal(
    connection: sqlite3.Connection, id_or_url: str, keys: UrlKeyFunction | None
) -> Removal | None:
    """Return the removal of the article that had an id or URL, or None."""
    if is_article_number(id_or_url):
        number = parse_row_number(id_or_url)
        return removal_of_article(connection, number) if number is not None else None
    return removal_of_key(connection, keys(id_or_url)) if keys else None


def check_not_removed(
    connection: sqlite3.Connection, ids_or_urls: Iterable[str], keys: UrlKeyFunction | None
) -> None:
    """Raise ArchiveError for the first article that was removed."""
    for each in ids_or_urls:
        if removal := find_removal(connection, each, keys):
            raise ArchiveError(
                f"{each}: article {removal.article_id} was {removal.sentence}; "
                f"`dateline remove --undo {removal.article_id}` lets it be archived again"
            )
