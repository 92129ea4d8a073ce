"""Of what is configured, the environment comes before the file, and the file before the default."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.configuration.configuration import (
    examine_configuration,
    load_configuration,
    masked_target_url,
    resolved_target_url,
)
from archive.configuration.option_table import CONFIG_OPTIONS
from archive.errors import UsageError


def in_folder(folder: Path, text: str) -> Path:
    (folder / "dateline.toml").write_text(text, "utf-8")
    return folder


def origin(folder: Path, environ: dict[str, str], name: str) -> tuple[object, str, str]:
    found = load_configuration(folder, environ).in_force(CONFIG_OPTIONS[name])
    return found.value, found.origin, found.place


def test_an_option_is_the_environments_then_the_files_then_the_default(tmp_path):
    folder = in_folder(tmp_path, "# c\ndelay = 3\n[crawl]\nbudget = 20\n")
    file = f"{folder / 'dateline.toml'}"
    assert origin(folder, {"DATELINE_DELAY": "4"}, "delay") == (
        4.0,
        "environment",
        "DATELINE_DELAY",
    )
    assert origin(folder, {}, "delay") == (3, "file", f"{file}:2")
    assert origin(folder, {"DATELINE_DELAY": " "}, "delay") == (3, "file", f"{file}:2")
    assert origin(folder, {}, "crawl.budget") == (20, "file", f"{file}:4")
    assert origin(folder, {}, "crawl.outlet_budget") == (10000, "default", "")
    assert origin(folder, {}, "contact") == (None, "default", "")


def test_without_a_file_everything_is_as_without_a_configuration(tmp_path):
    configuration = load_configuration(tmp_path, {})
    assert configuration.file is None
    assert [configuration.value(name) for name in CONFIG_OPTIONS] == [None] * len(CONFIG_OPTIONS)
    assert (dict(configuration.targets), dict(configuration.outlets)) == ({}, {})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("opt_outs", "", []),
        ("opt_outs", "noai, tdm noarchive", ["noai", "tdm", "noarchive"]),
        ("workers", "3", 3),
        ("retention.captures_only", "Yes", True),
        ("serve.setting", "base_url=/news/ x=1", [("base_url", "/news/"), ("x", "1")]),
        ("crawl.max_time", "10m", "10m"),
    ],
)
def test_a_variable_is_read_with_the_type_of_its_option(tmp_path, name, text, value):
    configuration = load_configuration(tmp_path, {CONFIG_OPTIONS[name].variable: text})
    assert configuration.value(name) == value


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("DATELINE_WORKERS", "many"),
        ("DATELINE_DELAY", "-3"),
        ("DATELINE_RETENTION_CAPTURES_ONLY", "perhaps"),
        ("DATELINE_CRAWL_MAX_TIME", "soon"),
        ("DATELINE_SERVE_SETTING", "base_url"),
    ],
)
def test_a_variable_with_an_impossible_value_is_named(tmp_path, variable, text):
    (problem,) = examine_configuration(tmp_path, {variable: text}).problems
    assert problem.startswith(f"{variable}: must be ")
    assert repr(text) in problem


def test_a_file_that_is_named_counts_instead_of_the_one_beside_the_archive(tmp_path):
    folder = in_folder(tmp_path, "delay = 3")
    other = tmp_path / "other.toml"
    other.write_text("delay = 9", "utf-8")
    named = {"DATELINE_CONFIG": str(other)}
    assert load_configuration(folder, named).value("delay") == 9
    with pytest.raises(UsageError, match="cannot be read"):
        load_configuration(folder, {"DATELINE_CONFIG": str(tmp_path / "gone.toml")})


def test_a_dangling_link_beside_the_archive_is_an_error_and_not_overlooked(tmp_path):
    (tmp_path / "dateline.toml").symlink_to(tmp_path / "gone.toml")
    with pytest.raises(UsageError, match="cannot be read"):
        load_configuration(tmp_path, {})


def test_an_error_says_the_first_problem_and_how_many_others_there_are(tmp_path):
    folder = in_folder(tmp_path, "delay = 'x'\nworkers = 0\ncontakt = ''\n")
    with pytest.raises(UsageError, match=r"toml:1: delay: must be .* \(2 more: dateline config"):
        load_configuration(folder, {})


def test_a_target_takes_its_secrets_from_the_environment_and_shows_none():
    url = "mailto://ann:${DESK_PASSWORD}@desk.example"
    assert (
        resolved_target_url(url, {"DESK_PASSWORD": "s3cret"}) == "mailto://ann:s3cret@desk.example"
    )
    with pytest.raises(UsageError, match="DESK_PASSWORD, which it names, is not set"):
        resolved_target_url(url, {})
    assert masked_target_url(url) == "mailto://… with ${DESK_PASSWORD}"
    assert masked_target_url("json://token@desk.example/hook") == "json://…"
