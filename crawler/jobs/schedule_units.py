"""Crawls on schedule, as text: units for systemd, a block for crontab. Pure;
`crawler.jobs.install_schedule` installs them.

Formats: systemd.service(5), systemd.time(7), crontab(5).
"""

from __future__ import annotations

import re
import shlex
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archive.errors import UsageError
from archive.times import seconds

RUN: tuple[str, ...] = ("crawl", "--due")
"""What is run on schedule, as words after `dateline`."""

NIGHTLY: tuple[str, ...] = ("doctor",)
"""What is run once a night."""

NIGHT = (3, 40)
"""When: hour and minute of the machine's clock."""

PASS_ON = ("DATELINE_CONTACT", "DATELINE_ALLOW_ADDRESSES", "http_proxy", "https_proxy", "no_proxy")
"""Of the environment in which the schedule is made; systemd and cron start programs with one of
their own."""

MINUTE_OF_HOURS = 7
"""When in the hour what runs every few hours starts: not at its stroke, when everybody's cron
does."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is to run for one archive."""

    folder: Path
    """The archive's, absolute."""
    program: tuple[str, ...]
    """The words that call `dateline`, its path absolute."""
    minutes: int = 5
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for text in (str(self.folder), *self.program, *self.environment.values()):
            if re.search(r"[\x00-\x1f\x7f]", text):
                raise UsageError(
                    f"{text!r}: neither systemd nor cron takes a control character; use another path"
                )

    @property
    def name(self) -> str:
        """Of the units; every archive has its own."""
        readable = re.sub(r"[^A-Za-z0-9]+", "-", self.folder.name).strip("-")[:40] or "archive"
        return f"dateline-{readable}-{zlib.crc32(bytes(self.folder)):08x}"

    def words(self, run: Sequence[str]) -> list[str]:
        return [*self.program, *run, "--archive", str(self.folder)]


def period(text: str) -> int:
    """`5min`, `5m`, `90s`, `2h` → seconds. Raises UsageError for anything else."""
    return seconds(re.sub(r"(?<=\d)\s*min(utes?)?$", "m", text.strip()))


def minutes(text: str) -> int:
    """`5min`, `5m`, `2h`, `1d` → minutes. Raises UsageError for what neither a clock's hour nor its
    day divides into.

    cron and systemd start by the clock: what does not divide an hour or a day would start unevenly.
    """
    whole, rest = divmod(period(text), 60)
    if whole and not rest and (60 % whole == 0 or (whole % 60 == 0 and 1440 % whole == 0)):
        return whole
    raise UsageError(
        f"{text!r} divides neither an hour nor a day evenly; try 5min, 15min, 1h, 6h or 1d"
    )


# -- systemd ---------------------------------------------------------------------------------------


def units(schedule: Schedule) -> dict[str, str]:
    """The unit files by their names: a service and a timer for the crawl, and for the night."""
    name, every = schedule.name, _on_calendar(schedule.minutes)
    night = f"*-*-* {NIGHT[0]:02}:{NIGHT[1]:02}:00"
    return {
        f"{name}.service": _service(schedule, "crawl what is due", RUN, nice=5),
        f"{name}.timer": _timer(
            "crawl what is due", schedule, every, spread=min(60, schedule.minutes * 6)
        ),
        f"{name}-night.service": _service(
            schedule, "look whether the archive is sound", NIGHTLY, nice=15
        ),
        f"{name}-night.timer": _timer(
            "look whether the archive is sound", schedule, night, spread=600
        ),
    }


def _service(schedule: Schedule, does: str, run: Sequence[str], nice: int) -> str:
    lines = [
        "[Unit]",
        f"Description=Dateline: {does} in {_escaped(str(schedule.folder))}",
        "",
        "[Service]",
        "Type=oneshot",
        "ExecStart=" + " ".join(_quoted(word, command=True) for word in schedule.words(run)),
        *(
            f"Environment={_quoted(f'{name}={value}')}"
            for name, value in sorted(schedule.environment.items())
        ),
        "# 75: another crawl holds the archive; the next one comes",
        "SuccessExitStatus=75",
        "# asked to stop, a crawl ends what is under way; what waits is taken up by the next",
        "KillMode=mixed",
        "TimeoutStopSec=40",
        f"Nice={nice}",
    ]
    return "\n".join(lines) + "\n"


