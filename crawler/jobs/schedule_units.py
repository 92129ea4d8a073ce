"""Schedules as text: units for systemd, a block for crontab. Pure.

`crawler.jobs.install_schedule` installs them. Formats: systemd.service(5), systemd.time(7),
crontab(5).
"""

from __future__ import annotations

import re
import shlex
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archive.configuration.configuration import CONFIG_VARIABLE
from archive.configuration.option_table import CONFIG_OPTIONS, ConfigValue
from archive.configuration.option_values import period_seconds
from archive.errors import UsageError
from crawler.processes.log_rotation import SCHEDULE_LOG_NAME

SCHEDULED_RUN: tuple[str, ...] = ("crawl", "--due")
"""Arguments of `dateline` for the scheduled run."""

NIGHTLY_RUN: tuple[str, ...] = ("doctor",)
"""Arguments of `dateline` for the nightly run."""

NIGHTLY_TIME = (3, 40)
"""Hour and minute of the nightly run, local time."""

PRUNE_RUN: tuple[str, ...] = ("prune", "--scheduled")
"""Arguments of `dateline` for pruning, which does nothing where no age is configured."""

CRON_PRUNE_TIME = (4, 40)
"""Hour and minute of pruning by cron; systemd prunes after the nightly run, if that succeeds."""

SCHEDULED_TABLES = ("", "crawl", "retention")
"""Tables of the configuration whose options scheduled runs read; empty for the general ones."""

PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy")

HOURLY_START_MINUTE = 7
"""Minute at which runs every few hours start: most cron jobs start on the hour."""


@dataclass(frozen=True, slots=True)
class CrawlSchedule:
    """The scheduled runs for one archive."""

    folder: Path
    """The absolute folder of the archive."""
    program: tuple[str, ...]
    """The command that starts `dateline`, with an absolute path."""
    minutes: int = 5
    environment: Mapping[str, str] = field(default_factory=dict)
    deposit: str = ""
    """The archives at which the crawl deposits; empty: those of the configuration."""

    def __post_init__(self) -> None:
        for text in (str(self.folder), *self.program, *self.environment.values(), self.deposit):
            if re.search(r"[\x00-\x1f\x7f]", text):
                raise UsageError(
                    f"{text!r}: systemd and cron accept no control character; use another path"
                )

    @property
    def name(self) -> str:
        """The name of the units, different for each archive."""
        readable = re.sub(r"[^A-Za-z0-9]+", "-", self.folder.name).strip("-")[:40] or "archive"
        return f"dateline-{readable}-{zlib.crc32(bytes(self.folder)):08x}"

    @property
    def crawl_run(self) -> tuple[str, ...]:
        """The arguments of `dateline` for the scheduled crawl."""
        return scheduled_crawl(self.deposit)

    def words(self, run: Sequence[str]) -> list[str]:
        """Return the full command line of a run."""
        return [*self.program, *run, "--archive", str(self.folder)]


def scheduled_crawl(deposit: str) -> tuple[str, ...]:
    """Return the arguments of `dateline` for a scheduled crawl that deposits at archives, if any."""
    return (*SCHEDULED_RUN, "--deposit", deposit) if deposit else SCHEDULED_RUN


def scheduled_environment(
    environ: Mapping[str, str], file_options: Mapping[str, ConfigValue]
) -> dict[str, str]:
    """Return the environment variables that a schedule keeps, with absolute paths.

    systemd and cron replace the environment. A path that the configuration file also gives is left
    to the file. An empty variable counts as missing, except for a list without a word for “none”.
    """
    names = (CONFIG_VARIABLE, *PROXY_VARIABLES)
    kept = {name: environ[name] for name in names if environ.get(name)}
    if CONFIG_VARIABLE in kept:
        kept[CONFIG_VARIABLE] = str(Path(kept[CONFIG_VARIABLE]).absolute())
    for option in CONFIG_OPTIONS.values():
        text = environ.get(option.variable)
        if text is None or option.table not in SCHEDULED_TABLES:
            continue
        if not text.strip() and not option.is_set_by_empty_variable:
            continue
        if option.kind != "file":
            kept[option.variable] = text
        elif text != file_options.get(option.name):
            kept[option.variable] = str(Path(text).expanduser().absolute())
    return kept


