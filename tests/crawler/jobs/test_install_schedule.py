"""Installing and removing a schedule, with stand-ins for crontab and systemctl on the path."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from archive.errors import UsageError
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from crawler.jobs import install_schedule
from crawler.jobs.install_schedule import SchedulingError, new_schedule

CRONTAB = """#!/bin/sh
# like cron's own: -l prints or says that there is none, - takes a new one from standard input
file="$HOME/crontab"
case "$1" in
  -l) test -f "$file" || { echo "no crontab for ida" >&2; exit 1; }; cat "$file" ;;
  -) cat > "$file" ;;
  *) exit 2 ;;
esac
"""
SYSTEMCTL = '#!/bin/sh\necho "$@" >> "$HOME/systemctl.log"\n'
BROKEN = '#!/bin/sh\necho "Failed to connect to bus: No medium found" >&2\nexit 1\n'
MINE = "MAILTO=ida\n5 4 * * * backup --all\n"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with a `bin` that is all there is on the path besides the system's tools for
    scripts."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin" / "cat").symlink_to("/bin/cat")
    open_database(tmp_path / "news" / "archive.db", ARCHIVE_SCHEMA).close()
    return tmp_path


def put(home: Path, name: str, script: str) -> None:
    path = home / "bin" / name
    path.write_text(script)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_a_crontab_gets_the_lines_once_and_loses_them_again_and_nothing_else(home):
    put(home, "crontab", CRONTAB)
    (home / "crontab").write_text(MINE)
    plan = new_schedule(home / "news", 5)
    assert install_schedule.install_cron(plan) == ["added to the crontab"]
    installed = (home / "crontab").read_text()
    assert installed.startswith(MINE)
    assert installed.count("--archive") == 3
    assert install_schedule.install_cron(plan) == ["already in the crontab"]
    assert (home / "crontab").read_text() == installed
    install_schedule.remove_cron(plan)
    assert (home / "crontab").read_text() == MINE
    assert "no lines of this archive" in install_schedule.remove_cron(plan)[0]


def test_who_has_no_crontab_yet_gets_one(home):
    put(home, "crontab", CRONTAB)
    install_schedule.install_cron(new_schedule(home / "news", 5))
    assert (home / "crontab").read_text().startswith("# dateline ")


def test_a_crontab_that_cannot_be_read_is_never_written(home):
    put(
        home,
        "crontab",
        '#!/bin/sh\ntest "$1" = -l || echo written > "$HOME/crontab"\necho "not allowed" >&2; exit 1\n',
    )
    with pytest.raises(SchedulingError, match="crontab -l: not allowed"):
        install_schedule.install_cron(new_schedule(home / "news", 5))
    assert not (home / "crontab").exists()


def test_units_are_written_started_and_removed_again(home):
    put(home, "systemctl", SYSTEMCTL)
    plan = new_schedule(home / "news", 5)
    folder = home / ".config" / "systemd" / "user"
    install_schedule.install_units(plan)
    before = {path.name: path.read_text() for path in folder.iterdir()}
    install_schedule.install_units(plan)
    assert {path.name: path.read_text() for path in folder.iterdir()} == before
    assert len(before) == 4
    (folder / "other.timer").write_text("")
    install_schedule.remove_units(plan)
    assert [path.name for path in folder.iterdir()] == ["other.timer"]
    timers = f"{plan.name}.timer {plan.name}-night.timer"
    reload, enable, disable = (
        "--user daemon-reload",
        f"--user enable --now {timers}",
        f"--user disable --now {timers}",
    )
    assert (home / "systemctl.log").read_text().splitlines() == [
        reload,
        enable,
        reload,
        enable,
        disable,
        reload,
    ]
    assert "no units of this archive" in install_schedule.remove_units(plan)[0]


def test_units_lie_where_the_user_configured_it(home, monkeypatch):
    put(home, "systemctl", SYSTEMCTL)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "etc"))
    install_schedule.install_units(new_schedule(home / "news", 5))
    assert len(list((home / "etc/systemd/user").iterdir())) == 4
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative/is/ignored")
    assert install_schedule.user_units_folder() == home / ".config/systemd/user"


@pytest.mark.parametrize(
    ("does", "said"),
    [
        (install_schedule.install_units, "systemctl: not on this machine; use --cron"),
        (install_schedule.install_cron, "crontab: not on this machine; use --systemd"),
        (install_schedule.remove_cron, "crontab: not on this machine"),
    ],
)
def test_a_machine_without_it_is_told_what_there_is_instead(home, does, said):
    with pytest.raises(SchedulingError, match=said):
        does(new_schedule(home / "news", 5))


def test_what_systemd_says_is_passed_on(home):
    put(home, "systemctl", BROKEN)
    with pytest.raises(SchedulingError, match="daemon-reload: Failed to connect to bus"):
        install_schedule.install_units(new_schedule(home / "news", 5))


def test_the_schedule_knows_the_program_the_archive_and_the_contact_by_full_names(
    home, monkeypatch
):
    monkeypatch.chdir(home)
    monkeypatch.setenv("DATELINE_CONTACT", "desk@courier.example")
    plan = new_schedule(Path("news"), 5)
    assert plan.folder == home / "news"
    assert Path(plan.program[0]).is_absolute()
    assert os.access(plan.program[0], os.X_OK)
    assert plan.environment["DATELINE_CONTACT"] == "desk@courier.example"


def test_a_schedule_keeps_every_configured_variable_that_its_runs_read(home, monkeypatch):
    monkeypatch.chdir(home)
    for name in [name for name in os.environ if name.startswith("DATELINE_")]:
        monkeypatch.delenv(name)
    given = {
        "DATELINE_OPT_OUTS": "noai, tdm",
        "DATELINE_DELAY": "3",
        "DATELINE_CRAWL_SINCE": "3d",
        "DATELINE_CRAWL_ASK": "",
        "DATELINE_RETENTION_KEEP": "none",
    }
    unread = {"DATELINE_CONTACT": " ", "DATELINE_SERVE_PORT": "8010", "DATELINE_ARCHIVE": "news"}
    for name, value in (given | unread | {"DATELINE_CATALOGUE": "ours.csv"}).items():
        monkeypatch.setenv(name, value)
    kept = dict(new_schedule(Path("news"), 5).environment)
    proxies = {name for name in kept if name.endswith("_proxy")}
    assert {name: kept[name] for name in kept if name not in proxies} == given | {
        "DATELINE_CATALOGUE": str(home / "ours.csv")
    }


def test_a_schedule_keeps_no_empty_variable_of_what_pruning_keeps(home, monkeypatch):
    monkeypatch.setenv("DATELINE_RETENTION_KEEP", " ")
    assert "DATELINE_RETENTION_KEEP" not in new_schedule(home / "news", 5).environment


def test_a_schedule_leaves_to_the_file_what_the_file_says(home, monkeypatch):
    (home / "news" / "dateline.toml").write_text('catalogue = "ours.csv"\n', "utf-8")
    # where every command that reads the configuration leaves it for look-ups
    monkeypatch.setenv("DATELINE_CATALOGUE", str(home / "news" / "ours.csv"))
    assert "DATELINE_CATALOGUE" not in new_schedule(home / "news", 5).environment


def test_there_is_no_schedule_for_an_archive_that_is_not_there_but_an_old_one_can_be_removed(home):
    with pytest.raises(UsageError, match="there is no archive here yet"):
        new_schedule(home / "nowhere", 5)
    assert new_schedule(home / "nowhere", 5, new=False).folder == home / "nowhere"


@pytest.mark.slow
def test_the_command_prints_unless_it_is_told_to_install(home, dateline):
    put(home, "crontab", CRONTAB)
    run = dateline()
    run.folder = home / "news"
    assert run("schedule", "--cron").stdout.splitlines()[0] == f"# dateline {home / 'news'}: begin"
    assert run("schedule", "--systemd", "--every", "1h").stdout.count("OnCalendar=") == 2
    assert not (home / "crontab").exists()
    assert not (home / ".config").exists()
    run.environment["DATELINE_OPT_OUTS"] = "noai"
    installed = run("schedule", "--cron", "--install", "--every", "30m").stdout
    assert "copied from the environment: " in installed
    assert "DATELINE_OPT_OUTS" in installed
    assert "*/30 * * * *" in (home / "crontab").read_text()
    run("schedule", "--cron", "--remove")
    assert (home / "crontab").read_text() == ""
    assert "--systemd or --cron" in run("schedule", code=2).stderr
    assert "'7m'" in run("schedule", "--cron", "--every", "7m", code=2).stderr


NO_BUS = """#!/bin/sh
echo "$@" >> "$HOME/systemctl.log"
echo "Failed to connect to bus: No medium found" >&2
exit 1
"""
NO_TIMERS = """#!/bin/sh
echo "$@" >> "$HOME/systemctl.log"
case "$2" in enable) echo "Unit is masked" >&2; exit 1 ;; esac
"""


@pytest.mark.parametrize(
    ("systemctl", "said"), [(NO_BUS, "Failed to connect to bus"), (NO_TIMERS, "Unit is masked")]
)
def test_where_systemd_does_not_start_the_timers_no_unit_is_left(home, systemctl, said):
    put(home, "systemctl", systemctl)
    with pytest.raises(SchedulingError, match=said):
        install_schedule.install_units(new_schedule(home / "news", 5))
    assert list((home / ".config/systemd/user").iterdir()) == []


def test_where_systemd_does_not_take_new_units_the_old_ones_stand_as_they_were(home):
    put(home, "systemctl", SYSTEMCTL)
    install_schedule.install_units(new_schedule(home / "news", 5))
    folder = home / ".config/systemd/user"
    before = {path.name: path.read_text() for path in folder.iterdir()}
    put(home, "systemctl", NO_BUS)
    with pytest.raises(SchedulingError):
        install_schedule.install_units(new_schedule(home / "news", 30))
    assert {path.name: path.read_text() for path in folder.iterdir()} == before


def test_units_are_removed_also_where_systemd_does_not_listen(home):
    put(home, "systemctl", SYSTEMCTL)
    plan = new_schedule(home / "news", 5)
    install_schedule.install_units(plan)
    folder = home / ".config/systemd/user"
    (folder / "timers.target.wants").mkdir()
    (folder / "timers.target.wants" / f"{plan.name}.timer").symlink_to(
        folder / f"{plan.name}.timer"
    )
    put(home, "systemctl", NO_BUS)
    with pytest.raises(SchedulingError, match="No medium found; the units are removed"):
        install_schedule.remove_units(plan)
    assert [path.name for path in folder.rglob("*")] == ["timers.target.wants"]


def test_units_are_removed_also_where_there_is_no_systemd_any_more(home):
    put(home, "systemctl", SYSTEMCTL)
    plan = new_schedule(home / "news", 5)
    install_schedule.install_units(plan)
    (home / "bin" / "systemctl").unlink()
    with pytest.raises(SchedulingError, match=r"systemctl: .*; the units are removed"):
        install_schedule.remove_units(plan)
    assert list((home / ".config/systemd/user").iterdir()) == []


def test_a_folder_of_units_that_cannot_be_written_is_named(home):
    put(home, "systemctl", SYSTEMCTL)
    (home / ".config").write_text("a file stands in the way")
    with pytest.raises(SchedulingError, match=r"\.config.*cannot be written"):
        install_schedule.install_units(new_schedule(home / "news", 5))