def _timer(does: str, schedule: Schedule, calendar: str, spread: int) -> str:
    lines = [
        "[Unit]",
        f"Description=Dateline: when to {does} in {_escaped(str(schedule.folder))}",
        "",
        "[Timer]",
        f"OnCalendar={calendar}",
        "# what was missed while the machine was off is made up for",
        "Persistent=true",
        f"RandomizedDelaySec={spread}",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    return "\n".join(lines) + "\n"


def _on_calendar(every: int) -> str:
    if every < 60:
        return f"*-*-* *:0/{every}:00"
    if every < 1440:
        return f"*-*-* 0/{every // 60}:{MINUTE_OF_HOURS:02}:00"
    return f"*-*-* 00:{MINUTE_OF_HOURS:02}:00"


def _quoted(word: str, command: bool = False) -> str:
    """A word as systemd reads it back; in a command `$` would name a variable."""
    text = _escaped(word).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + (text.replace("$", "$$") if command else text) + '"'


def _escaped(text: str) -> str:
    """`%` begins a specifier everywhere in a unit."""
    return text.replace("%", "%%")


# -- cron ------------------------------------------------------------------------------------------


def block(schedule: Schedule) -> list[str]:
    """The lines for crontab, between their marks."""
    begin, end = marks(schedule.folder)
    return [
        begin,
        f"{_when(schedule.minutes)} {_command(schedule, RUN)}",
        f"{NIGHT[1]} {NIGHT[0]} * * * {_command(schedule, NIGHTLY)}",
        end,
    ]


def marks(folder: Path) -> tuple[str, str]:
    """The first and the last line of an archive's block."""
    return f"# dateline {folder}: begin", f"# dateline {folder}: end"


def with_block(crontab: str, schedule: Schedule) -> str:
    """The crontab with the archive's block, in the place of an older one or at the end; other lines
    stay as they are.

    Raises UsageError where one of the marks of a block was deleted.
    """
    before, after = _around(crontab, schedule.folder)
    return "".join(f"{line}\n" for line in [*before, *block(schedule), *after])


def without_block(crontab: str, folder: Path) -> str:
    """The crontab without the archive's block; as it was if it has none."""
    if not set(marks(folder)) & set(crontab.split("\n")):
        return crontab
    before, after = _around(crontab, folder)
    return "".join(f"{line}\n" for line in [*before, *after])


def _around(crontab: str, folder: Path) -> tuple[list[str], list[str]]:
    """The lines before the archive's block and after it. Raises UsageError where one of its marks
    is missing."""
    lines = crontab.split("\n")
    if lines[-1] == "":
        lines.pop()
    begin, end = marks(folder)
    if begin not in lines and end not in lines:
        return lines, []
    if lines.count(begin) != 1 or lines.count(end) != 1 or lines.index(begin) > lines.index(end):
        raise UsageError(
            f"crontab: the lines {begin!r} and {end!r} do not enclose one block; mend it with crontab -e"
        )
    return lines[: lines.index(begin)], lines[lines.index(end) + 1 :]


def _when(every: int) -> str:
    if every < 60:
        return f"*/{every} * * * *"
    if every < 1440:
        return f"{MINUTE_OF_HOURS} */{every // 60} * * *"
    return f"{MINUTE_OF_HOURS} 0 * * *"


def _command(schedule: Schedule, run: Sequence[str]) -> str:
    """A line of the shell. What it tells is not kept; mistakes go to a file in the archive, as cron
    would mail them."""
    settings = [
        f"{name}={shlex.quote(value)}" for name, value in sorted(schedule.environment.items())
    ]
    words = [shlex.quote(word) for word in schedule.words(run)]
    log = shlex.quote(str(schedule.folder / "schedule.log"))
    output = ">> " + log + " 2>&1" if run == NIGHTLY else "> /dev/null 2>> " + log
    return " ".join([*settings, *words, output]).replace("%", "\\%")
