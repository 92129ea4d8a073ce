"""Commands that keep an archive running: `schedule_command`, `watch_command`, `doctor_command`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.base import archive_option, cli, json_option, print_json
from archive.errors import ArchiveError, UsageError
from crawler.cli.deposit_options import deposit_option

if TYPE_CHECKING:
    from archive.doctor import Diagnosis


@cli.command()
@click.option("--systemd", "kind", flag_value="systemd", help="Make units for your systemd.")
@click.option("--cron", "kind", flag_value="cron", help="Make lines for your crontab.")
@click.option(
    "--every", default="5min", show_default=True, metavar="TIME", help="Crawl every 5min, 1h, 1d."
)
@click.option(
    "--install", "action", flag_value="install", help="Install it, replacing an earlier one."
)
@click.option("--remove", "action", flag_value="remove", help="Remove what was installed.")
@deposit_option
@archive_option
def schedule_command(
    kind: str | None, every: str, action: str | None, deposit: str | None, folder: Path
) -> None:
    """Crawl on schedule with systemd or cron.

    Prints the units or the crontab lines that crawl on schedule, check the archive every night and
    prune it where an age is configured; --install installs them.

    \b
    Examples: dateline schedule --systemd
              dateline schedule --systemd --every 15min --install
              dateline schedule --cron --install
    """
    from crawler.deposits.named_deposits import named_deposit_services
    from crawler.jobs import install_schedule as scheduling
    from crawler.jobs import schedule_units as units

    named_deposit_services(deposit or "")  # raises UsageError
    if kind is None:
        raise UsageError("choose --systemd or --cron (in a container: `dateline watch`)")
    minutes, is_new = units.schedule_minutes(every), action != "remove"
    plan = scheduling.new_schedule(folder, minutes, is_new, deposit or "")
    if action is None:
        click.echo(_schedule_text(plan, kind), nl=False)
        return
    actions = {
        ("systemd", "install"): scheduling.install_units,
        ("systemd", "remove"): scheduling.remove_units,
        ("cron", "install"): scheduling.install_cron,
        ("cron", "remove"): scheduling.remove_cron,
    }
    click.echo("\n".join(actions[kind, action](plan)))
    if action == "install":
        click.echo(scheduling.copied_variables_line(plan))


def _schedule_text(plan: object, kind: str) -> str:
    """Return the units or crontab lines as text, for a person to read or copy."""
    from crawler.jobs import install_schedule as scheduling
    from crawler.jobs import schedule_units as units

    assert isinstance(plan, units.CrawlSchedule)
    if kind == "cron":
        return "".join(f"{line}\n" for line in units.crontab_block(plan))
    folder = scheduling.user_units_folder()
    return "\n".join(f"# {folder / name}\n{text}" for name, text in units.unit_files(plan).items())


@cli.command()
@click.option(
    "--every",
    default="5m",
    show_default=True,
    metavar="TIME",
    help="Start a crawl every 90s, 5m, 2h.",
)
@deposit_option
@archive_option
def watch_command(every: str, deposit: str | None, folder: Path) -> None:
    """Crawl again and again until stopped.

    Where an age is configured, old articles are pruned once a day.

    It does in containers what cron does elsewhere, and prints a line for each run. SIGTERM and
    Ctrl-C stop it within ten seconds, and the running crawl with it.

    \b
    Example:  dateline watch --every 10m
    """
    from archive.configuration.option_values import period_seconds
    from crawler.deposits.named_deposits import named_deposit_services
    from crawler.jobs import schedule_units as units
    from crawler.jobs import watch as watching

    seconds = period_seconds(every)
    named_deposit_services(deposit or "")  # raises UsageError
    run = units.scheduled_crawl(deposit or "")
    click.echo(f"{folder}: dateline {' '.join(run)}, every {every}")
    command = watching.program_command(*run, "--archive", str(folder))
    prune = watching.program_command(*units.PRUNE_RUN, "--archive", str(folder))
    watching.watch_archive(folder, seconds, command, click.echo, prune)


@cli.command()
@click.option(
    "--repair",
    "mend",
    is_flag=True,
    help="Repair what is safe to repair; no article is deleted.",
)
@json_option
@archive_option
def doctor_command(mend: bool, as_json: bool, folder: Path) -> None:
    """Check whether the archive is sound, and repair it.

    Prints a line for each problem: what, how often, and what to do. Checks both database files, the
    search index, references, the disk, and what crashed crawls left behind. Exits with 1 if a
    problem remains.

    \b
    Examples: dateline doctor
              dateline doctor --repair
    """
    from crawler.processes.log_rotation import rotate_logs

    rotate_logs(folder)
    diagnosis = _examine_archive(folder, mend)
    if as_json:
        print_json(diagnosis.as_record())
    else:
        for line in diagnosis.lines():
            click.echo(f"{folder}: {line}")
    if not diagnosis.sound:
        raise SystemExit(1)


def _examine_archive(folder: Path, mend: bool) -> Diagnosis:
    """Examine the archive, under its lock where possible; without the lock it checks less."""
    from archive import doctor
    from archive.cli.progress_bar import progress_bar
    from archive.storage.lock import hold_crawl_lock
    from pipelines.policies import archive_policies
    from pipelines.urls import url_key

    decisions = archive_policies()
    judge = decisions.texts
    if not (folder / "archive.db").is_file():
        return doctor.examine_archive(folder, judge, alone=False)  # it reports the missing archive
    with progress_bar("examining") as report:
        try:
            with hold_crawl_lock(folder):
                if mend:
                    return doctor.repair_archive(folder, judge, url_key, report, decisions)
                return doctor.examine_archive(folder, judge, True, report, decisions)
        except ArchiveError:
            if mend:
                raise
        return doctor.examine_archive(folder, judge, False, report, decisions)
