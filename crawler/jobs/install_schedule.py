"""Installing a schedule: the user's systemd units, or a block in the user's crontab. A second time
changes nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from archive.errors import DatelineError, UsageError
from crawler.jobs.schedule_units import PASS_ON, Schedule, units, with_block, without_block
from crawler.processes.subprocesses import program


class SchedulingError(DatelineError):
    """systemd or cron is not here, or did not do what it was told."""


def make_schedule(folder: Path, minutes: int, new: bool = True) -> Schedule:
    """With this installation's program. Raises UsageError where a new one has no archive to crawl
    for."""
    folder = folder.absolute()
    if new and not (folder / "archive.db").is_file():
        raise UsageError(
            f"{folder}: there is no archive here yet; `dateline outlet add` starts one"
        )
    environment = {name: os.environ[name] for name in PASS_ON if os.environ.get(name)}
    return Schedule(folder, program(), minutes, environment)


# -- systemd ---------------------------------------------------------------------------------------


def units_folder() -> Path:
    """Where the user's units lie (XDG Base Directory Specification)."""
    configured = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(configured) if configured.startswith("/") else Path.home() / ".config"
    return base / "systemd" / "user"


def install_units(schedule: Schedule) -> list[str]:
    """Write the units and start their timers; what was done, a line each. Where that fails, all is
    as it was before."""
    needed("systemctl", "use --cron, or `dateline watch`")
    folder, texts = units_folder(), units(schedule)
    timers = [name for name in texts if name.endswith(".timer")]
    with _taken_back(folder, texts):
        _write_units(folder, texts)
        told(["systemctl", "--user", "daemon-reload"])
        told(["systemctl", "--user", "enable", "--now", *timers])
    return [
        *(f"{folder / name}" for name in texts),
        f"started: {', '.join(timers)}",
        "While nobody is logged in they run only after `loginctl enable-linger`.",
    ]


def _write_units(folder: Path, texts: Mapping[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise SchedulingError(
            f"{error.filename or folder}: cannot be written ({error.strerror})"
        ) from error


@contextmanager
def _taken_back(folder: Path, names: Iterable[str]) -> Iterator[None]:
    """Where what is done inside fails, the units are again what they were before, and systemd is
    told if it listens."""
    before = {
        name: (folder / name).read_text("utf-8") if (folder / name).is_file() else None
        for name in names
    }
    try:
        yield
    except SchedulingError:
        new = [name for name, text in before.items() if text is None and name.endswith(".timer")]
        if any((folder / name).is_file() for name in new):
            tried(["systemctl", "--user", "disable", "--now", *new])
        with suppress(OSError):
            for name, text in before.items():
                if text is None:
                    (folder / name).unlink(missing_ok=True)
                else:
                    (folder / name).write_text(text, encoding="utf-8")
        tried(["systemctl", "--user", "daemon-reload"])
        raise


def remove_units(schedule: Schedule) -> list[str]:
    """Stop the timers and delete the units; what was done, a line each.

    The files go also where systemd does not listen: raises SchedulingError then, as a timer may
    still run.
    """
    folder = units_folder()
    there = [name for name in units(schedule) if (folder / name).exists()]
    if not there:
        return [f"{folder}: there are no units of this archive"]
    timers = [name for name in there if name.endswith(".timer")]
    failed = tried(["systemctl", "--user", "disable", "--now", *timers]) if timers else None
    for name in there:
        (folder / name).unlink(missing_ok=True)
        for links in folder.glob("*.target.wants"):  # by which a timer starts with the session
            (links / name).unlink(missing_ok=True)
    failed = tried(["systemctl", "--user", "daemon-reload"]) or failed
    if failed:
        raise SchedulingError(
            f"{failed}; the units are removed, and a timer that still runs ends with the session"
        )
    return [f"removed: {folder / name}" for name in there]


# -- cron ------------------------------------------------------------------------------------------


def install_cron(schedule: Schedule) -> list[str]:
    """Put the archive's block into the crontab; what was done, a line each."""
    before = crontab()
    return _write_crontab(
        before, with_block(before, schedule), "the crontab has its lines", "they were there already"
    )


def remove_cron(schedule: Schedule) -> list[str]:
    """Take the archive's block out of the crontab; what was done, a line each."""
    before = crontab()
    after = without_block(before, schedule.folder)
    return _write_crontab(
        before,
        after,
        "its lines are out of the crontab",
        "the crontab has no lines of this archive",
    )


def crontab() -> str:
    """The user's; empty where there is none. Raises SchedulingError where it cannot be read."""
    needed("crontab", "use --systemd, or `dateline watch`")
    # the one on the user's path
    ran = subprocess.run(["crontab", "-l"], capture_output=True, check=False)  # noqa: S607
    if ran.returncode and b"no crontab" not in ran.stderr:
        raise SchedulingError(f"crontab -l: {first_line(ran.stderr)}")
    return "" if ran.returncode else ran.stdout.decode("utf-8", "surrogateescape")


def _write_crontab(before: str, after: str, done: str, nothing: str) -> list[str]:
    if after == before:
        return [nothing]
    told(["crontab", "-"], after.encode("utf-8", "surrogateescape"))
    return [done]


# -- other programs --------------------------------------------------------------------------------


def needed(name: str, instead: str) -> None:
    """Raises SchedulingError where a program is not here."""
    if shutil.which(name) is None:
        raise SchedulingError(f"{name}: not on this machine; {instead}")


def told(words: Sequence[str], data: bytes | None = None) -> None:
    """Run a program. Raises SchedulingError with what it said where it fails."""
    if failed := tried(words, data):
        raise SchedulingError(failed)


def tried(words: Sequence[str], data: bytes | None = None) -> str | None:
    """Run a program; None, or what it said where it fails, or that it is not here."""
    try:
        # our own words
        ran = subprocess.run(words, input=data, capture_output=True, check=False)  # noqa: S603
    except OSError as error:
        return f"{words[0]}: {error.strerror}"
    return f"{' '.join(words)}: {first_line(ran.stderr)}" if ran.returncode else None


def first_line(text: bytes) -> str:
    lines = text.decode("utf-8", "replace").strip().splitlines()
    return lines[0] if lines else "it failed and did not say why"
