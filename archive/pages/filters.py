"""What a reader asked a page for: filters, and which part of a long list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

One = TypeVar("One")


class Filters:
    """A base for frozen dataclasses whose fields are texts, empty where nothing is asked for."""

    __slots__: tuple[str, ...] = ()

    @property
    def given(self) -> dict[str, str]:
        """What is set, by name."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}


def cut(rows: Sequence[One], page: int, size: int) -> tuple[Sequence[One], int, int]:
    """The rows of one page, its number, which is one that there is, and how many pages there
    are."""
    pages = max(1, -(-len(rows) // size))
    page = min(max(1, page), pages)
    return rows[(page - 1) * size : page * size], page, pages
