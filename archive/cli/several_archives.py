"""The reading commands on several archives: `search`, `stories` and `outlet list`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from archive.cli.base import opened_archive, print_all, print_json, typed_text
from archive.errors import UsageError

if TYPE_CHECKING:
    from archive.pages.combined.merged_rows import ArchiveConnections


@contextmanager
def opened_archives(folders: Sequence[Path]) -> Iterator[ArchiveConnections]:
    """Open archives read-only, and yield the connections by their folders as they were named.

    Raises UsageError for an archive that is named twice.
    """
    from archive.cli.serving.served_files import database_names

    database_names(folders)
    with ExitStack() as opened:
        yield {str(folder): opened.enter_context(opened_archive(folder)) for folder in folders}


def check_one_archive(folders: Sequence[Path], what: str) -> Path:
    """Return the only archive that is named. Raises UsageError if there are several."""
    if len(folders) > 1:
        raise UsageError(f"{what} of one archive; name it alone: --archive {folders[0]}")
    return folders[0]


def print_combined_search(  # noqa: PLR0913  one an option
    folders: Sequence[Path],
    query: str,
    filters: Mapping[str, str | None],
    *,
    limit: int,
    order: Literal["best", "newest"],
    copies: bool,
    form: str | None,
    as_json: bool,
) -> None:
    """Search several archives and print the hits, each with its archive."""
    from archive.cli import terminal
    from archive.pages.combined.combined_hits import advice_of_archives, search_archives

    with opened_archives(folders) as connections:
        own = _filters_of_each(connections, filters)
        found = search_archives(connections, query, own, limit=limit, copies=copies, order=order)
        needs_advice = not (found.hits or form or as_json)
        advice = advice_of_archives(connections, query) if needs_advice else None
    records = [each.as_record() for each in found.hits]
    if as_json:
        print_json(records)
    elif form:
        from archive.exports.article_files import ARTICLE_WRITERS

        ARTICLE_WRITERS[form](records, terminal.data_output())
    elif advice:
        click.echo(f"No article in {len(folders)} archives matches {query}")
        if lines := terminal.advice_lines(advice):
            print_all(lines)
    else:
        hits = [each.hit for each in found.hits]
        print_all(terminal.hit_lines(hits, [each.archive for each in found.hits]))
        if found.total > len(hits):
            click.echo(f"{len(hits):,} of {found.total:,} shown; see --limit")


def _filters_of_each(
    connections: ArchiveConnections, filters: Mapping[str, str | None]
) -> dict[str, dict[str, Any]]:
    """Return the filters of each archive that may have hits. Raises UsageError for invalid ones."""
    from archive.cli.read_commands import parsed_filters
    from archive.pages.combined.combined_hits import outlet_in_archives

    shared = {name: value for name, value in filters.items() if name != "outlet"}
    own = {
        name: parsed_filters(connection, Path(name), shared)
        for name, connection in connections.items()
    }
    if filters.get("outlet") is None:
        return own
    hosts = outlet_in_archives(connections, typed_text(filters["outlet"] or ""))
    return {name: own[name] | {"outlet": host} for name, host in hosts.items()}


def combined_story_rows(folders: Sequence[Path], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the followed stories of several archives. Raises UsageError for an unknown name."""
    from archive.pages.combined.combined_hits import story_summaries_of_all

    with opened_archives(folders) as connections:
        return story_summaries_of_all(connections, names)


def combined_outlet_rows(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """Return the outlets of several archives, each once."""
    from archive.pages.combined.combined_hits import outlet_totals_of_all
    from archive.queries.lookup import outlet_totals

    return outlet_totals_of_all({str(folder): outlet_totals(folder) for folder in folders})
