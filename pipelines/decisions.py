"""What the archive asks and does not know itself, in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from archive.articles import Decisions
from archive.revisions import Version
from pipelines import events, habits, keys, recheck, revisions, same, schedule, stories, texts


def decisions(reread: Callable[[str], Version | None] | None = None) -> Decisions:
    """The project's decisions; `reread` is how today's extractor reads a page that is kept, by its digest."""
    changes = replace(revisions.JUDGE, reread=reread)
    return Decisions(
        texts=texts.JUDGE,
        identity=same.JUDGE,
        habits=habits.JUDGE,
        changes=changes,
        due_at=recheck.due_at,
        source_due=schedule.due,
        events=events.JUDGE,
        keys=keys.JUDGE,
        stories=stories.JUDGE,
    )
