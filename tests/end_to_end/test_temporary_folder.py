"""The folder for temporary files may be full, gone or somebody else's: nothing of his is read,
followed or overwritten, and what cannot go on ends in one clear line."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from archive.errors import DatelineError
from archive.storage.temporary_files import is_own_folder, is_safe_folder, temporary_folder
from crawler.text import language_model
from demo.web import serve
from tests.end_to_end.test_faults import NAMESPACES, assert_one_line, mounts
from tests.patience import patient
from tests.servers import free_port
from tests.stories import outlet, page, world

SAID = "The last ferry leaves the island at noon, and nobody on the quay is sorry to see it go."
PAGE = f"<html lang=en><title>Ferry</title><h1>The last ferry</h1>{f'<p>{SAID}</p>' * 6}"
STRANGERS = (0o777, 0o775, 0o757)


@pytest.fixture
def named(tmp_path, monkeypatch):
    """A folder of our own that TMPDIR names."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "named"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "named").mkdir(mode=0o700)
    yield tmp_path / "named"
    tempfile.tempdir = None


# -- which folder is taken -------------------------------------------------------------------------


def test_the_folder_that_is_named_is_taken_if_it_is_our_own(named):
    assert temporary_folder() == named


@pytest.mark.parametrize("mode", STRANGERS)
def test_a_folder_in_which_others_may_exchange_what_is_ours_is_not_taken(named, mode):
    named.chmod(mode)
    assert temporary_folder() != named
    named.chmod(mode | stat.S_ISVTX)
    assert temporary_folder() == named, "in which nobody can, as in /tmp"


def test_a_folder_within_one_that_others_may_exchange_is_not_taken(named, monkeypatch):
    (named / "mine").mkdir(mode=0o700)
    monkeypatch.setenv("TMPDIR", str(named / "mine"))
    named.chmod(0o777)
    assert temporary_folder() != named / "mine"


def test_somebody_elses_folder_is_not_taken(named, monkeypatch):
    """Whoever owns a folder may rename what lies in it. That we are somebody else is said, as it
    takes rights to be."""
    own = named.stat().st_uid
    if own == 0:
        os.chown(named, 4711, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    assert not is_safe_folder(named)


def test_a_link_to_a_folder_is_judged_by_where_it_leads(named, tmp_path, monkeypatch):
    (tmp_path / "strangers").mkdir()
    (tmp_path / "strangers").chmod(0o777)
    (named / "link").symlink_to(tmp_path / "strangers")
    monkeypatch.setenv("TMPDIR", str(named / "link"))
    assert temporary_folder() not in (named / "link", tmp_path / "strangers")


@pytest.mark.parametrize("what", ["missing", "a file", "dangling"])
def test_where_the_folder_that_is_named_is_none_the_systems_own_is_taken(named, what):
    named.rmdir()
    if what == "a file":
        named.write_text("")
    elif what == "dangling":
        named.symlink_to("nowhere")
    assert temporary_folder() in (Path("/tmp"), Path("/var/tmp"))


def test_a_path_too_long_for_a_socket_gives_way_to_a_shorter_one(named, monkeypatch):
    deep = named / ("long" * 30)
    deep.mkdir()
    monkeypatch.setenv("TMPDIR", str(deep))
    assert temporary_folder() == deep
    assert len(str(temporary_folder(64))) <= 64


def test_where_there_is_none_one_line_says_what_to_do(named, monkeypatch):
    monkeypatch.setattr("archive.storage.temporary_files.is_safe_folder", lambda _: False)
    with pytest.raises(DatelineError, match="set TMPDIR to a folder of your own"):
        temporary_folder()


# -- the model of languages that is kept -----------------------------------------------------------


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder of the model, with one such as a stranger would plant: by it, everything is in
    another language."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert language_model.load_language_model().classify(SAID)[0] == "en"
    (folder,) = (tmp_path / "dateline").iterdir()
    assert is_own_folder(folder)
    classes = folder / "nb_classes.npy"
    np.save(classes, np.roll(np.load(classes), 1))
    assert language_model.load_language_model().classify(SAID)[0] != "en", (
        "what is our own is believed"
    )
    return folder


@pytest.mark.parametrize("mode", STRANGERS)
@pytest.mark.parametrize("whose", ["the model's", "the cache's"])
def test_no_model_is_read_from_a_folder_that_others_may_write_in(cache, mode, whose):
    (cache if whose == "the model's" else cache.parent).chmod(mode)
    assert language_model.load_language_model().classify(SAID)[0] == "en"


def test_no_model_is_read_from_somebody_elses_folder(cache, monkeypatch):
    us = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: us + 1)
    assert language_model.load_language_model().classify(SAID)[0] == "en"