def schedule_minutes(text: str) -> int:
    """Return minutes of a duration: `5min`, `5m`, `2h`, `1d`.

    Raises UsageError for a duration that divides neither an hour nor a day: cron and systemd start
    by the clock, so its runs would be unevenly spaced.
    """
    whole, rest = divmod(period_seconds(text), 60)
    if whole and not rest and (60 % whole == 0 or (whole % 60 == 0 and 1440 % whole == 0)):
        return whole
    raise UsageError(
        f"{text!r} divides neither an hour nor a day evenly; try 5min, 15min, 1h, 6h or 1d"
    )


# -- systemd ---------------------------------------------------------------------------------------


def unit_files(schedule: CrawlSchedule) -> dict[str, str]:
    """Return the unit files by name: a service and a timer for the crawl, and for the night."""
    name, every = schedule.name, _calendar_expression(schedule.minutes)
    night = f"*-*-* {NIGHTLY_TIME[0]:02}:{NIGHTLY_TIME[1]:02}:00"
    return {
        f"{name}.service": _service_unit(
            schedule, "crawl what is due", [schedule.crawl_run], nice=5
        ),
        f"{name}.timer": _timer_unit(
            "crawl what is due", schedule, every, spread=min(60, schedule.minutes * 6)
        ),
        f"{name}-night.service": _service_unit(
            schedule, "check and prune the archive", [NIGHTLY_RUN, PRUNE_RUN], nice=15
        ),
        f"{name}-night.timer": _timer_unit("check the archive", schedule, night, spread=600),
    }


def _service_unit(
    schedule: CrawlSchedule, does: str, runs: Sequence[Sequence[str]], nice: int
) -> str:
    """Return a service unit; `does` completes `Dateline: … in FOLDER`, `nice` is its priority.

    Each run starts if those before it succeeded.
    """
    commands = [
        " ".join(_systemd_quoted(word, command=True) for word in schedule.words(run))
        for run in runs
    ]
    environment = [
        f"Environment={_systemd_quoted(f'{name}={value}')}"
        for name, value in sorted(schedule.environment.items())
    ]
    lines = [
        "[Unit]",
        f"Description=Dateline: {does} in {_systemd_escaped(str(schedule.folder))}",
        "",
        "[Service]",
        "Type=oneshot",
        *(f"ExecStart={command}" for command in commands),
        *environment,
        "# 75: another crawl holds the archive; this run is skipped",
        "SuccessExitStatus=75",
        "# on SIGTERM a crawl finishes the pages in progress; the next crawl takes up the rest",
        "KillMode=mixed",
        "TimeoutStopSec=40",
        f"Nice={nice}",
    ]
    return "\n".join(lines) + "\n"


