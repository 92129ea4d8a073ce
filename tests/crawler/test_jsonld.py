"""What pages say of themselves in JSON-LD, broken or not."""

from __future__ import annotations

import pytest
from lxml.html import document_fromstring

from crawler import jsonld


def found(script: str) -> list[jsonld.Thing]:
    page = f'<html><head><script type="application/ld+json">{script}</script></head><body></body></html>'
    return jsonld.things(document_fromstring(page))


@pytest.mark.parametrize(
    "script",
    [
        '{"@type":"NewsArticle","headline":"Pier"}',
        '[{"@type":"WebSite"},{"@type":"NewsArticle","headline":"Pier"}]',
        '{"@graph":[{"@type":["Article","NewsArticle"],"headline":"Pier"}]}',
        '{"@type":"WebPage","mainEntity":{"@type":"NewsArticle","headline":"Pier"}}',
        '{"@type":"NewsArticle","headline":"Pier",}',
        '{"@type":"WebSite"}{"@type":"NewsArticle","headline":"Pier"}',
        '//<![CDATA[\n{"@type":"NewsArticle","headline":"Pier"};\n//]]>',
        '{"@type":"NewsArticle","headline":"Pier","description":"a "quote" in it"}',
    ],
)
def test_the_article_is_found_in_any_shape(script: str) -> None:
    assert jsonld.article_of(found(script))["headline"] == "Pier"


def test_broken_json_gives_only_what_stands_in_it_once() -> None:
    thing = found('{"@type":"NewsArticle","headline":"One","x":"a "b"","headline":"Two","datePublished":"2024-01-02"}')
    assert "headline" not in thing[0]
    assert thing[0]["datePublished"] == "2024-01-02"


def test_an_author_named_by_its_id_is_looked_up() -> None:
    things = found(
        '{"@graph":[{"@type":"Person","@id":"#a","name":"Ines Calder"},{"@type":"Article","author":{"@id":"#a"}}]}'
    )
    assert jsonld.resolved(jsonld.article_of(things)["author"], things)[0]["name"] == "Ines Calder"
