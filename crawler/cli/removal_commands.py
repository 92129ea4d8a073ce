"""Commands that delete: `remove` and `prune`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.base import (
    archive_option,
    cli,
    json_option,
    opened_archive,
    print_json,
    typed_text,
    user_name,
)
from archive.cli.progress_bar import progress_bar
from archive.errors import ArchiveError, UsageError

if TYPE_CHECKING:
    from archive.frontier.tombstones import Removal
    from archive.removal.prune_articles import PruneResult
    from crawler.jobs.removal.removal_jobs import ArticleLine, PrunedFolder, RemovalChoice

MAX_UNASKED_ARTICLES = 3
"""Articles that are removed without a question."""
STILL_READ_MESSAGE = (
    "Another program still reads the archive as it was, so its log may have the text; "
    "the next `dateline remove`, `dateline prune` or crawl finishes this."
)


@cli.command()
@click.argument("articles", nargs=-1, metavar="ID|URL…")
@click.option("--reason", metavar="TEXT", help="Why; stored, and shown in place of the article.")
@click.option(
    "--dry-run", is_flag=True, help="Say what would be removed, or lifted, and do nothing."
)
@click.option("--yes", is_flag=True, help="Remove more than three articles without asking.")
@click.option("--undo", is_flag=True, help="Let removed articles be archived again.")
@click.option("--list", "as_list", is_flag=True, help="List the removed articles.")
@json_option
@click.option("--rewrite", is_flag=True, help="Also rewrite both files, with all their free space.")
@archive_option
def remove_command(  # noqa: PLR0913, PLR0917  its options
    articles: tuple[str, ...],
    reason: str | None,
    dry_run: bool,
    yes: bool,
    undo: bool,
    as_list: bool,
    as_json: bool,
    rewrite: bool,
    folder: Path,
) -> None:
    """Remove articles for good.

    Deletes their texts, revisions, stored pages and all that refers to them, and overwrites them in
    both files. Only the keys of their URLs stay, with the reason: no crawl and no import archives
    them again until --undo.

    \b
    Examples: dateline remove 12 --reason "letter of 3 March"
              dateline remove https://harbour.example/news/ferry --reason duplicate --dry-run
              dateline remove --list
              dateline remove --undo 12
    """
    named = [typed_text(each) for each in articles]
    _refuse_contrary_options(named, reason, dry_run, undo, as_list)
    if as_list:
        _list_removals(folder, as_json)
    elif not named:
        raise UsageError("name articles by ID or URL; --list lists those that were removed")
    elif undo:
        _undo_removals(folder, named, dry_run)
    else:
        _remove_named(folder, named, reason, dry_run, yes)
    if rewrite and not dry_run:
        _rewrite_files(folder)


def _refuse_contrary_options(
    named: Sequence[str], reason: str | None, dry_run: bool, undo: bool, as_list: bool
) -> None:
    """Raise UsageError for options that contradict `--list` or `--undo`."""
    if undo and reason is not None:
        raise UsageError("--undo lifts a removal; it takes no --reason")
    given = {"ID|URL": named, "--reason": reason is not None, "--dry-run": dry_run, "--undo": undo}
    contrary = [name for name, value in given.items() if value]
    if as_list and contrary:
        raise UsageError(f"--list only lists; leave out {' and '.join(contrary)}")


def _remove_named(
    folder: Path, named: Sequence[str], reason: str | None, dry_run: bool, yes: bool
) -> None:
    """Remove the named articles, after a question if they are many."""
    from archive.removal.remove_articles import RemovalOrder, removal_reason
    from archive.text.formatting import many
    from crawler.jobs.removal import removal_jobs as jobs

    if reason is None and not dry_run:
        raise UsageError('say why: --reason TEXT, such as --reason "letter of 3 March"')
    why = removal_reason(reason) if reason is not None else ""
    chosen = jobs.choose_articles(folder, named)
    _print_removed_before(chosen)
    if dry_run or (len(chosen.article_ids) > MAX_UNASKED_ARTICLES and not yes):
        _print_articles(jobs.describe_articles(folder, chosen.article_ids))
    if dry_run:
        click.echo(f"{many(len(chosen.article_ids), 'article')} would be removed.")
        return
    if len(chosen.article_ids) > MAX_UNASKED_ARTICLES and not yes:
        confirm_removal(f"Remove these {len(chosen.article_ids):,} articles for good?")
    order = RemovalOrder(why, "command", user_name())
    unreached = jobs.list_unreached(folder, chosen.article_ids)
    with progress_bar("removing", "articles") as report:
        is_erased = jobs.remove_from_archive(folder, chosen.article_ids, order, report)
    click.echo(f"Removed {many(len(chosen.article_ids), 'article')}.")
    for line in unreached:
        click.echo(line, err=True)
    if not is_erased:
        click.echo(STILL_READ_MESSAGE, err=True)


def _print_removed_before(chosen: RemovalChoice) -> None:
    """Print a line for each article that was removed before."""
    for removal in chosen.removed_before:
        click.echo(f"{removal.article_id}: {removal.sentence}")


def _print_articles(lines: Sequence[ArticleLine]) -> None:
    """Print a line for each article."""
    from archive.text.formatting import many
    from archive.text.printable import printable_text

    for line in lines:
        revisions = f", {many(line.revisions, 'revision')}" if line.revisions else ""
        click.echo(
            printable_text(f"{line.id}  {line.outlet}, {line.day}{revisions}: {line.headline}")
        )


def confirm_removal(question: str) -> None:
    """Ask in a terminal; raises UsageError without one, and ends the command at a no."""
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask; say --yes")
    click.confirm(question, abort=True)


def _list_removals(folder: Path, as_json: bool) -> None:
    """Print the removed articles, the newest first."""
    from dataclasses import asdict

    from archive.frontier.tombstones import all_removals
    from archive.text.printable import printable_text

    with opened_archive(folder) as connection:
        found = all_removals(connection)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        click.echo(printable_text(f"{each.article_id}  {each.sentence}{_left_out_text(each)}"))
    if not found:
        click.echo("No article was removed.")


def _left_out_text(removal: Removal) -> str:
    """Return when a removed article was last met, in brackets."""
    return f" (last left out on {removal.kept_out_at[:10]})" if removal.kept_out_at else ""


def _undo_removals(folder: Path, named: Sequence[str], dry_run: bool) -> None:
    """Lift removals, and say what happens next; `dry_run`: only say which."""
    from archive.text.formatting import many
    from crawler.jobs.removal import removal_jobs as jobs

    chosen = jobs.choose_articles(folder, named)
    if chosen.article_ids:
        raise UsageError(f"{chosen.article_ids[0]}: is in the archive; there is nothing to undo")
    if dry_run:
        _print_removed_before(chosen)
        click.echo(f"{many(len(chosen.removed_before), 'removal')} would be lifted.")
        return
    jobs.undo_removals(folder, chosen.removed_before)
    for removal in chosen.removed_before:
        click.echo(
            f"{removal.article_id}: may be archived again. Its text is gone; "
            "`dateline crawl URL` fetches it."
        )


def _rewrite_files(folder: Path) -> None:
    """Rewrite both files; raises ArchiveError if that is impossible, BusyError while a crawl runs."""
    from crawler.jobs.removal.removal_jobs import compact_archive

    with opened_archive(folder):
        pass  # raises where there is no archive
    if remark := compact_archive(folder, always=True):
        raise ArchiveError(f"--rewrite: {remark}")
    click.echo("Both files are rewritten.")


# -- pruning ---------------------------------------------------------------------------------------


@cli.command()
@click.option(
    "--older",
    metavar="DATE|AGE",
    help="Prune what is older: 2y, 18m, 2024-02-15.  [default: older in [retention] of dateline.toml]",
)
@click.option(
    "--keep",
    metavar="KINDS",
    default="stories,noted",
    show_default=True,
    help="Keep these: stories, copied, revised, noted; or none.",
)
@click.option("--captures-only", is_flag=True, help="Delete stored pages, and keep the articles.")
@click.option("--outlet", metavar="HOST", help="Prune articles of this outlet.")
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
@click.option(
    "--scheduled", is_flag=True, help="Do nothing where no age is configured, as schedules need it."
)
@archive_option
def prune_command(
    older: str | None,
    keep: str,
    captures_only: bool,
    outlet: str | None,
    dry_run: bool,
    scheduled: bool,
    folder: Path,
) -> None:
    """Delete old articles and stored pages to save space.

    An article is old if it was published and last fetched before that time. Its URL stays known, so
    that a crawl fetches it again only if it is listed with a newer date. A crawl may run meanwhile;
    without one the files are made smaller at the end.

    \b
    Examples: dateline prune --older 2y --dry-run
              dateline prune --older 2y --keep stories,copied,revised,noted
              dateline prune --older 6m --captures-only
    """
    from archive.removal.prune_articles import PruneOrder, parse_kept_kinds
    from archive.times import parse_since
    from crawler.jobs.removal import removal_jobs as jobs

    if older is None:
        if scheduled:
            return
        raise UsageError(
            "say from which age: --older 2y, older in [retention] of dateline.toml, "
            "or DATELINE_RETENTION_OLDER"
        )
    with opened_archive(folder):
        pass  # raises where there is no archive
    order = PruneOrder(
        before=parse_since(older),
        kept=parse_kept_kinds(keep),
        captures_only=captures_only,
        outlet_id=jobs.outlet_id_of_host(folder, typed_text(outlet)) if outlet else None,
    )
    if dry_run:
        click.echo(f"{_pruned_text(jobs.count_to_prune(folder, order))} would be deleted.")
        return
    with progress_bar("pruning") as report:
        pruned = jobs.prune_folder(folder, order, report)
    _print_pruned(pruned)


def _print_pruned(pruned: PrunedFolder) -> None:
    """Print what was deleted, and the sizes before and after."""
    from archive.text.formatting import megabytes

    sizes = f"{megabytes(pruned.bytes_before)} → {megabytes(pruned.bytes_after)}"
    click.echo(f"{_pruned_text(pruned.result)} deleted; {sizes}.")
    if pruned.remark:
        click.echo(f"{pruned.remark[0].upper()}{pruned.remark[1:]}.")
    if not pruned.result.is_erased:
        click.echo(STILL_READ_MESSAGE, err=True)


def _pruned_text(result: PruneResult) -> str:
    """Return the numbers of what is deleted: `12 articles and 30 stored pages`."""
    from archive.text.formatting import many

    pages = many(result.captures, "stored page")
    return f"{many(result.articles, 'article')} and {pages}" if result.articles else pages
