"""Commands by which people write notes, save searches and let others sign in."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import archive.cli.note_commands
import archive.cli.read_commands
import archive.cli.serving.passwords
import archive.cli.story_commands
import archive.exports.citations
from archive.cli.base import cli
from archive.cli.serving.passwords import hash_password, read_password_file
from archive.cli.serving.serve import (
    ServeOptions,
    check_sign_in,
    plugin_configuration,
    sign_in_lines,
)
from archive.errors import UsageError
from archive.storage.snapshot import archive_snapshot
from tests.archive.room import STORY, furnish

assert archive.cli.note_commands
assert archive.cli.read_commands
assert archive.cli.story_commands


@pytest.fixture
def room(folder: Path) -> Path:
    return furnish(folder)


def run(folder: Path, *words: str, code: int = 0, stdin: str | None = None) -> Result:
    ran = CliRunner().invoke(cli, ["--archive", str(folder), *words], input=stdin)
    assert ran.exit_code == code, ran.output
    return ran


# -- notes -----------------------------------------------------------------------------------------


def test_a_note_is_written_listed_shown_edited_and_deleted(room: Path) -> None:
    run(room, "note", "1", "They confirm.", "--author", "mara")
    assert "Note 1 · mara" in run(room, "note", "1").output
    assert "  They confirm." in run(room, "show", "1").output
    run(room, "note", "--edit", "1", "-", stdin="They deny.\nFor now.\n")
    assert "For now." in run(room, "note", "1").output
    run(room, "note", "--delete", "1")
    assert "No notes" in run(room, "note", "1").output


@pytest.mark.parametrize(
    ("words", "cited"), [(("--list",), 0), (("--format", "md"), 0), (("-o", "x.bib"), 1)]
)
def test_a_story_reads_citations_only_to_write_them(
    room: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], cited: int
) -> None:
    counted: list[object] = []
    read = archive.exports.citations.cited_articles
    monkeypatch.setattr(
        archive.exports.citations,
        "cited_articles",
        lambda *given: counted.append(1) or read(*given),
    )
    monkeypatch.chdir(tmp_path)
    run(room, "story", STORY, *words)
    assert len(counted) == cited


def test_notes_on_a_story_its_event_and_its_articles_are_in_its_dossier_unless_left_out(
    room: Path,
) -> None:
    for subject, text in (
        ("1", "of one"),
        ("event:1", "of the event"),
        (f"story:{STORY}", "of all"),
    ):
        run(room, "note", subject, text)
    for form in ("text", "md", "json", "html"):
        dossier = run(room, "story", STORY, "--format", form).output
        assert [text for text in ("of one", "of the event", "of all") if text not in dossier] == []
        bare = run(room, "story", STORY, "--format", form, "--no-notes").output
        assert [text for text in ("of one", "of the event", "of all") if text in bare] == []


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["99", "x"], 1, "not in"),
        (["event:99", "x"], 2, "99: no such event"),
        (["story:nothing", "x"], 2, "no such story"),
        (["1", " "], 2, "a note needs a text"),
        (["--edit", "1"], 2, "give the new text"),
        (["--delete", "x"], 2, "name the note by its number"),
        (["--delete", "--edit", "1"], 2, "exclude each other"),
        (["--delete", "7"], 2, "7: no such note"),
    ],
)
def test_a_note_that_cannot_be_written_is_refused_in_one_line(
    room: Path, words: list[str], code: int, message: str
) -> None:
    said = run(room, "note", *words, code=code).output
    assert message in said
    assert len(said.splitlines()) == 1


def test_the_copy_for_the_public_has_no_trace_of_notes_and_saved_searches(room: Path) -> None:
    run(room, "note", "1", "a secret of mine")
    run(room, "search", "--save", "my watch", "ferry")
    with archive_snapshot(room) as copy:
        held = copy.read_bytes()
    assert b"a secret of mine" not in held
    assert b"my watch" not in held
    assert b"Ferry crews strike" in held


# -- searches --------------------------------------------------------------------------------------


def test_a_search_is_saved_made_again_listed_and_forgotten(room: Path) -> None:
    made = run(room, "search", "--save", "Ferries", "ferry", "--outlet", "ridge.example").output
    again = run(room, "search", "--saved", "Ferries").output
    assert "Ferries stop" in again
    assert again in made
    assert "Ferries: ferry --outlet ridge.example" in run(room, "search", "--list-saved").output
    run(room, "search", "--forget", "Ferries")
    assert "No search is saved" in run(room, "search", "--list-saved").output
    assert "no such saved search" in run(room, "search", "--saved", "Ferries", code=2).output


def test_a_search_saved_on_the_page_is_made_by_month_and_refused_where_only_the_page_can(
    room: Path,
) -> None:
    with sqlite3.connect(room / "archive.db") as connection:
        connection.executemany(
            "INSERT INTO saved_searches (name, words, filters, created_at) VALUES (?, 'ferry', ?, '')",
            [("month", '{"month": "2024-02"}'), ("story", '{"story": "harbour-strike"}')],
        )
    assert "Ferry crews strike" in run(room, "search", "--saved", "month").output
    assert "its filter story" in run(room, "search", "--saved", "story", code=2).output


@pytest.mark.parametrize(
    "words", [["--saved", "a", "b"], ["--list-saved", "--forget", "a"], ["--save", "a"], []]
)
def test_options_that_exclude_each_other_are_refused(room: Path, words: list[str]) -> None:
    run(room, "search", *words, code=2)


def test_a_search_with_a_wrong_filter_is_not_saved(room: Path) -> None:
    run(room, "search", "--save", "a", "ferry", "--outlet", "nowhere.example", code=2)
    assert "No search is saved" in run(room, "search", "--list-saved").output


# -- signing in ------------------------------------------------------------------------------------


def test_a_password_is_kept_as_a_hash_that_only_its_owner_reads(tmp_path: Path) -> None:
    file = tmp_path / "passwords.txt"
    run(tmp_path, "password", "mara", str(file), stdin="herring and fog\n")
    run(tmp_path, "password", "jo", str(file), stdin="fog and herring\n")
    assert "herring" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(read_password_file(file)) == {"jo", "mara"}
    run(tmp_path, "password", "jo", str(file), "--remove")
    assert set(read_password_file(file)) == {"mara"}


def test_the_plugin_of_datasette_accepts_the_hash() -> None:
    utils = pytest.importorskip("datasette_auth_passwords.utils")
    hashed = hash_password("herring and fog")
    assert utils.verify_password("herring and fog", hashed)
    assert not utils.verify_password("fog and herring", hashed)


@pytest.mark.parametrize(
    ("words", "stdin"),
    [(["a b"], "long enough"), (["mara"], "short"), (["mara", "--remove"], "")],
)
def test_a_name_or_password_that_cannot_be_is_refused(
    tmp_path: Path, words: list[str], stdin: str
) -> None:
    name, *more = words
    file = tmp_path / "passwords.txt"
    run(tmp_path, "password", name, str(file), *more, code=2, stdin=stdin + "\n")
    assert not file.exists()


def test_a_file_of_another_form_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "passwords.txt"
    file.write_text("# people\nmara:herring\n")
    with pytest.raises(UsageError, match="line 2: not of the form name:hash"):
        check_sign_in(ServeOptions(password_file=file))


def test_a_header_of_a_proxy_needs_loopback_or_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATELINE_PROXY_SECRET", raising=False)
    check_sign_in(ServeOptions(proxy_user_header="X-Remote-User"))
    open_to_all = ServeOptions(host="0.0.0.0", proxy_user_header="X-Remote-User")
    with pytest.raises(UsageError, match="anybody who can connect could send this header"):
        check_sign_in(open_to_all)
    monkeypatch.setenv("DATELINE_PROXY_SECRET", "harbour")
    check_sign_in(open_to_all)
    assert not plugin_configuration(open_to_all)["proxy_on_loopback"]
    with pytest.raises(UsageError, match="not a name of a header"):
        check_sign_in(ServeOptions(proxy_user_header="X Remote: User"))
    with pytest.raises(UsageError, match="--editor goes with"):
        check_sign_in(ServeOptions(editors=("mara",)))


def test_the_start_says_how_to_sign_in_and_who_may_change_the_archive(tmp_path: Path) -> None:
    how = ServeOptions(password_file=tmp_path / "p", editors=("mara",), root=True)
    said = "\n".join(sign_in_lines(how))
    assert "http://127.0.0.1:8001/-/login" in said
    assert "to sign in again, restart" in said
    assert plugin_configuration(how)["edit"] == {"id": ["mara"]}
    assert plugin_configuration(ServeOptions(proxy_user_header="X-User"))["edit"] == {"id": "*"}
    assert "edit" not in plugin_configuration(ServeOptions())
