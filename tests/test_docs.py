"""The documents say what the program does: every command, option, setting, table, column and stage
has its line.

`python -m tests.test_docs` writes the tables of docs/tables.md anew from the schema's comments.
"""

from __future__ import annotations

import importlib
import re
import shlex
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import click
import pytest
import scrapy.settings.default_settings

import archive.errors
import crawler.settings
import pipelines.stages
from archive.storage.database import open_database
from archive.storage.described_tables import (
    DescribedColumn,
    DescribedTable,
    described_tables,
    referenced_column,
)
from archive.storage.schema import ARCHIVE_SCHEMA, CAPTURES_SCHEMA, DatabaseSchema
from crawler.cli.main import cli
from tests.paths import ROOT

DOCS = ROOT / "docs"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
TABLES_PAGE = DOCS / "tables.md"
BEGIN, END = (
    "<!-- from archive/storage/schema.py: begin -->\n",
    "<!-- from archive/storage/schema.py: end -->\n",
)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def sections(text: str, marks: str = "##") -> dict[str, str]:
    """What stands under each heading of one depth, by its words without backticks."""
    parts = re.split(rf"^{marks} (.+)\n", text, flags=re.MULTILINE)
    return dict(zip((title.replace("`", "") for title in parts[1::2]), parts[2::2], strict=True))


# --- commands -------------------------------------------------------------------------------------


def commands(
    group: click.Group = cli, path: str = "dateline"
) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by the words that call it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict(commands())
COMMAND_SECTIONS = sections(read("docs/commands.md"))
EVERYWHERE = {"--archive", "--config", "--help", "-h"}
"""Told once, at the head of docs/commands.md."""


def options(command: click.Command) -> dict[str, click.Option]:
    found = [option for option in command.params if isinstance(option, click.Option)]
    return {name: option for option in found for name in option.opts if name not in EVERYWHERE}


def told_options(section: str) -> dict[str, str]:
    """The line of each option in a section: `- `--since DATE|AGE`: …`, also where two names share
    it."""
    lines = re.findall(r"^- ((?:`-[^`]+`(?:, )?)+): (.+)$", section, re.MULTILINE)
    return {
        name: f"{names} {text}"
        for names, text in lines
        for name in re.findall(r"`(-[\w-]+)", names)
    }


def test_every_command_has_its_section_and_every_section_its_command():
    told = {title for title in COMMAND_SECTIONS if title.startswith("dateline ")}
    assert told == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_section_tells_all_its_options_and_no_other(name):
    assert set(told_options(COMMAND_SECTIONS[name])) == set(options(COMMANDS[name]))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_section_names_its_values_and_defaults_as_the_help_does(name):
    told = told_options(COMMAND_SECTIONS[name])
    for option_name, option in options(COMMANDS[name]).items():
        assert not option.metavar or option.metavar in told[option_name], option_name
        assert option.show_default is not True or f"`{option.default}`" in told[option_name], (
            option_name
        )


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_section_shows_how_it_is_called(name):
    called = [" ".join(line[: len(name.split())]) for line in shell_lines(COMMAND_SECTIONS[name])]
    assert name in called


def test_every_command_takes_an_archive_as_the_head_of_the_page_says():
    without = {
        name
        for name, command in COMMANDS.items()
        if not any("--archive" in p.opts for p in command.params)
    }
    assert not without


# --- what is typed --------------------------------------------------------------------------------


