"""The commands that keep an archive for years: backup, restore, captures."""

from __future__ import annotations

import shlex
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click

from archive.cli.base import archive_option, cli, json_option, opened_archive, print_json
from archive.errors import UsageError
from archive.text.printable import printable_text


@cli.command()
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    help="Afterwards keep the N newest backups of this archive in DIR.",
)
@json_option
@archive_option
def backup_command(target: Path, keep: int | None, as_json: bool, folder: Path) -> None:
    """Back up the archive, also while a crawl runs.

    Makes a folder in DIR with a copy of archive.db and captures.db as they were at one moment, the
    addresses of `dateline notify`, dateline.toml and questions.toml, and a manifest with the SHA-256
    of each file. The copy is checked before it gets its name, and only then does --keep remove older
    ones.

    \b
    Examples: dateline backup /mnt/disk/backups
              dateline backup /mnt/disk/backups --keep 7
    """
    from archive.cli.progress_bar import progress_bar
    from archive.keeping.backups import back_up_archive, drop_old_backups

    with progress_bar("copying", "pages") as report:
        made, manifest = back_up_archive(folder, target, report)
    dropped = drop_old_backups(target, manifest.archive, keep) if keep else []
    if as_json:
        record = {
            "backup": str(made),
            "taken_at": manifest.taken_at,
            "bytes": manifest.bytes,
            "counts": dict(manifest.counts),
            "dropped": [str(path) for path in dropped],
        }
        print_json(record)
        return
    articles = manifest.counts.get("archive.db: articles", 0)
    captures = manifest.counts.get("captures.db: captures", 0)
    click.echo(
        f"{made}: {articles:,} articles, {captures:,} captures, "
        f"{manifest.bytes / 1e6:,.1f} MB, verified"
    )
    for path in dropped:
        click.echo(f"removed: {path}")


@cli.command()
@click.argument("backup", metavar="BACKUP", type=click.Path(path_type=Path, file_okay=False))
@click.argument(
    "target", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False)
)
@click.option(
    "--replace", is_flag=True, help="Replace the archive that is there, once the new one is ready."
)
@archive_option
def restore_command(backup: Path, target: Path | None, replace: bool, folder: Path) -> None:
    """Restore an archive from a backup.

    BACKUP is a folder that `dateline backup` made, or one with several, of which the newest complete
    one is taken. DIR is the archive's folder; without it the archive of --archive is meant. The
    SHA-256 of each file is checked first. An archive that is there is replaced with --replace only.
    Articles that were removed since the backup are listed, to be removed again.

    \b
    Examples: dateline restore /mnt/disk/backups/dateline-20260310T120000Z news
              dateline restore /mnt/disk/backups --replace
    """
    from archive.cli.progress_bar import progress_bar
    from archive.keeping.restores import find_backup, restore_backup

    into = target or folder
    if not backup.is_dir():
        raise UsageError(f"{backup}: there is no such folder; name a backup")
    found = find_backup(backup)
    with progress_bar("restoring", "files") as report:
        restored = restore_backup(found, into, replace, report)
    manifest = restored.manifest
    articles = manifest.counts.get("archive.db: articles", 0)
    click.echo(f"{into}: {articles:,} articles, as of {manifest.taken_at}, from {found}")
    for name in restored.kept_files:
        click.echo(f"{into / name}: kept as it was; the backup has another, {found / name}")
    if restored.undone is None:
        click.echo(
            "the archive that was replaced is unreadable: later removals are undone", err=True
        )
    for each in restored.undone or ():
        command = f"dateline remove {each.article_id} --reason {shlex.quote(each.reason)}"
        line = f"article {each.article_id}, removed on {each.removed_at[:10]}, is back: {command}"
        click.echo(printable_text(line))


@cli.command()
@click.option(
    "--export-warc",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help="Write the old captures to this WARC file, or to a new one in this folder.",
)
@click.option("--older", metavar="DATE|AGE", help="With --export-warc: captures made before then.")
@click.option(
    "--remove", is_flag=True, help="Remove them here once the file was read back and compared."
)
@json_option
@archive_option
def captures_command(
    target: Path | None, older: str | None, remove: bool, as_json: bool, folder: Path
) -> None:
    """List the stored pages by month, or move old ones out.

    With --export-warc and --remove, pages that were fetched before a time move to a WARC file, which
    may then be stored elsewhere. The articles stay, and say where their pages are. `dateline import`
    of the file brings the pages back.

    \b
    Examples: dateline captures
              dateline captures --export-warc /mnt/disk --older 1y --remove
    """
    if bool(target) != bool(older) or (remove and not target):
        raise UsageError(
            "--export-warc and --older belong together, and --remove to both: "
            "dateline captures --export-warc /mnt/disk --older 1y --remove"
        )
    with opened_archive(folder):
        pass  # raises where there is no archive
    if target and older:
        _move_captures(target, older, remove, as_json, folder)
    else:
        _list_captures(as_json, folder)


def _list_captures(as_json: bool, folder: Path) -> None:
    """Print the captures by month."""
    from archive.keeping.moved_captures import captures_by_month
    from archive.storage.captures import CaptureStore

    with closing(CaptureStore(folder / "captures.db")) as captures:
        months = captures_by_month(captures)
    if as_json:
        print_json(months)
        return
    for row in months:
        click.echo(
            f"{row['month']}  {row['captures']:>10,} captures  {row['bodies']:>10,} new pages  "
            f"{row['bytes'] / 1e6:>10,.1f} MB"
        )
    click.echo(f"{sum(row['bytes'] for row in months) / 1e6:,.1f} MB in all")


def _move_captures(target: Path, older: str, remove: bool, as_json: bool, folder: Path) -> None:
    """Move old captures, and print the result."""
    from archive.archive import Archive
    from archive.cli.progress_bar import progress_bar
    from archive.keeping.moved_captures import move_captures, warc_path
    from archive.times import parse_since

    until = parse_since(older)
    path = warc_path(target, until)
    with Archive(folder) as archive, progress_bar("writing", "captures") as report:
        moved = move_captures(archive, path, until, remove, report)
    if as_json:
        record = asdict(moved) | {"path": str(moved.path), "until": until}
        print_json(record)
        return
    if not moved.captures:
        click.echo(f"{folder}: no captures from before {until}")
        return
    click.echo(f"{moved.path}: {moved.captures:,} captures, {moved.bytes / 1e6:,.1f} MB, verified")
    if remove:
        room = "captures.db was rewritten" if moved.compacted else "its room is used again"
        click.echo(f"{folder}: removed {moved.removed:,} captures; {room}")
