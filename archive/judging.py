"""By what a person's word lists a story anew at once, where the process that serves was given it.

How articles are judged is decided in another room, which this one does not import: `dateline serve`
hands it in. A plain `datasette` has nothing of it; there the word is kept, and the next crawl makes
the listing.
"""

from __future__ import annotations

from collections.abc import Callable

from archive.articles.stories import StoryPolicy

Source = Callable[[], StoryPolicy]
"""Brings the judge when it is first needed, as it takes a moment to load."""

_given: list[Source] = []


def judge_by(source: Source | None) -> None:
    """From here on stories are listed anew in this process by what `source` brings; None: not at
    all."""
    _given[:] = [source] if source else []


def judge() -> StoryPolicy | None:
    """By what stories are listed in this process; None: by nothing, here."""
    return _given[0]() if _given else None
