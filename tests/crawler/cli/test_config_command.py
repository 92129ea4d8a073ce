"""`dateline config` shows what is in force and its origin, and finds the mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archive.cli.serving import serve
from archive.configuration.option_table import CONFIG_OPTIONS
from archive.removal.prune_articles import PruneResult
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from crawler.cli.main import cli
from crawler.network.browser import browser_program

FULL = """
delay = 2
opt_outs = ["noarchive", "noai"]
[crawl]
budget = 5
[notify.targets]
desk = "mailto://ann:s3cret@desk.example"
safe = "json://desk.example/${HOOK}"
[outlets."Harbour.example"]
text = "p"
delay = 7
"""
CLEAN = {option.variable: "" for option in CONFIG_OPTIONS.values() if option.kind != "texts"}


def run(folder: Path, *words: str, **environment: str) -> Result:
    runner = CliRunner(env={"DATELINE_CONFIG": "", **CLEAN, **environment})
    return runner.invoke(cli, [*words, "--archive", str(folder)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dateline.toml").write_text(FULL, "utf-8")
    return tmp_path


def cells(output: str) -> dict[str, str]:
    """The rest of each line by its first word."""
    lines = [line.split(None, 1) for line in output.splitlines() if line.strip()]
    return {line[0]: " ".join(line[1].split()) for line in lines if len(line) == 2}


def test_each_option_is_shown_with_its_value_and_origin_and_no_secret(folder):
    shown = run(folder, "config", DATELINE_CRAWL_BUDGET="9", DATELINE_PROXY_SECRET="s3cret")
    assert shown.exit_code == 0
    assert f"configuration {folder / 'dateline.toml'}\n" in shown.output
    file = "dateline.toml"
    rows = cells(shown.output)
    assert rows["delay"] == f"2 {file}:2"
    assert rows["opt_outs"] == f"noarchive, noai {file}:3"
    assert rows["crawl.budget"] == "9 DATELINE_CRAWL_BUDGET"
    assert rows["crawl.since"] == "7d default"
    assert rows["notify.targets.desk"] == f"mailto://… {file}:7"
    assert rows["notify.targets.safe"] == f"json://… with ${{HOOK}} {file}:8"
    assert rows['outlets."harbour.example"'] == f"text: p; delay: 7.0 {file}:9"
    assert rows["serve.proxy_secret"] == "(secret) DATELINE_PROXY_SECRET"
    assert "s3cret" not in shown.output


def test_json_has_the_same_with_the_names_of_variables_and_options(folder):
    record = json.loads(run(folder, "config", "--json").output)
    assert record["file"] == str(folder / "dateline.toml")
    assert list(record["options"]) == list(CONFIG_OPTIONS)
    assert record["options"]["delay"] == {
        "value": 2,
        "origin": "file",
        "place": f"{folder / 'dateline.toml'}:2",
        "variable": "DATELINE_DELAY",
        "commands": ["crawl --delay", "investigate --delay"],
    }
    assert record["options"]["serve.port"]["value"] == 8001
    assert record["targets"]["desk"] == "mailto://…"
    assert record["outlets"] == {"harbour.example": {"text": ["p"], "delay": 7.0}}


def test_a_check_prints_every_mistake_and_ends_with_code_2(folder):
    assert run(folder, "config", "--check").output.endswith("dateline.toml: no problem\n")
    (folder / "dateline.toml").write_text(
        'opt_outs = ["nothing"]\ncatalogue = "gone.csv"\nallow_addresses = ["http://x/"]\n'
        'dely = 3\n[crawl]\nask = ["altavista"]\n[outlets."a.example"]\ntext = "p["\n'
        '[retention]\nkeep = ["story"]\n',
        "utf-8",
    )
    checked = run(folder, "config", "--check")
    assert checked.exit_code == 2
    lines = {line.split("dateline.toml:")[1].split(":")[0] for line in checked.output.splitlines()}
    assert lines == {"1", "2", "3", "4", "6", "8", "10"}


def test_two_tables_for_one_host_are_a_mistake(folder):
    (folder / "dateline.toml").write_text(
        '[outlets."A.example"]\ntext = "p"\n[outlets."a.example"]\ntext = "div"\n', "utf-8"
    )
    checked = run(folder, "config", "--check")
    assert checked.exit_code == 2
    assert 'dateline.toml:3: [outlets] a.example: the same host as [outlets."A.example"]' in (
        checked.output
    )


def test_without_a_file_the_defaults_are_shown(tmp_path):
    shown = run(tmp_path, "config")
    assert "dateline.toml (there is none)" in shown.output
    assert cells(shown.output)["delay"] == "0.5 default"


def test_a_file_that_needs_a_browser_says_so_in_one_line(folder, monkeypatch):
    rule = '[outlets."a.example"]\nrender = true\n'
    (folder / "dateline.toml").write_text(rule, "utf-8")
    monkeypatch.setattr(browser_program, "find_spec", lambda _: None)
    shown = run(folder, "config", "--check")
    needs = "a.example: render = true needs a browser: "
    assert f"{needs}pip install 'dateline[browser]'" in shown.output
    monkeypatch.setattr(browser_program, "missing_browser_reason", lambda _: None)
    assert "needs a browser" not in run(folder, "config", "--check").output
    (folder / "dateline.toml").write_text(f'browser = "off"\n{rule}', "utf-8")
    assert f"{needs}browser is off" in run(folder, "config", "--check").output
    (folder / "dateline.toml").write_text(f'browser = "always"\n{rule}', "utf-8")
    assert "'always' is none of auto, rules, off" in run(folder, "config", "--check").output


def test_the_options_of_a_command_come_from_the_file_unless_they_are_typed(tmp_path, monkeypatch):
    """`serve` has options of all kinds: texts, numbers, flags, lists and pairs."""
    (tmp_path / "dateline.toml").write_text(
        '[serve]\nport = 8010\npublic = true\nname = ["a.example", "b.example"]\n'
        'setting = { base_url = "/news/" }\npassword_file = "pass.txt"\ntitle = "Ours"\n',
        "utf-8",
    )
    given: list[serve.ServeOptions] = []
    monkeypatch.setattr(serve, "serve_archive", lambda _, how, *__: given.append(how))
    assert run(tmp_path, "serve", "--title", "Typed").exit_code == 0
    assert run(tmp_path, "serve", DATELINE_SERVE_PORT="8020").exit_code == 0
    first, second = given
    assert (first.port, first.public, first.title) == (8010, True, "Typed")
    assert first.names == ("a.example", "b.example")
    assert first.settings == (("base_url", "/news/"),)
    assert first.password_file == tmp_path / "pass.txt"
    assert (second.port, second.title) == (8020, "Ours")


@pytest.mark.parametrize(
    ("text", "environment", "kept"),
    [
        ("", {"DATELINE_RETENTION_KEEP": "revised noted"}, ("revised", "noted")),
        ("", {"DATELINE_RETENTION_KEEP": "revised,noted"}, ("revised", "noted")),
        ("keep = ['copied', 'noted']", {}, ("copied", "noted")),
        ("keep = ['copied', 'noted']", {"DATELINE_RETENTION_KEEP": ""}, ("copied", "noted")),
        ("", {"DATELINE_RETENTION_KEEP": " "}, ("stories", "noted")),
        ("keep = ['copied']", {"DATELINE_RETENTION_KEEP": "none"}, ()),
        ("keep = ['none']", {}, ()),
        ("", {}, ("stories", "noted")),
    ],
)
def test_pruning_has_its_age_and_what_stays_from_the_configuration(
    tmp_path, monkeypatch, text, environment, kept
):
    from crawler.jobs.removal import removal_jobs

    open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA).close()
    (tmp_path / "dateline.toml").write_text(f"[retention]\nolder = '2024-02-15'\n{text}\n", "utf-8")
    orders = []
    monkeypatch.setattr(
        removal_jobs, "count_to_prune", lambda _, order: orders.append(order) or PruneResult()
    )
    ran = run(tmp_path, "prune", "--dry-run", **environment)
    assert ran.exit_code == 0, ran.output
    (order,) = orders
    assert (order.before[:10], order.kept) == ("2024-02-15", kept)


def test_pruning_without_an_age_names_each_way_to_give_one(tmp_path):
    refused = run(tmp_path, "prune")
    assert refused.exit_code == 2
    for way in ("--older", "older in [retention]", "DATELINE_RETENTION_OLDER"):
        assert way in refused.output


def test_a_command_without_configured_options_works_in_spite_of_a_mistake(tmp_path):
    (tmp_path / "dateline.toml").write_text("dely = 3", "utf-8")
    assert "dely" not in run(tmp_path, "search", "x").output
    refused = run(tmp_path, "watch")
    assert refused.exit_code == 2
    assert "dely: unknown key; did you mean delay?" in refused.output


def test_what_is_typed_before_a_command_also_precedes_the_environment(tmp_path):
    named, other = tmp_path / "named.toml", tmp_path / "other.toml"
    named.write_text("delay = 8", "utf-8")
    other.write_text("delay = 9", "utf-8")
    runner = CliRunner(
        env={**CLEAN, "DATELINE_CONFIG": str(other), "DATELINE_ARCHIVE": "elsewhere"}
    )
    ran = runner.invoke(cli, ["--config", str(named), "--archive", str(tmp_path), "config"])
    assert f"Archive {tmp_path}, configuration {named}" in ran.output
    ran = runner.invoke(cli, ["--config", str(other), "config", "--config", str(named)])
    assert f"configuration {named}" in ran.output
    assert "elsewhere" in ran.output


def test_the_example_is_printed_for_a_new_file(tmp_path):
    printed = run(tmp_path, "config", "--example").output
    (tmp_path / "dateline.toml").write_text(printed, "utf-8")
    assert run(tmp_path, "config", "--check").exit_code == 0


def test_typed_values_of_a_crawl_are_told_from_configured_ones(tmp_path, monkeypatch):
    from crawler.cli import crawl_commands

    (tmp_path / "dateline.toml").write_text(
        "delay = 3\n[crawl]\nask = ['wikipedia', 'gdelt']\nsince = '30d'\nbudget = 7\n", "utf-8"
    )
    seen: list[tuple[dict[str, object], object]] = []

    def note(folder, urls, settings, options):
        seen.append((options, settings["DOWNLOAD_DELAY"]))

    monkeypatch.setattr(crawl_commands, "_run_crawl", note)
    monkeypatch.setattr("crawler.workers.fork_server.start_fork_server", lambda: None)
    for words in ((), ("--story", "s"), ("--delay", "1", "--budget", "2")):
        ran = run(tmp_path, "crawl", *words)
        assert ran.exit_code == 0, ran.output
    plain, story, typed = seen
    assert (plain[0]["ask"], plain[0]["since"], plain[0]["budget"], plain[1]) == (None, "30d", 7, 3)
    assert (story[0]["ask"], story[0]["since"]) == ("wikipedia, gdelt", None)
    assert (typed[0]["budget"], typed[1]) == (2, 1)