@pytest.mark.parametrize("where", ["the model's", "the cache's"])
def test_no_link_is_followed_to_a_model_or_to_where_one_would_be_unpacked(cache, tmp_path, where):
    planted = cache if where == "the model's" else cache.parent
    planted.rename(tmp_path / "theirs")
    planted.symlink_to(tmp_path / "theirs")
    before = sorted((tmp_path / "theirs").rglob("*"))
    assert language_model.load_language_model().classify(SAID)[0] == "en"
    assert sorted((tmp_path / "theirs").rglob("*")) == before


# -- commands --------------------------------------------------------------------------------------


def planted(folder: Path, victim: Path) -> None:
    """What a stranger might guess that we make there."""
    victim.write_text("precious")
    for name in (
        "pymp-",
        "listener-",
        "dateline-",
        "languages-0.4.0",
        "metadata.json",
        "crawl.lock",
        "archive.db",
    ):
        (folder / name).symlink_to(victim)


@pytest.mark.parametrize("how", ["missing", "a file", "a strangers", "too long a path"])
def test_a_crawl_and_a_reading_do_their_work_whatever_the_folder_is(dateline, tmp_path, how):
    at = tmp_path / "named" / ("long" * 20 if how == "too long a path" else "x")
    at.parent.mkdir()
    if how == "a file":
        at.write_text("")
    elif how != "missing":
        at.mkdir()
        planted(at, tmp_path / "victim")
        at.chmod(0o777 if how == "a strangers" else 0o700)
    before = sorted(each.name for each in at.iterdir()) if at.is_dir() else []
    (tmp_path / "page.html").write_text(PAGE)
    with serve(world(outlet(pages=(page(1), page(2))))) as web:
        run = dateline(web, TMPDIR=str(at))
        run.knows()
        run.crawl()
        assert SAID in run("extract", tmp_path / "page.html").stdout
    assert run.column("SELECT count(*) FROM articles") == [2]
    if at.is_dir():
        assert sorted(each.name for each in at.iterdir()) == before
        assert (tmp_path / "victim").read_text() == "precious"


READ_ONLY = """
for each in /tmp /var/tmp; do mount -t tmpfs -o size=16k,$1 tmpfs "$each" || exit 99; done
cd /tmp && shift && exec "$@"
"""
"""ro or rw, command. The folders of the system are small and empty; ours lies elsewhere."""


HIDDEN = Path(__file__).is_relative_to("/tmp") or Path(sys.executable).is_relative_to("/tmp")


@mounts
@pytest.mark.skipif(HIDDEN, reason="the checkout itself lies where the test mounts an empty folder")
@pytest.mark.parametrize("words", [("crawl",), ("extract", "page.html"), ("watch",), ("serve",)])
def test_without_any_folder_for_temporary_files_a_command_ends_in_one_line(words):
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="dateline-test-") as elsewhere:
        folder = Path(elsewhere) / "archive"
        environ = {
            name: each
            for name, each in os.environ.items()
            if name not in ("TMPDIR", "XDG_RUNTIME_DIR")
        }
        environ |= {"DATELINE_ARCHIVE": str(folder), "XDG_CACHE_HOME": elsewhere}
        program = [sys.executable, "-P", "-m", "crawler"]
        new = [*program, "outlet", "import", str(Path(elsewhere) / "list.csv")]
        (Path(elsewhere) / "list.csv").write_text(
            "host,feed\nharbour.example,http://harbour.example/feed\n"
        )
        subprocess.run(new, env=environ, check=True, capture_output=True, timeout=patient(100))
        (Path(elsewhere) / "page.html").write_text(PAGE)
        words = [str(Path(elsewhere) / word) if "." in word else word for word in words]
        if words == ["serve"]:
            words += ["--port", str(free_port())]
        command = [*NAMESPACES, "sh", "-c", READ_ONLY, "sh", "ro", *program, *words]
        ran = subprocess.run(
            command, env=environ, capture_output=True, text=True, timeout=patient(100), check=False
        )
        assert ran.returncode != 99, ran.stderr
        assert "TMPDIR" in assert_one_line(ran)
