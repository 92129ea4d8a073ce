"""All policies that the archive needs but does not define, assembled in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from archive.articles.revisions import ArticleVersion
from archive.articles.store import Decisions
from pipelines.dedup import boilerplate, copies, revisions, same_article
from pipelines.scheduling import recheck, source_schedule
from pipelines.template_learning import TEMPLATE_POLICY
from pipelines.topics import events, language_keys, stories


def archive_policies(reread: Callable[[str], ArticleVersion | None] | None = None) -> Decisions:
    """Return the project's policies for `Archive.write`.

    `reread` takes the digest of a stored capture and returns the version that the current extractor
    reads from it.
    """
    changes = replace(revisions.REVISION_POLICY, reread=reread)
    return Decisions(
        texts=copies.COPY_POLICY,
        identity=same_article.IDENTITY_POLICY,
        boilerplate=boilerplate.BOILERPLATE_POLICY,
        changes=changes,
        due_at=recheck.recheck_due_at,
        source_due=source_schedule.source_due,
        events=events.EVENT_POLICY,
        keys=language_keys.KEY_POLICY,
        stories=stories.STORY_POLICY,
        templates=TEMPLATE_POLICY,
    )