def shell_lines(text: str) -> list[list[str]]:
    """The `dateline` commands in a document's shell blocks, as words, up to a pipe or a
    redirection."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    found = []
    for line in "".join(blocks).splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0] == "dateline":
            end = next(
                (at for at, word in enumerate(words) if re.match(r"[|<>]|\d?>|&", word)), len(words)
            )
            found.append(words[:end])
    return found


def parsed(words: list[str]) -> click.Command:
    """The command that the words call; raises click.UsageError for a command or an option that is
    none."""
    command: click.Command = cli
    rest = words[1:]
    while True:
        context = click.Context(command, **command.context_settings)
        given, left, _ = command.make_parser(context).parse_args(list(rest))
        if not isinstance(command, click.Group):
            break
        found = command.get_command(context, left[0])
        if found is None:
            raise click.UsageError(f"no such command: {left[0]}")
        command, rest = found, left[1:]
    texts = [
        word
        for value in given.values()
        for word in (value if isinstance(value, tuple | list) else [value])
    ]
    strange = [word for word in [*left, *texts] if isinstance(word, str) and word.startswith("--")]
    missing = [
        p.name
        for p in command.params
        if p.required and not isinstance(given.get(p.name or ""), str | tuple)
    ]
    if strange or missing:
        raise click.UsageError(f"{' '.join(words)}: not known {strange}, missing {missing}")
    return command


TYPED = [
    (path.name, shlex.join(words))
    for path in DOCUMENTS
    for words in shell_lines(path.read_text("utf-8"))
]


@pytest.mark.parametrize(("document", "line"), TYPED)
def test_what_a_document_types_is_a_command_with_its_options(document, line):
    assert parsed(shlex.split(line)) in COMMANDS.values()


@pytest.mark.parametrize(
    "line",
    [
        "dateline fly",
        "dateline crawl --fast",
        "dateline search",
        "dateline outlet sell x",
        "dateline search a --b",
    ],
)
def test_a_line_that_is_no_command_would_be_found_out(line):
    with pytest.raises(click.UsageError):
        parsed(shlex.split(line))


def test_the_first_story_of_the_readme_follows_from_an_article_to_a_dossier_and_asks_in_sql():
    story = sections(read("README.md"))["The first story"]
    assert [words[1] for words in shell_lines(story)] == [
        "outlet",
        "follow",
        "crawl",
        "story",
        "serve",
    ]
    assert re.search(r"^sqlite3 data/archive\.db \"SELECT", story, re.MULTILINE)


def test_what_a_document_makes_is_a_target_of_the_makefile():
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    for path in DOCUMENTS:
        made = re.findall(r"(?:^|`)make ([a-z]+)", path.read_text("utf-8"), re.MULTILINE)
        assert set(made) <= targets, path.name
    assert {"demo", "test"} <= set(re.findall(r"^make ([a-z]+)", read("README.md"), re.MULTILINE))


def test_what_a_document_hands_to_scrapy_is_a_spider_of_the_project():
    spiders = set(re.findall(r'^    name = "(\w+)"', spider_sources(), re.MULTILINE))
    told = set(re.findall(r"scrapy crawl (\w+)", read("docs/commands.md")))
    assert told == spiders


def spider_sources() -> str:
    return "\n".join(
        path.read_text("utf-8") for path in (ROOT / "crawler" / "spiders").glob("*.py")
    )


# --- settings -------------------------------------------------------------------------------------

ROW = re.compile(r"^\| `(\w+)` \| `?([^|]*?)`? \| ([^|]+) \|$", re.MULTILINE)
TOLD_SETTINGS = {name: (value, why) for name, value, why in ROW.findall(read("docs/settings.md"))}


def ours() -> dict[str, object]:
    """The settings that are the project's own, or other than Scrapy's."""
    known: ModuleType = scrapy.settings.default_settings
    return {
        name: value
        for name, value in vars(crawler.settings).items()
        if name.isupper() and (not hasattr(known, name) or getattr(known, name) != value)
    }


def test_every_setting_that_is_ours_or_changed_has_its_line():
    assert set(ours()) <= set(TOLD_SETTINGS)


def test_every_setting_told_is_one_of_the_projects_settings():
    assert [name for name in TOLD_SETTINGS if not hasattr(crawler.settings, name)] == []


def test_a_setting_is_told_with_its_value():
    plain = {
        name: value
        for name, value in ours().items()
        if isinstance(value, int | float | bool | None)
    }
    assert {name: TOLD_SETTINGS[name][0] for name in plain} == {
        name: str(value) for name, value in plain.items()
    }


def test_every_environment_variable_that_the_code_reads_is_told():
    sources = [
        path.read_text("utf-8")
        for room in ("archive", "crawler", "pipelines")
        for path in code(room)
    ]
    named = r'(?:environ(?:\.get)?[(\[]|envvar=|_VARIABLE = )"(\w+)"'
    read_here = set(re.findall(named, "\n".join(sources)))
    told = set(
        re.findall(
            r"^- `(\w+)`", sections(read("docs/settings.md"))["Environment variables"], re.MULTILINE
        )
    )
    assert read_here <= told
    assert told - read_here == {"http_proxy", "https_proxy", "no_proxy", "TMPDIR"}, (
        "Scrapy and Python read these"
    )


def code(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def test_every_exit_code_of_an_error_is_told():
    errors = [
        kind
        for kind in vars(archive.errors).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    told = set(
        re.findall(r"^\| (\d+) \|", sections(read("docs/settings.md"))["Exit codes"], re.MULTILINE)
    )
    killed = "137"  # as shells tell of signal 9: what a crawl gets that cannot stop by itself
    assert told == {"0", killed} | {str(kind.exit_code) for kind in errors}


def test_the_tree_of_errors_stands_in_the_design_as_in_the_code():
    tree = (archive.errors.__doc__ or "").partition("\n\n")[2].strip()
    assert tree in read("docs/design.md")


# --- tables ---------------------------------------------------------------------------------------


def tables_text() -> str:
    """Every table of the two files with its columns, as Markdown."""
    return (
        file_text("archive.db", ARCHIVE_SCHEMA) + "\n" + file_text("captures.db", CAPTURES_SCHEMA)
    )


def file_text(name: str, schema: DatabaseSchema) -> str:
    parts = [table_text(*item) for item in described_tables(schema).items()]
    return f"## {name}\n\n" + "\n".join(parts)


def table_text(name: str, table: DescribedTable) -> str:
    """A table with its columns; of a view and of the full-text index, the names alone."""
    view = " (A view.)" if table.kind == "view" else ""
    head = f"### {name}\n\n{table.description}{view}\n\n"
    if table.kind != "table":
        return head + f"Columns: {', '.join(f'`{column}`' for column in table.columns)}\n"
    rows = [column_row(*item) for item in table.columns.items()]
    return head + "| column | type | holds |\n| --- | --- | --- |\n" + "\n".join(rows) + "\n"


def column_row(name: str, column: DescribedColumn) -> str:
    target = referenced_column(column.definition)
    values = re.search(r"CHECK \(\w+ IN \(([^)]*)\)\)", column.definition)
    notes = [
        column.comment,
        f"→ `{target[0]}.{target[1]}`" if target else "",
        values[1].replace("'", "`") if values else "",
    ]
    kind = column.definition.split()[0]
    kind += next(
        (f" {said}" for said in ("PRIMARY KEY", "NOT NULL") if said in column.definition), ""
    )
    return f"| `{name}` | {kind} | {' · '.join(filter(None, notes))} |"


def test_the_page_of_tables_is_as_the_schema_says():
    _, _, rest = TABLES_PAGE.read_text("utf-8").partition(BEGIN)
    assert rest.partition(END)[0] == tables_text(), "`python -m tests.test_docs` writes it anew"


@pytest.mark.parametrize(
    ("heading", "schema"), [("archive.db", ARCHIVE_SCHEMA), ("captures.db", CAPTURES_SCHEMA)]
)
def test_every_table_and_column_of_a_new_archive_is_told(heading, schema, tmp_path):
    db = open_database(tmp_path / heading, schema)
    told = sections(sections(TABLES_PAGE.read_text("utf-8"))[heading], "###")
    names = [
        row["name"]
        for row in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    ]
    kept = [name for name in names if not name.startswith(("articles_fts_", "sqlite_", "_sqlite"))]
    assert set(told) == set(kept)
    for name in kept:
        columns = [
            row["name"] for row in db.execute(f"SELECT name FROM pragma_table_info('{name}')")
        ]
        assert [column for column in columns if f"`{column}`" not in told[name]] == [], name
    db.close()


def queries() -> list[tuple[str, str]]:
    """The SQL that documents show: in blocks of their own, and in lines for sqlite3."""
    texts = [(path.name, path.read_text("utf-8")) for path in DOCUMENTS]
    blocks = [
        (name, sql)
        for name, text in texts
        for sql in re.findall(r"^```sql\n(.*?)^```", text, re.M | re.S)
    ]
    lines = [
        (name, sql)
        for name, text in texts
        for sql in re.findall(r"archive\.db \"(SELECT[^\"]*)\"", text)
    ]
    return blocks + lines


@pytest.mark.parametrize(("document", "sql"), queries())
def test_a_query_that_a_document_shows_runs_on_an_archive(document, sql, tmp_path):
    open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA).close()
    db = sqlite3.connect(tmp_path / "archive.db")
    try:
        db.execute(sql)
    finally:
        db.close()


def test_the_page_of_tables_shows_four_queries():
    assert len([name for name, _ in queries() if name == "tables.md"]) == 4


# --- where things are -----------------------------------------------------------------------------

ANSWER = re.compile(r"^\| (Where [^|]+\?) \| (.+) \|$", re.MULTILINE)
ANSWERS = dict(ANSWER.findall(sections(read("docs/design.md"), "###")["Where is …?"]))
NAMES_OF_CODE = sorted(set(re.findall(r"`([\w.]+)`", " ".join(ANSWERS.values()))))


def test_a_newcomers_questions_have_an_answer_each():
    assert len(ANSWERS) >= 12
    assert all(
        re.search(r"`(?:crawler|pipelines|archive)\.", answer) for answer in ANSWERS.values()
    )


@pytest.mark.parametrize("name", NAMES_OF_CODE)
def test_what_a_question_is_answered_with_exists(name):
    """A module, or a module and one of its names."""
    module, _, attribute = name.rpartition(".")
    if hasattr(importlib.import_module(module), attribute):
        return
    importlib.import_module(name)


# --- stages and links -----------------------------------------------------------------------------


def test_every_stage_has_its_paragraph_in_the_order_in_which_they_run():
    run = sorted(crawler.settings.ITEM_PIPELINES.items(), key=lambda item: item[1])
    names = [f"{path.split('.')[1]} ({number})" for path, number in run]
    assert list(sections(sections(read("docs/design.md"))["The stages"], "###")) == names


def test_what_does_not_come_through_scrapy_passes_the_same_stages():
    here = [stage.__module__ for stage in pipelines.stages.STAGES_IN_ORDER]
    there = [path.rpartition(".")[0] for path in crawler.settings.ITEM_PIPELINES]
    assert [*here, "pipelines.keep"] == there


def links() -> list[tuple[Path, str]]:
    found = r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)"
    pairs = [
        (path, a or b) for path in DOCUMENTS for a, b in re.findall(found, path.read_text("utf-8"))
    ]
    return [(path, link) for path, link in pairs if not re.match(r"[a-z]+:", link)]


@pytest.mark.parametrize(
    ("path", "link"), [pytest.param(*pair, id=f"{pair[0].name}-{pair[1]}") for pair in links()]
)
def test_a_link_or_picture_of_a_document_leads_somewhere(path, link):
    target, _, fragment = link.partition("#")
    file = path.parent / unquote(target) if target else path
    assert file.exists()
    if fragment:
        titles = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
        assert fragment in {
            re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles
        }


def test_pictures_stay_small():
    assert all(path.stat().st_size <= 200_000 for path in DOCS.glob("*.png"))


if __name__ == "__main__":
    before, _, rest = TABLES_PAGE.read_text("utf-8").partition(BEGIN)
    TABLES_PAGE.write_text(before + BEGIN + tables_text() + END + rest.partition(END)[2], "utf-8")
