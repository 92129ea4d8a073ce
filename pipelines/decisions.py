"""What the archive asks and does not know itself, in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from archive.articles import Decisions
from archive.revisions import Version
from pipelines import revisions, texts
from pipelines.recheck import due_at
from pipelines.urls import same_story_url


def decisions(reread: Callable[[str], Version | None] | None = None) -> Decisions:
    """The project's decisions; `reread` is how today's extractor reads a page that is kept, by its digest."""
    return Decisions(texts.JUDGE, same_story_url, replace(revisions.JUDGE, reread=reread), due_at)
