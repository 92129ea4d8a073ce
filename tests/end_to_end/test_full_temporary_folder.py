"""The folder for temporary files is full, or fills up, or no file may grow: a command does its work
or ends in one clear line, and what the archive held and said is still there."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from demo.web import Web, serve
from tests.conftest import Dateline
from tests.end_to_end.test_faults import ALL, NAMESPACES, assert_one_line, assert_sound, mounts
from tests.patience import patient
from tests.stories import outlet, world

ARTICLES = 6
SMALL_FOLDER = """
mount -t tmpfs -o size=1m tmpfs "$1" || exit 99
for each in /tmp /var/tmp; do mount -t tmpfs -o size=16k,ro tmpfs "$each" || exit 99; done
head -c "$2" /dev/zero > "$1/filler" 2>/dev/null
cd "$1" && TMPDIR="$1" && export TMPDIR && shift 2 && exec "$@"
"""
"""Folder, bytes taken, command. The folder gets a megabyte, and is the only one for temporary
files."""
SMALL_FILES = 'ulimit -f "$1" && shift && exec "$@"'
"""Blocks of 512 bytes to which a file may grow, command."""
FILL_BATCH = """
from archive.errors import UsageError
from crawler.jobs.extract_batch import ExtractBatch

with ExtractBatch() as batch:
    try:
        for number in range(60):
            row = {"page_type": "other", "language": "en", "text": f"{number} ferry " * 100_000}
            batch.add(row, None)
    except UsageError as error:
        print(error)
"""
"""Fills the folder with pages, as an extraction of many files does."""
HIDDEN = Path(__file__).is_relative_to("/tmp") or Path(sys.executable).is_relative_to("/tmp")
visible = pytest.mark.skipif(
    HIDDEN, reason="the checkout itself lies where the test mounts an empty folder"
)


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with serve(world(outlet(many=ARTICLES))) as served:
        yield served


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder that no mount of the tests hides."""
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="dateline-test-") as folder:
        yield Path(folder)


@pytest.fixture
def archive(web: Web, elsewhere: Path) -> Dateline:
    """An archive that knows an outlet and has no articles; no model of languages is unpacked."""
    run = Dateline(elsewhere / "archive", web, {"XDG_CACHE_HOME": "/dev/null"})
    run.knows()
    return run


def ran(command: Sequence[str], run: Dateline) -> subprocess.CompletedProcess[str]:
    """Run a command with the environment of an archive."""
    done = subprocess.run(
        command,
        env=run.environ(),
        capture_output=True,
        text=True,
        timeout=patient(110),
        check=False,
    )
    assert done.returncode != 99, done.stderr
    return done


def with_small_folder(
    run: Dateline, taken: int, words: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    """Run a command of Dateline whose only folder for temporary files has a megabyte."""
    small = run.folder.parent / "small"
    small.mkdir()
    return ran(
        [*NAMESPACES, "sh", "-c", SMALL_FOLDER, "sh", str(small), str(taken), *run.command(*words)],
        run,
    )


def with_small_files(
    run: Dateline, blocks: int, words: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    """Run a command of Dateline that may write no large file."""
    return ran(["sh", "-c", SMALL_FILES, "sh", str(blocks), *run.command(*words)], run)


# -- a folder for temporary files with a megabyte --------------------------------------------------


@mounts
@visible
@pytest.mark.parametrize("taken", [0, 2_000_000], ids=["an empty one", "a full one"])
def test_a_crawl_with_a_small_folder_ends_in_one_line_or_does_its_work(archive, taken):
    """The model of languages alone is seventy times as large as the folder."""
    done = with_small_folder(archive, taken, ALL)

    assert "Traceback" not in done.stderr
    if taken:
        assert "TMPDIR" in assert_one_line(done)
        archive.crawl()  # now that there is room
    assert archive.column("SELECT count(*) FROM articles") == [ARTICLES]
    assert_sound(archive.folder)


@mounts
@visible
def test_an_export_needs_nothing_of_the_folder(archive, elsewhere):
    archive.crawl()
    output = elsewhere / "pages.warc.gz"

    done = with_small_folder(archive, 2_000_000, ["export", "--warc", "-o", str(output)])

    assert (done.returncode, output.stat().st_size > 0) == (0, True)


@mounts
@visible
def test_an_export_into_a_full_folder_ends_in_one_line(archive, elsewhere):
    archive.crawl()
    output = elsewhere / "small" / "pages.warc.gz"

    done = with_small_folder(archive, 2_000_000, ["export", "--warc", "-o", str(output)])

    assert "pages.warc.gz: cannot be written (No space left on device)" in assert_one_line(done)
    assert archive.column("SELECT count(*) FROM articles") == [ARTICLES]
    assert_sound(archive.folder)


@mounts
@visible
def test_pages_that_fill_the_folder_end_an_extraction_in_one_line(archive):
    small = archive.folder.parent / "small"
    small.mkdir()
    program = [sys.executable, "-c", FILL_BATCH]

    done = ran([*NAMESPACES, "sh", "-c", SMALL_FOLDER, "sh", str(small), "0", *program], archive)

    assert "name another folder in TMPDIR" in done.stdout, done.stderr


# -- no file may grow ------------------------------------------------------------------------------


def test_a_crawl_that_may_write_no_large_file_loses_nothing(archive):
    """Half as large as the archive: less than SQLite writes to its log in this crawl."""
    sizes = [file.stat().st_size for file in archive.folder.iterdir()]

    line = assert_one_line(with_small_files(archive, max(sizes) // 2 // 512, ALL))

    assert str(archive.folder) in line
    archive.crawl()  # now that files may grow
    assert archive.column("SELECT count(DISTINCT url) FROM articles") == [ARTICLES]
    assert_sound(archive.folder)
