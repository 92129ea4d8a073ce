"""The commands that keep an archive for years: backup, restore, captures."""

from __future__ import annotations

import json
from pathlib import Path

import click

from archive.cli.base import archive_option, cli
from archive.errors import UsageError


@cli.command()
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    help="Afterwards keep the N newest backups of this archive in DIR.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
@archive_option
def backup_command(target: Path, keep: int | None, as_json: bool, folder: Path) -> None:
    """Back up the archive, also while a crawl runs.

    Makes a folder in DIR with a copy of archive.db and captures.db as they were at one moment, the
    addresses of `dateline notify`, and a manifest with the SHA-256 of each file. The copy is checked
    before it gets its name, and only then does --keep remove older ones.

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
        click.echo(json.dumps(record, ensure_ascii=False, indent=2))
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
        manifest = restore_backup(found, into, replace, report)
    articles = manifest.counts.get("archive.db: articles", 0)
    click.echo(f"{into}: {articles:,} articles, as of {manifest.taken_at}, from {found}")
