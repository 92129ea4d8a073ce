"""What systemd and cron are told, read back as they read it."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from archive.configuration.option_values import period_seconds
from archive.errors import UsageError
from crawler.jobs.schedule_units import (
    CrawlSchedule,
    crontab_block,
    crontab_marks,
    crontab_with_block,
    crontab_without_block,
    schedule_minutes,
    unit_files,
)

FOLDERS = (
    "/home/ida/news",
    "/home/ida/my news",
    '/srv/100%$HOME/"ida\'s"/back\\slash',
    "/srv/港/新聞",
)
OTHERS = "MAILTO=ida\n# dateline is mine\n5 4 * * * backup  --all\n\n@reboot x"


def schedule(folder: str = FOLDERS[0], every: int = 5, **environment: str) -> CrawlSchedule:
    return CrawlSchedule(Path(folder), ("/opt/dateline/bin/dateline",), every, environment)


def unit(text: str) -> dict[str, list[str]]:
    """The settings of a unit by name."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and line[0] not in "[#":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def as_systemd_reads(words: str, command: bool) -> list[str]:
    """Words in double quotes with C escapes; `%%` and, in a command, `$$` stand for one."""
    read = [re.sub(r"\\(.)", r"\1", word) for word in re.findall(r'"((?:[^"\\]|\\.)*)"', words)]
    read = [word.replace("%%", "%") for word in read]
    return [word.replace("$$", "$") for word in read] if command else read


def as_cron_runs(line: str) -> list[str]:
    """The words that the shell gets: five of time first, and `\\%` is a `%`."""
    assert not re.search(r"(?<!\\)%", line), "an unescaped % would end the line"
    return shlex.split(line.split(None, 5)[5].replace("\\%", "%"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_path_comes_back_whole_whatever_is_in_it(folder):
    plan = schedule(folder, DATELINE_CONTACT='"desk" 100% $x@courier.example')
    texts = unit_files(plan)
    (command,) = unit(texts[f"{plan.name}.service"])["ExecStart"]
    assert as_systemd_reads(command, command=True)[-2:] == ["--archive", folder]
    (setting,) = unit(texts[f"{plan.name}.service"])["Environment"]
    assert as_systemd_reads(setting, command=False) == [
        'DATELINE_CONTACT="desk" 100% $x@courier.example'
    ]
    words = as_cron_runs(crontab_block(plan)[1])
    assert words[0] == 'DATELINE_CONTACT="desk" 100% $x@courier.example'
    assert words[words.index("--archive") + 1] == folder
    assert words[-1] == f"{folder}/schedule.log"


def test_units_crawl_make_up_for_what_was_missed_and_look_after_the_archive_at_night():
    plan = schedule()
    texts = {name.removeprefix(plan.name): unit(text) for name, text in unit_files(plan).items()}
    assert set(texts) == {".service", ".timer", "-night.service", "-night.timer"}
    assert texts[".service"]["Type"] == ["oneshot"]
    assert texts[".service"]["SuccessExitStatus"] == ["75"]
    assert '"crawl"' in texts[".service"]["ExecStart"][0]
    doctor, prune = texts["-night.service"]["ExecStart"]
    assert '"doctor"' in doctor
    assert '"prune" "--scheduled"' in prune
    for timer in (".timer", "-night.timer"):
        assert texts[timer]["Persistent"] == ["true"]
        assert texts[timer]["WantedBy"] == ["timers.target"]


def test_a_schedule_that_deposits_says_so_in_its_crawl_alone():
    plan = replace(schedule(), deposit="wayback")
    for text in (*unit_files(plan).values(), *crontab_block(plan)):
        assert ("--deposit" in text) == ("crawl" in text and "--due" in text)
    line = next(line for line in crontab_block(plan) if "--deposit" in line)
    assert "crawl --due --deposit wayback --archive" in line


def test_two_archives_of_one_name_have_units_of_their_own():
    names = [schedule(folder).name for folder in ("/a/data", "/b/data", "/b/%港")]
    assert len(set(names)) == 3
    assert all(re.fullmatch(r"dateline-[A-Za-z0-9-]+", name) for name in names)


@pytest.mark.parametrize(
    ("text", "calendar", "cron"),
    [
        ("1m", "*-*-* *:0/1:00", "*/1 * * * *"),
        ("5min", "*-*-* *:0/5:00", "*/5 * * * *"),
        ("5 minutes", "*-*-* *:0/5:00", "*/5 * * * *"),
        ("30m", "*-*-* *:0/30:00", "*/30 * * * *"),
        ("1h", "*-*-* 0/1:07:00", "7 */1 * * *"),
        ("6h", "*-*-* 0/6:07:00", "7 */6 * * *"),
        ("1d", "*-*-* 00:07:00", "7 0 * * *"),
    ],
)
def test_how_often_is_the_same_for_systemd_and_for_cron(text, calendar, cron):
    plan = schedule(every=schedule_minutes(text))
    assert unit(unit_files(plan)[f"{plan.name}.timer"])["OnCalendar"] == [calendar]
    assert crontab_block(plan)[1].startswith(f"{cron} ")


@pytest.mark.parametrize("text", ["7m", "90m", "5h", "2d", "30s", "90s", "soon", "0m", "5 m i n"])
def test_what_the_clock_does_not_divide_into_is_refused(text):
    with pytest.raises(UsageError, match=re.escape(repr(text)[1:-1])):
        schedule_minutes(text)


def test_a_period_of_a_loop_may_be_any():
    assert [period_seconds(text) for text in ("90s", "7min", "2h", "5 m")] == [90, 420, 7200, 300]


def test_a_line_feed_in_a_path_is_refused_as_it_would_begin_a_line_of_its_own():
    with pytest.raises(UsageError, match="control character"):
        schedule("/srv/a\n* * * * * evil")


@pytest.mark.parametrize("before", ["", "5 4 * * * backup\n", OTHERS, f"{OTHERS}\n"])
def test_other_lines_of_the_crontab_stay_as_they_are(before):
    plan = schedule("/srv/100% news")
    with_it = crontab_with_block(before, plan)
    assert crontab_with_block(with_it, plan) == with_it, "again changes nothing"
    assert crontab_without_block(with_it, plan.folder).rstrip("\n") == before.rstrip("\n")
    assert crontab_without_block(before, plan.folder) == before
    assert [
        line for line in with_it.splitlines() if line in before.splitlines()
    ] == before.splitlines()


def test_a_new_interval_takes_the_place_of_the_old_and_other_archives_keep_theirs():
    crontab = OTHERS
    for plan in (schedule("/a"), schedule("/b"), schedule("/a/b"), schedule("/a", every=30)):
        crontab = crontab_with_block(crontab, plan)
    lines = crontab.splitlines()
    assert [line.split()[0] for line in lines if " crawl " in line] == ["*/30", "*/5", "*/5"]
    for folder in ("/b", "/a/b", "/a"):
        crontab = crontab_without_block(crontab, Path(folder))
    assert crontab == f"{OTHERS}\n"


@pytest.mark.parametrize(
    "mangle", [lambda lines: lines[:-1], lambda lines: lines[::-1], lambda lines: lines * 2]
)
def test_a_block_whose_marks_were_mangled_is_told_and_not_touched(mangle):
    plan = schedule()
    crontab = "\n".join(mangle(crontab_block(plan)))
    with pytest.raises(UsageError, match="do not enclose one block"):
        crontab_with_block(crontab, plan)
    assert all(mark in crontab_block(plan) for mark in crontab_marks(plan.folder))


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here"
)
@pytest.mark.parametrize("folder", FOLDERS)
def test_systemd_finds_nothing_wrong_with_the_units(folder, tmp_path):
    plan = CrawlSchedule(
        Path(folder), (shutil.which("true") or "/bin/true",), 5, {"DATELINE_CONTACT": "a 100% $b"}
    )
    for name, text in unit_files(plan).items():
        (tmp_path / name).write_text(text)
    verify = ["systemd-analyze", "verify", "--man=no", *sorted(map(str, tmp_path.iterdir()))]
    ran = subprocess.run(verify, check=False, capture_output=True, text=True)
    about_ours = [line for line in ran.stderr.splitlines() if "dateline" in line]
    assert about_ours == []
    assert ran.returncode == 0, ran.stderr
    for plan_every in (1, 5, 60, 360, 1440):
        (when,) = unit(unit_files(schedule(every=plan_every))[f"{schedule().name}.timer"])[
            "OnCalendar"
        ]
        subprocess.run(["systemd-analyze", "calendar", when], check=True, capture_output=True)
