"""`dateline.toml` is read key by key; each mistake has its line and says what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.configuration.config_file import parse_config_file, read_config_file
from archive.configuration.toml_lines import toml_key_lines
from archive.errors import UsageError

FILE = Path("data/dateline.toml")


def problems(text: str) -> list[str]:
    return list(parse_config_file(FILE, text).problems)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('contakt = "x"', "1: contakt: unknown key; did you mean contact?"),
        ("\n\nDelay = 3", "3: Delay: unknown key; did you mean delay?"),
        ("opt-outs = []", "1: opt-outs: unknown key; did you mean opt_outs?"),
        (
            "[crawl]\noutlet-budget = 3",
            "2: [crawl] outlet-budget: unknown key; did you mean outlet_budget?",
        ),
        ("budget = 3", "1: budget: unknown key; it belongs into the table [crawl]"),
        ("every = 3", "1: every: unknown key; it belongs into the table [schedule] or [watch]"),
        ("[crawler]\nbudget = 3", "1: crawler: unknown key; did you mean crawl?"),
        ("[notify]\nzone = 3", "2: [notify] zone: unknown key; known are targets"),
        (
            "[watch]\nqqq = 3",
            "2: [watch] qqq: unknown key; known are every",
        ),
    ],
)
def test_an_unknown_key_is_named_with_its_line_and_the_nearest_known_one(text, problem):
    assert problems(text) == [f"{FILE}:{problem}"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('delay = "fast"', '1: delay: must be a number from 0 on, not "fast"'),
        ("delay = -1", "1: delay: must be a number from 0 on, not -1"),
        ("delay = inf", "1: delay: must be a number from 0 on, not inf"),
        ("delay = true", "1: delay: must be a number from 0 on, not true"),
        ("workers = 0", "1: workers: must be a whole number from 1 on, not 0"),
        ("workers = 1.5", "1: workers: must be a whole number from 1 on, not 1.5"),
        ("contact = ''", '1: contact: must be a text, such as "desk@harbour.example", not ""'),
        (
            "opt_outs = [1]",
            '1: opt_outs: must be a list of texts, such as ["one", "two"], not a list or a date',
        ),
        ("crawl = 3", "1: crawl: must be a table: [crawl]"),
        ("[serve]\npublic = 'yes'", '2: [serve] public: must be true or false, not "yes"'),
        ("[serve]\nport = 70000", "2: [serve] port: must be a port from 1 to 65535, not 70000"),
        (
            "[crawl]\n\nmax_time = '2 weeks'",
            '3: [crawl] max_time: must be a duration, such as "30s", "10m" or "2h", not "2 weeks"',
        ),
        (
            "[retention]\nolder = 'old'",
            '2: [retention] older: must be a day or an age, such as "2024-02-15", "7d" or "1y", not "old"',
        ),
        (
            "[serve]\nsetting = ['base_url']",
            '2: [serve] setting: must be a table, such as {base_url = "/news/"}, not a list or a date',
        ),
    ],
)
def test_a_value_of_another_type_is_named_with_its_line_and_what_it_must_be(text, problem):
    assert problems(text) == [f"{FILE}:{problem}"]


def test_the_value_of_a_target_is_never_repeated_in_a_message():
    (problem,) = problems('[notify.targets]\ndesk = "s3cret"')
    assert problem.startswith(f"{FILE}:2: [notify.targets] desk: must be the URL")
    assert "s3cret" not in problem


def test_all_mistakes_are_collected_in_the_order_of_the_file():
    text = "delay = 'x'\nnope_at_all = 1\n[crawl]\nbudget = 0\n"
    assert [each.split(": ")[1] for each in problems(text)] == [
        "delay",
        "nope_at_all",
        "[crawl] budget",
    ]


def test_a_file_that_is_not_toml_is_one_mistake_with_its_line():
    (problem,) = problems("delay = 3\ncontact = desk@harbour.example\n")
    assert problem.startswith(f"{FILE}: not valid TOML")
    assert "line 2" in problem


def test_values_have_the_types_that_options_take_and_paths_lie_beside_the_file(tmp_path):
    text = """
catalogue = "lists/ours.csv"
opt_outs = "noarchive, noai"
[serve]
setting = { base_url = "/news/", allow_facet = false }
editor = ["ann", "ben"]
"""
    read = parse_config_file(tmp_path / "dateline.toml", text)
    assert read.problems == ()
    assert read.options == {
        "catalogue": str(tmp_path / "lists/ours.csv"),
        "opt_outs": ["noarchive", "noai"],
        "serve.setting": [("base_url", "/news/"), ("allow_facet", "false")],
        "serve.editor": ["ann", "ben"],
    }


def test_keys_have_their_lines_also_in_inline_tables_and_after_texts_of_several_lines():
    text = '''# head
a.b = 1
[crawl]   # a comment
ask = [
  "gdelt",
  # [not a table]
]
[outlets."a.example"]
text = """
[not = a table]
"""
date = 'x'
[outlets]
"b.example" = { text = "p", drop = ["i"] }
'''
    lines = toml_key_lines(text)
    assert lines["a", "b"] == 2
    assert lines["crawl", "ask"] == 4
    assert lines["outlets", "a.example"] == 8
    assert lines["outlets", "a.example", "date"] == 12
    assert lines["outlets", "b.example", "drop"] == 14


@pytest.mark.parametrize(
    ("body", "message"),
    [(None, "cannot be read"), (b"contact = '\xff'", "not UTF-8 (byte 11)")],
)
def test_a_file_that_cannot_be_read_is_one_clear_error(tmp_path, body, message):
    file = tmp_path / "dateline.toml"
    if body is not None:
        file.write_bytes(body)
    with pytest.raises(UsageError, match=r"dateline\.toml") as error:
        read_config_file(file)
    assert message in str(error.value)


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(tmp_path):
    file = tmp_path / "dateline.toml"
    file.write_bytes(b"\xef\xbb\xbfdelay = 3\r\n[crawl]\r\nbudget = 0\r\n")
    read = read_config_file(file)
    assert read.options == {"delay": 3}
    assert read.problems[0].startswith(f"{file}:3: ")
