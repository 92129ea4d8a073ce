"""Installation of a schedule: the user's systemd units, or a block in the user's crontab.

A second installation changes nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from archive.configuration.configuration import load_configuration
from archive.errors import DatelineError, UsageError
from crawler.jobs.schedule_units import (
    CrawlSchedule,
    crontab_with_block,
    crontab_without_block,
    scheduled_environment,
    unit_files,
)
from crawler.processes.subprocesses import dateline_command


class SchedulingError(DatelineError):
    """systemd or cron is missing, or failed."""


def new_schedule(folder: Path, minutes: int, new: bool = True, deposit: str = "") -> CrawlSchedule:
    """Return the schedule for this installation's program and environment.

    With `deposit` its crawl deposits at these archives. Raises UsageError where a new schedule has no archive to crawl for.
    """
    folder = folder.absolute()
    if new and not (folder / "archive.db").is_file():
        raise UsageError(
            f"{folder}: there is no archive here yet; `dateline outlet add` starts one"
        )
    file = load_configuration(folder).file
    environment = scheduled_environment(os.environ, file.options if file else {})
    return CrawlSchedule(folder, dateline_command(), minutes, environment, deposit)


def copied_variables_line(schedule: CrawlSchedule) -> str:
    """Return the names of the environment variables that a schedule keeps, in one line."""
    names = ", ".join(sorted(schedule.environment)) or "nothing"
    return f"copied from the environment: {names}"


# -- systemd ---------------------------------------------------------------------------------------


def user_units_folder() -> Path:
    """Return the folder of the user's units (XDG Base Directory Specification)."""
    configured = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(configured) if configured.startswith("/") else Path.home() / ".config"
    return base / "systemd" / "user"


def install_units(schedule: CrawlSchedule) -> list[str]:
    """Write the units and start their timers; return a line for each step.

    On failure the earlier state is restored.
    """
    require_program("systemctl", "use --cron, or `dateline watch`")
    folder, texts = user_units_folder(), unit_files(schedule)
    timers = [name for name in texts if name.endswith(".timer")]
    with _restored_on_failure(folder, texts):
        _write_units(folder, texts)
        run_program(["systemctl", "--user", "daemon-reload"])
        run_program(["systemctl", "--user", "enable", "--now", *timers])
    return [
        *(f"{folder / name}" for name in texts),
        f"started: {', '.join(timers)}",
        "While nobody is logged in they run only after `loginctl enable-linger`.",
    ]


def _write_units(folder: Path, texts: Mapping[str, str]) -> None:
    """Write the files; raises SchedulingError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise SchedulingError(
            f"{error.filename or folder}: cannot be written ({error.strerror})"
        ) from error


@contextmanager
def _restored_on_failure(folder: Path, names: Iterable[str]) -> Iterator[None]:
    """Restore the earlier units, and have systemd reload them, if the body fails."""
    before = {
        name: (folder / name).read_text("utf-8") if (folder / name).is_file() else None
        for name in names
    }
    try:
        yield
    except SchedulingError:
        new = [name for name, text in before.items() if text is None and name.endswith(".timer")]
        if any((folder / name).is_file() for name in new):
            try_program(["systemctl", "--user", "disable", "--now", *new])
        with suppress(OSError):
            for name, text in before.items():
                if text is None:
                    (folder / name).unlink(missing_ok=True)
                else:
                    (folder / name).write_text(text, encoding="utf-8")
        try_program(["systemctl", "--user", "daemon-reload"])
        raise


def remove_units(schedule: CrawlSchedule) -> list[str]:
    """Stop the timers and delete the units; return a line for each step.

    The files are deleted also where systemd does not respond; it raises SchedulingError then,
    because a timer may still run.
    """
    folder = user_units_folder()
    there = [name for name in unit_files(schedule) if (folder / name).exists()]
    if not there:
        return [f"{folder}: no units of this archive"]
    timers = [name for name in there if name.endswith(".timer")]
    failed = try_program(["systemctl", "--user", "disable", "--now", *timers]) if timers else None
    for name in there:
        (folder / name).unlink(missing_ok=True)
        for links in folder.glob("*.target.wants"):  # the links that start a timer with the session
            (links / name).unlink(missing_ok=True)
    failed = try_program(["systemctl", "--user", "daemon-reload"]) or failed
    if failed:
        raise SchedulingError(
            f"{failed}; the units are removed, and a timer that still runs ends with the session"
        )
    return [f"removed: {folder / name}" for name in there]


# -- cron ------------------------------------------------------------------------------------------


def install_cron(schedule: CrawlSchedule) -> list[str]:
    """Put the archive's block into the crontab; return a line for each step."""
    before = read_crontab()
    after = crontab_with_block(before, schedule)
    return _write_crontab(before, after, "added to the crontab", "already in the crontab")


def remove_cron(schedule: CrawlSchedule) -> list[str]:
    """Remove the archive's block from the crontab; return a line for each step."""
    before = read_crontab()
    after = crontab_without_block(before, schedule.folder)
    return _write_crontab(
        before,
        after,
        "removed from the crontab",
        "the crontab has no lines of this archive",
    )


def read_crontab() -> str:
    """Return the user's crontab, empty without one; raises SchedulingError if it cannot be read."""
    require_program("crontab", "use --systemd, or `dateline watch`")
    # S607: the user's own crontab is meant, wherever it is installed
    ran = subprocess.run(["crontab", "-l"], capture_output=True, check=False)  # noqa: S607
    if ran.returncode and b"no crontab" not in ran.stderr:
        raise SchedulingError(f"crontab -l: {first_output_line(ran.stderr)}")
    return "" if ran.returncode else ran.stdout.decode("utf-8", "surrogateescape")


def _write_crontab(before: str, after: str, done: str, nothing: str) -> list[str]:
    """Install the changed crontab and return `done`, or `nothing` without a change."""
    if after == before:
        return [nothing]
    run_program(["crontab", "-"], after.encode("utf-8", "surrogateescape"))
    return [done]


# -- other programs --------------------------------------------------------------------------------


def require_program(name: str, instead: str) -> None:
    """Raise SchedulingError if a program is not installed."""
    if shutil.which(name) is None:
        raise SchedulingError(f"{name}: not on this machine; {instead}")


def run_program(words: Sequence[str], data: bytes | None = None) -> None:
    """Run a program; raises SchedulingError with its message if it fails."""
    if failed := try_program(words, data):
        raise SchedulingError(failed)


def try_program(words: Sequence[str], data: bytes | None = None) -> str | None:
    """Run a program; return None, or the message of its failure."""
    try:
        # S603: the arguments come from this module, not from a user
        ran = subprocess.run(words, input=data, capture_output=True, check=False)  # noqa: S603
    except OSError as error:
        return f"{words[0]}: {error.strerror}"
    return f"{' '.join(words)}: {first_output_line(ran.stderr)}" if ran.returncode else None


def first_output_line(text: bytes) -> str:
    """Return the first line of a program's output."""
    lines = text.decode("utf-8", "replace").strip().splitlines()
    return lines[0] if lines else "failed without a message"
