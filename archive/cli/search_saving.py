"""The part of `dateline search` that saves searches, lists them and removes them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click

from archive.cli.base import changed_archive, opened_archive, print_json, user_name
from archive.errors import UsageError

SHARED_FILTERS = ("outlet", "since", "until", "language")
"""Filters that the command has; the search page has more."""


def check_search_options(
    words: str, save: str | None, saved: str | None, forget: str | None, *, list_saved: bool
) -> None:
    """Raise UsageError for options that exclude each other, and for a search without words."""
    alone = [saved is not None, forget is not None, list_saved]
    if sum(alone) > 1 or (any(alone) and (words or save is not None)):
        raise UsageError("--saved, --list-saved and --forget go without words and without --save")
    if not any(alone) and not words:
        raise UsageError("name the words to search for: dateline search ferry strike")


def read_saved_search(folder: Path, name: str) -> tuple[str, dict[str, str]]:
    """Return the words and the filters of a saved search, as the command has them.

    Raises UsageError for an unknown name, and for a filter that only the search page has.
    """
    from archive.editing.saved_searches import find_saved_search

    with opened_archive(folder) as connection:
        search = find_saved_search(connection, name)
    filters = dict(search.filters)
    filters.pop("sort", None)  # an order, which limits nothing
    if month := filters.pop("month", None):
        filters |= {"since": f"{month}-01", "until": _last_day(month)}
    other = [key for key in filters if key not in SHARED_FILTERS]
    if other:
        raise UsageError(
            f"{search.name}: its filter {other[0]} is one of the search page; "
            f"search with other options: dateline search {search.words}"
        )
    return search.words, filters


def save_typed_search(folder: Path, name: str, words: str, filters: Mapping[str, str]) -> None:
    """Save a search under a name, and say so."""
    from archive.editing.saved_searches import save_search

    with changed_archive(folder) as db:
        search = save_search(db, name, words, filters, user_name())
    click.echo(f"Saved as {search.name}; `dateline search --saved` makes it again.", err=True)


def print_saved_searches(folder: Path, *, as_json: bool) -> None:
    """Print the saved searches, each with the options that limit it, or as JSON."""
    from archive.editing.saved_searches import saved_searches
    from archive.text.printable import printable_text

    with opened_archive(folder) as connection:
        found = saved_searches(connection)
    if as_json:
        print_json([asdict(search) for search in found])
        return
    if not found:
        click.echo("No search is saved; `dateline search --save NAME WORDS` saves one.")
    for search in found:
        options = "".join(f" --{name} {value}" for name, value in search.filters.items())
        click.echo(printable_text(f"{search.name}: {search.words}{options}"))


def forget_search(folder: Path, name: str) -> None:
    """Remove a saved search, and say so; raises UsageError for an unknown one."""
    from archive.editing.saved_searches import remove_saved_search

    with changed_archive(folder) as db:
        search = remove_saved_search(db, name)
    again = f"dateline search --save {shlex.quote(search.name)} {search.words}"
    click.echo(f"{search.name} is removed; `{again}` would save it again.")


def _last_day(month: str) -> str:
    """Return the last day of a month: `2024-02` becomes `2024-02-29`."""
    from calendar import monthrange

    year, _, number = month.partition("-")
    try:
        return f"{month}-{monthrange(int(year), int(number))[1]:02}"
    except ValueError as error:  # also calendar.IllegalMonthError
        raise UsageError(f"{month}: not a month") from error
