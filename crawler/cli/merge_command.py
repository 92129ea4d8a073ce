"""The command that merges archives: `merge_command`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.base import archive_option, cli, json_option, print_json
from archive.errors import UsageError

if TYPE_CHECKING:
    from archive.merging.merge_report import MergeReport

MAX_PRINTED_CONFLICTS = 50


@cli.command()
@click.argument(
    "others",
    metavar="OTHER...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
)
@json_option
@archive_option
def merge_command(others: tuple[Path, ...], as_json: bool, folder: Path) -> None:
    """Merge other archives into this one.

    Adds what the archives in the folders OTHER hold: outlets, articles with all their versions,
    captures, URLs and fetches, stories, verdicts, notes and saved searches. Nothing is stored twice,
    and versions of an article are put in the order of time. An article that was removed in one of
    the archives comes from none; one that is here already is kept. The other archives are not changed.
    Where they contradict this one, it keeps its own side, and the conflict is listed. A merge that
    was interrupted is finished by the same command.

    \b
    Examples: dateline merge /mnt/laptop/data
              dateline --archive all merge desk/data laptop/data --json
    """
    from archive.cli.progress_bar import progress_bar
    from archive.merging.merge_archives import merge_archives
    from archive.storage.lock import hold_crawl_lock
    from crawler.cli.removal_commands import STILL_READ_MESSAGE

    for other in others:
        if not (other / "archive.db").is_file():
            raise UsageError(f"{other}: there is no archive here; name a folder with archive.db")
    with hold_crawl_lock(folder), progress_bar("merging") as report:
        from archive.archive import Archive
        from archive.articles.stories import refresh_stories
        from archive.rebuilds import prepare_archive
        from archive.removal.erasure import finish_erasures
        from archive.storage.database import transaction
        from crawler.extraction.rules.rule_tables import archive_rules
        from crawler.workers.learnt_templates import rules_with_templates
        from crawler.workers.pool import Worker
        from crawler.workers.reextraction import make_reextractor
        from pipelines.policies import archive_policies
        from pipelines.urls import url_key

        rules = archive_rules(folder)
        with (
            Archive(folder) as archive,
            rules_with_templates(rules, archive.folder) as known,
            closing(Worker(known)) as worker,
        ):
            decisions = archive_policies(make_reextractor(archive, worker))
            prepare_archive(archive.db, decisions)
            reports = merge_archives(archive, others, decisions, url_key, report)
            with transaction(archive.db) as db:
                refresh_stories(db, decisions.stories)
            is_erased = finish_erasures(archive)
    if not is_erased:
        click.echo(STILL_READ_MESSAGE, err=True)
    if as_json:
        print_json([each.as_record() for each in reports])
        return
    for each in reports:
        for line in _report_lines(each):
            click.echo(line)


def _report_lines(report: MergeReport) -> Iterator[str]:
    """Yield the lines about one merge: numbers, then conflicts."""
    added = ", ".join(f"{many:,} {what}" for what, many in report.added.items() if many)
    known = report.known["articles"]
    yield f"{report.other}: added {added or 'nothing'}; {known:,} articles were known"
    if report.removed:
        yield f"{report.other}: {report.removed:,} articles left out, as they were removed"
    for conflict in report.conflicts[:MAX_PRINTED_CONFLICTS]:
        yield (
            f"conflict: {conflict.kind} {conflict.subject}: "
            f"here {conflict.ours!r}, there {conflict.theirs!r}"
        )
    more = len(report.conflicts) - MAX_PRINTED_CONFLICTS
    if more > 0:
        yield f"conflict: {more:,} more; --json lists all"
