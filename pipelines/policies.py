"""All policies that the archive needs but does not define, assembled in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from archive.articles.revisions import Version
from archive.articles.store import Decisions
from pipelines.dedup import boilerplate, copies, revisions, same_article
from pipelines.scheduling import recheck, source_schedule
from pipelines.topics import events, language_keys, stories


def decisions(reread: Callable[[str], Version | None] | None = None) -> Decisions:
    """Return the project's policies for `Archive.write`.

    `reread` takes the digest of a stored capture and returns the version that the current extractor
    reads from it.
    """
    changes = replace(revisions.JUDGE, reread=reread)
    return Decisions(
        texts=copies.JUDGE,
        identity=same_article.JUDGE,
        habits=boilerplate.JUDGE,
        changes=changes,
        due_at=recheck.due_at,
        source_due=source_schedule.due,
        events=events.JUDGE,
        keys=language_keys.JUDGE,
        stories=stories.JUDGE,
    )
