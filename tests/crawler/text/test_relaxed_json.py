"""JSON as people write it by hand: mended where that changes no value, refused where what is meant
is in doubt."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest

from crawler.text.relaxed_json import repair_json
from tests.growth import assert_growth


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1, /* who */ "b": 2}', {"a": 1, "b": 2}),
        ('{"a": 1, // who, "x": 3\n "b": 2}', {"a": 1, "b": 2}),
        ('{"a": "https://pier.example/x", /* c */}', {"a": "https://pier.example/x"}),
        ('{"a": undefined, "b": NaN, "c": 2}', {"a": None, "b": None, "c": 2}),
        ('\ufeff{"a":\u00a01,\u2028"b":\u200b2}', {"a": 1, "b": 2}),
        ("{'a': 'it\\'s \"so\"', 'b': 2}", {"a": 'it\'s "so"', "b": 2}),
        ("{a: 1, $b: 2, @type: 3}", {"a": 1, "$b": 2, "@type": 3}),
        ('{"a": [1, 2,], "b": 2,,}', {"a": [1, 2], "b": 2}),
        ('{"a": 1\n"b": 2}', {"a": 1, "b": 2}),
        ('{"a": {"b": [1, {"c": 2', {"a": {"b": [1, {"c": 2}]}}),
        ('{"a": 1, "b":', {"a": 1, "b": None}),
        ('{"a": 1}};', {"a": 1}),
        ('<!-- {"a": 1} -->', {"a": 1}),
        ('<![CDATA[ {"a": 1} ]]>', {"a": 1}),
        ('{"a": .5, "b": 1_000, "c": +2}', {"a": 0.5, "b": 1000, "c": 2}),
        (
            '{"a": "lone \\ backslash", "b": "two\\\nlines"}',
            {"a": "lone \\ backslash", "b": "twolines"},
        ),
    ],
)
def test_what_is_meant_is_read(text: str, value: object) -> None:
    assert json.JSONDecoder(strict=False).decode(repair_json(text)) == value


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "he said "no" and left"}',
        '{"a": "x" "b"}',
        '{"a": wrong}',
        '{"a": function() { return 1 }}',
        '{"a": [1, 2}',
        '{"a" 1}',
        "{1, 2}",
        '{"a": "no end',
    ],
)
def test_what_is_in_doubt_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        json.loads(repair_json(text))


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["[1,", '"a" ', "//", "/*", "<!--", "{", '":" ', "'\"", '"\\', "a-", "[{a:'b'},"]
)
def test_a_hostile_megabyte_costs_seconds_at_most(text: str) -> None:
    def mended(length: int) -> None:
        with suppress(ValueError):
            repair_json(text * (length // len(text)))

    assert_growth(mended, 125_000)
