"""Rules of outlets are checked when they are loaded, and found by the host of a page."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from archive.configuration.config_file import parse_config_file
from archive.errors import UsageError
from crawler.extraction.rules.outlet_rules import OutletRule, OutletRules
from crawler.extraction.rules.rule_tables import check_outlet_rules, rules_of_file

FILE = Path("dateline.toml")


def read(text: str) -> tuple[OutletRules, list[str]]:
    file = parse_config_file(FILE, text)
    assert file.problems == ()
    return check_outlet_rules(file)


def table(*lines: str, host: str = '"harbour.example"') -> str:
    return "\n".join([f"[outlets.{host}]", *lines])


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('text = "p["', 'text: "p[" is not a valid CSS selector'),
        ('text = "p:wrong"', 'text: "p:wrong" is not a valid CSS selector'),
        ('byline = "//p["', 'byline: "//p[" is not a valid XPath'),
        ('byline = "//p[strange(.)]"', 'byline: "//p[strange(.)]" is not a valid XPath'),
        ('byline = "//article[strange(.)]"', 'byline: "//article[strange(.)]" is not a valid XPath '
         "(there is no function strange())"),
        ('byline = "//article[re:tests(., 1)]"', 'byline: "//article[re:tests(., 1)]" is not a '
         "valid XPath (there is no function re:tests())"),
        ('byline = "//article/svg:a"', 'byline: "//article/svg:a" is not a valid XPath '
         "(there is no prefix svg:)"),
        ('byline = "//article[$a]"', 'byline: "//article[$a]" is not a valid XPath '
         "(there is no variable $a)"),
        ('byline = "re:test(string(//p), \'[\')"', "byline: \"re:test(string(//p), '[')\" is not a "
         "valid XPath"),
        ('drop = ["p", " "]', 'drop: " " is empty'),
        ("drop = 3", "drop: must be a CSS selector or XPath, or a list"),
        ('drop = ["p", 3]', "drop: must be a CSS selector or XPath, or a list"),
        ('headlines = "h1"', "headlines: unknown key; did you mean headline?"),
        ('delay = "slow"', "delay: must be a number of seconds, from 0 to 3600"),
        ("delay = 1e9", "delay: must be a number of seconds, from 0 to 3600"),
        ("delay = true", "delay: must be a number of seconds, from 0 to 3600"),
        ('since = "long ago"', "since: must be a day or an age"),
        ("render = 1", "render: must be true or false"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_used_is_named_with_line_and_key(line, problem):
    _, problems = read("delay = 3\n" + table('headline = "h1"', line))
    (found,) = problems
    assert found.startswith(f'{FILE}:4: [outlets."harbour.example"] {problem}')


def test_a_host_without_quotes_gets_the_advice_to_quote_it():
    _, (problem,) = read(table('text = "p"', host="harbour.example"))
    assert problem.endswith('write the host in quotes: [outlets."host.example"]')


@pytest.mark.parametrize(
    "host", ['"http://harbour.example/"', '"harbour example"', '"a@b.example"', '""']
)
def test_a_host_that_is_none_is_named(host):
    _, (problem,) = read(table('text = "p"', host=host))
    assert problem.startswith(f"{FILE}:1: [outlets] ")
    assert problem.endswith("not a host name, such as news.harbour.example")


def test_a_rule_holds_for_its_host_and_subdomains_and_the_nearest_table_counts_alone():
    rules, _ = read(
        table('text = "p"', "delay = 4") + "\n" + table('text = "i"', host='"live.harbour.example"')
    )
    hosts = {
        "https://harbour.example/news": "harbour.example",
        "http://WWW.harbour.example:8080/news": "harbour.example",
        "https://live.harbour.example/": "live.harbour.example",
        "https://a.live.harbour.example/": "live.harbour.example",
        "https://otherharbour.example/": None,
        "https://example/": None,
        "file:///home/page.html": None,
        "http://[": None,
    }
    found = {url: rules.rule_for(url) for url in hosts}
    assert {url: rule and rule.host for url, rule in found.items()} == hosts
    assert found["https://live.harbour.example/"].delay is None  # type: ignore[union-attr]


def test_a_host_in_other_letters_is_found_as_urls_write_it():
    rules, problems = read(table('text = "p"', host='"Häfen.example"'))
    assert problems == []
    assert rules.rule_for("https://xn--hfen-loa.example/a")


def test_rules_without_selectors_take_no_part_in_reading():
    rules, _ = read(table("delay = 4", "render = true"))
    url = "https://harbour.example/a"
    assert rules.rule_for(url)
    assert rules.reading_rule_for(url) is None
    assert rules.without("delay").rule_for(url).delay is None  # type: ignore[union-attr]


def test_the_digest_of_a_rule_changes_with_its_selectors_alone():
    one = OutletRule("a.example", {"text": ("p",)})
    assert one.digest == OutletRule("b.example", {"text": ("p",), "drop": ()}, delay=3).digest
    assert one.digest != OutletRule("a.example", {"text": ("i",)}).digest


def test_rules_travel_to_other_processes_as_they_are():
    rules, _ = read(table('text = "p"', 'drop = ["i", "b"]'))
    assert pickle.loads(pickle.dumps(rules)) == rules


def test_a_file_of_rules_applies_to_pages_without_a_host_if_it_is_for_one_host(tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text(table('text = "p"'), "utf-8")
    assert rules_of_file(file).reading_rule_for("file:///page.html")
    file.write_text(table('text = "p"') + "\n" + table('text = "i"', host='"b.example"'), "utf-8")
    assert rules_of_file(file).reading_rule_for("file:///page.html") is None
    assert rules_of_file(file).reading_rule_for("http://b.example/x")


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "no rules"), ("dely = 3", "did you mean delay"), (table('text = "p["'), "CSS")],
)
def test_a_file_of_rules_that_cannot_be_used_is_an_error(tmp_path, text, message):
    file = tmp_path / "rules.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=message):
        rules_of_file(file)
