"""One broken entry of an answer of GDELT costs itself at most."""

from __future__ import annotations

import json

import pytest

from crawler.services.broken_json import repair_gdelt_json


def entry(number: int, title: str) -> str:
    """An entry whose title stands as it is given, between quotation marks."""
    return (
        f'{{"url": "https://courier.example/news/{number}", "url_mobile": "", "title": "{title}", '
        '"seendate": "20240312T184500Z", "socialimage": "", "domain": "courier.example", "language": "English", '
        '"sourcecountry": "Norway"}'
    )


def answer(*titles: str) -> bytes:
    return f'{{"articles": [ {", ".join(entry(number, title) for number, title in enumerate(titles))} ]}}'.encode()


@pytest.mark.parametrize(
    ("title", "read"),
    [
        (r"Pier closes \\"r'"for weeks\\" , says board', 'Pier closes "for weeks" , says board'),
        ('Pier closes "for weeks"', 'Pier closes "for weeks"'),
        ('"Pier" closes', '"Pier" closes'),
        (r'The \\"pier\\", the \\"quay\\"', 'The "pier", the "quay"'),
        (r'Pier \\"closes\\", and more', 'Pier "closes", and more'),
    ],
)  # fmt: skip
def test_a_title_with_wrong_quotation_marks_is_read_and_so_are_the_others(
    title: str, read: str
) -> None:
    body = answer("Ferry sails", title, r"Harbour \"opens\"")
    found = repair_gdelt_json(body)

    assert found
    data, told = found
    assert [article["title"] for article in data["articles"]] == [
        "Ferry sails",
        read,
        'Harbour "opens"',
    ]
    assert data["articles"][1]["url"] == "https://courier.example/news/1"
    assert told == ["1 × broken JSON, read by its fields"]


def test_an_entry_that_cannot_be_read_is_told_and_the_others_are_read() -> None:
    body = answer("Ferry sails", "Pier closes").replace(b"]}", b', {"url: nonsense"} ]}')
    found = repair_gdelt_json(body)

    assert found
    assert len([article for article in found[0]["articles"] if article]) == 2
    assert found[1] == ["1 × broken JSON"]


def test_a_comma_too_many_costs_nothing() -> None:
    found = repair_gdelt_json(answer("Ferry sails").replace(b"} ]}", b"}, ]}"))

    assert found
    assert [article["title"] for article in found[0]["articles"]] == ["Ferry sails"]


@pytest.mark.parametrize(
    "body",
    [answer("Ferry")[:-30], b"", b"[1]", b"<html>", b'{"other": [}', json.dumps({}).encode()],
)
def test_an_answer_that_is_cut_or_another_is_not_mended(body: bytes) -> None:
    assert repair_gdelt_json(body) is None
