"""The model that tells languages is unpacked once; where it cannot be, languages are told all the
same."""

from __future__ import annotations

import errno
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from py3langid import modelio

from crawler.text.language_model import MODEL_PARTS, load_language_model

SAID = {
    "en": "The last ferry leaves the island at noon, and nobody on the quay is sorry to see it go.",
    "de": "Die letzte Fähre verlässt die Insel am Mittag, und niemand am Kai sieht sie ungern fahren.",
    "ru": "Последний паром уходит с острова в полдень, и никто на причале о нём не жалеет.",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "dateline"


def told() -> dict[str, float]:
    """By language, how likely the model takes what is said in it for it."""
    answers = {wanted: load_language_model().classify(text) for wanted, text in SAID.items()}
    assert {wanted: code for wanted, (code, _) in answers.items()} == {
        wanted: wanted for wanted in SAID
    }
    return {wanted: float(likelihood) for wanted, (_, likelihood) in answers.items()}


def kept(home: Path) -> list[Path]:
    return sorted(home.rglob("*.npy"))


def test_it_is_unpacked_once_and_answers_the_same_from_then_on(home: Path) -> None:
    first = told()
    assert [file.stem for file in kept(home)] == sorted(MODEL_PARTS)
    assert len(list(home.iterdir())) == 1, "nothing is left beside it"
    written = [file.stat().st_mtime_ns for file in kept(home)]
    assert told() == first
    assert [file.stat().st_mtime_ns for file in kept(home)] == written


@pytest.mark.slow
def test_several_that_unpack_it_at_once_do_not_hinder_each_other(home: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: told(), range(3)))
    assert answers[0] == answers[1] == answers[2]
    assert len(list(home.iterdir())) == 1


@pytest.mark.slow
def test_where_nothing_can_be_kept_languages_are_told_all_the_same(home: Path) -> None:
    home.parent.write_text("a file where the folder should be")
    wanted = told()
    home.parent.unlink()
    assert told() == wanted


@pytest.mark.slow
def test_a_damaged_file_is_not_believed(home: Path) -> None:
    wanted = told()
    for file in kept(home):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert told() == wanted


def test_without_room_for_temporary_files_the_model_is_unpacked_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)

    told()

    with pytest.raises(OSError, match="No space left"):
        modelio.tempfile.TemporaryFile()  # the module's own again