def _timer_unit(does: str, schedule: CrawlSchedule, calendar: str, spread: int) -> str:
    """Return a timer unit that starts at random within `spread` seconds of the calendar time."""
    lines = [
        "[Unit]",
        f"Description=Dateline: when to {does} in {_systemd_escaped(str(schedule.folder))}",
        "",
        "[Timer]",
        f"OnCalendar={calendar}",
        "# a run that was missed while the machine was off is made up for",
        "Persistent=true",
        f"RandomizedDelaySec={spread}",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    return "\n".join(lines) + "\n"


def _calendar_expression(every: int) -> str:
    """Return the `OnCalendar` expression for a period in minutes."""
    if every < 60:
        return f"*-*-* *:0/{every}:00"
    if every < 1440:
        return f"*-*-* 0/{every // 60}:{HOURLY_START_MINUTE:02}:00"
    return f"*-*-* 00:{HOURLY_START_MINUTE:02}:00"


def _systemd_quoted(word: str, command: bool = False) -> str:
    """Return a word quoted for systemd; in a command `$` is escaped as well."""
    text = _systemd_escaped(word).replace("\\", "\\\\").replace('"', '\\"')
    if command:
        text = text.replace("$", "$$")
    return f'"{text}"'


def _systemd_escaped(text: str) -> str:
    """Return text with `%` doubled, which starts a specifier everywhere in a unit."""
    return text.replace("%", "%%")


# -- cron ------------------------------------------------------------------------------------------


def crontab_block(schedule: CrawlSchedule) -> list[str]:
    """Return the lines for crontab, between their marks."""
    begin, end = crontab_marks(schedule.folder)
    return [
        begin,
        f"{_crontab_time(schedule.minutes)} {_crontab_command(schedule, schedule.crawl_run)}",
        f"{NIGHTLY_TIME[1]} {NIGHTLY_TIME[0]} * * * {_crontab_command(schedule, NIGHTLY_RUN)}",
        f"{CRON_PRUNE_TIME[1]} {CRON_PRUNE_TIME[0]} * * * {_crontab_command(schedule, PRUNE_RUN)}",
        end,
    ]


def crontab_marks(folder: Path) -> tuple[str, str]:
    """Return the first and the last line of an archive's block."""
    return f"# dateline {folder}: begin", f"# dateline {folder}: end"


def crontab_with_block(crontab: str, schedule: CrawlSchedule) -> str:
    """Return the crontab with the archive's block, replaced or appended.

    Raises UsageError where one of the marks of a block was deleted.
    """
    before, after = _crontab_around_block(crontab, schedule.folder)
    return "".join(f"{line}\n" for line in [*before, *crontab_block(schedule), *after])


def crontab_without_block(crontab: str, folder: Path) -> str:
    """Return the crontab without the archive's block."""
    if not set(crontab_marks(folder)) & set(crontab.split("\n")):
        return crontab
    before, after = _crontab_around_block(crontab, folder)
    return "".join(f"{line}\n" for line in [*before, *after])


def _crontab_around_block(crontab: str, folder: Path) -> tuple[list[str], list[str]]:
    """Return the lines before and after the archive's block.

    Raises UsageError where one of its marks is missing.
    """
    lines = crontab.split("\n")
    if lines[-1] == "":
        lines.pop()
    begin, end = crontab_marks(folder)
    if begin not in lines and end not in lines:
        return lines, []
    if lines.count(begin) != 1 or lines.count(end) != 1 or lines.index(begin) > lines.index(end):
        raise UsageError(
            f"crontab: the lines {begin!r} and {end!r} do not enclose one block; "
            "repair it with crontab -e"
        )
    return lines[: lines.index(begin)], lines[lines.index(end) + 1 :]


def _crontab_time(every: int) -> str:
    """Return the time fields of a crontab line for a period in minutes."""
    if every < 60:
        return f"*/{every} * * * *"
    if every < 1440:
        return f"{HOURLY_START_MINUTE} */{every // 60} * * *"
    return f"{HOURLY_START_MINUTE} 0 * * *"


def _crontab_command(schedule: CrawlSchedule, run: Sequence[str]) -> str:
    """Return the shell command of a crontab line.

    Its output is dropped; errors go to a file in the archive, because cron would mail them.
    """
    settings = [
        f"{name}={shlex.quote(value)}" for name, value in sorted(schedule.environment.items())
    ]
    words = [shlex.quote(word) for word in schedule.words(run)]
    log = shlex.quote(str(schedule.folder / SCHEDULE_LOG_NAME))
    output = f"> /dev/null 2>> {log}"
    if run == NIGHTLY_RUN:  # its output is the list of problems
        output = f">> {log} 2>&1"
    return " ".join([*settings, *words, output]).replace("%", "\\%")
