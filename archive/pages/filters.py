"""Filters and page numbers that a visitor asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

FilteredItem = TypeVar("FilteredItem")


class PageFilters:
    """A base for frozen dataclasses whose fields are texts, empty for an unused filter."""

    __slots__: tuple[str, ...] = ()

    @property
    def given(self) -> dict[str, str]:
        """The filters in use, by name."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}


def page_of_rows(
    rows: Sequence[FilteredItem], page: int, size: int
) -> tuple[Sequence[FilteredItem], int, int]:
    """Return the rows of one page, its number brought into range, and the number of pages."""
    pages = max(1, -(-len(rows) // size))
    page = min(max(1, page), pages)
    return rows[(page - 1) * size : page * size], page, pages
