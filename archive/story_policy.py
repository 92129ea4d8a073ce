"""The story policy of a server process, which lists a story again right after a verdict.

The policy lives in `pipelines`, which this room does not import: `dateline serve` hands it in. A
plain `datasette` has none; there a verdict is stored, and the next crawl updates the listing.
"""

from __future__ import annotations

from collections.abc import Callable

from archive.articles.stories import StoryPolicy

PolicyLoader = Callable[[], StoryPolicy]
"""Loads the policy when it is first needed, because loading takes a moment."""

_loaders: list[PolicyLoader] = []


def set_story_policy(loader: PolicyLoader | None) -> None:
    """Set the policy by which this process lists stories again; None for no listing."""
    _loaders[:] = [loader] if loader else []


def story_policy() -> StoryPolicy | None:
    """Return the policy of this process, or None."""
    return _loaders[0]() if _loaders else None
