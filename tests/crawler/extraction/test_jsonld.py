"""What pages say of themselves in JSON-LD, broken or not."""

from __future__ import annotations

import pytest
from lxml.html import document_fromstring

from crawler.extraction import jsonld
from tests.growth import assert_growth


def found(script: str) -> list[jsonld.JsonLdThing]:
    page = f'<html><head><script type="application/ld+json">{script}</script></head><body></body></html>'
    return jsonld.json_ld_things(document_fromstring(page))


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
        '{"@type":"NewsArticle","description":"he said "no", "yes" and left","headline":"Pier",}',
        '<!-- {"@type":"NewsArticle","headline":"Pier"} -->',
        '/* <![CDATA[ */{"@type":"NewsArticle","headline":"Pier"}/* ]]> */',
        '{"@type":"NewsArticle","description":"two\nlines\tand a tab","headline":"Pier"}',
        '{"@type":"http://schema.org/NewsArticle","description":"a lone \\ backslash","headline":"Pier"}',
        "{&quot;@type&quot;:&quot;NewsArticle&quot;,&quot;headline&quot;:&quot;Pier&quot;}",
    ],
)
def test_the_article_is_found_in_any_shape(script: str) -> None:
    assert jsonld.article_thing(found(script))["headline"] == "Pier"


def test_broken_json_gives_only_what_stands_in_it_once() -> None:
    thing = found(
        '{"@type":"NewsArticle","headline":"One","x":"a "b"","headline":"Two","datePublished":"2024-01-02"}'
    )
    assert "headline" not in thing[0]
    assert thing[0]["datePublished"] == "2024-01-02"


GRETA = '{"@type":"NewsArticle","headline":"Pier","author":{"name":"Greta Holm"},"datePublished":"2024-03-12"%s}'


@pytest.mark.parametrize(
    "script",
    [
        GRETA.replace(',"author"', ', /* who */ "author"') % "",
        GRETA.replace(',"author"', ',\n// who\n"author"') % "",
        GRETA % ',"image":undefined',
        "\ufeff" + GRETA % "",
        GRETA.replace(",", ",\u00a0") % "",
        GRETA % ",",
        GRETA.replace(',"author"', '\n"author"') % "",
        "<!--\n" + GRETA % "" + "\n//-->",
        "/* <![CDATA[ */" + GRETA % " /* end */" + "/* ]]> */",
        (GRETA % "").replace('"', "'"),
        (GRETA % "")[:-1],
        GRETA % ',"articleBody":"The ferry left and',
        GRETA % ',"description":"a "b": "c" d"',
        (GRETA % ",").replace('"', "&quot;"),
    ],
)
def test_json_written_by_hand_keeps_author_headline_and_date(script: str) -> None:
    thing = jsonld.article_thing(found(script))
    assert (thing["headline"], thing["author"]["name"], thing["datePublished"]) == (
        "Pier",
        "Greta Holm",
        "2024-03-12",
    )


def test_of_broken_json_with_several_authors_none_is_taken() -> None:
    comments = ',"comment":[{"author":{"name":"Tom Aird"}}],"description":"a "b": "c" d"'
    assert "author" not in jsonld.article_thing(found(GRETA % comments))


def test_an_author_named_by_its_id_is_looked_up() -> None:
    things = found(
        '{"@graph":[{"@type":"Person","@id":"#a","name":"Ines Calder"},{"@type":"Article","author":{"@id":"#a"}}]}'
    )
    assert (
        jsonld.resolve_references(jsonld.article_thing(things)["author"], things)[0]["name"]
        == "Ines Calder"
    )


def test_quotation_marks_inside_of_a_text_are_the_texts_own() -> None:
    thing = jsonld.article_thing(
        found(
            '{"@type":"NewsArticle","headline":"The "old" pier","author":{"name":"Ines "Kit" Calder"},"image":["a"]}'
        )
    )
    assert (thing["headline"], thing["author"]["name"], thing["image"]) == (
        'The "old" pier',
        'Ines "Kit" Calder',
        ["a"],
    )


@pytest.mark.parametrize(
    "text",
    [
        '"headline":"a "b": "c" d","name":"e"',
        '"headline":"Pier", the old one","name":"e"',
        '"headline":"Pier',
    ],
)
def test_where_a_broken_text_may_end_twice_it_is_not_read(text: str) -> None:
    assert jsonld.article_thing(found(f'{{"@type":"NewsArticle",{text}}}')).get("headline") in (
        None,
        'Pier", the old one',
    )


@pytest.mark.slow
def test_broken_json_of_a_megabyte_is_given_up_in_time() -> None:
    begins = '{"@type":"NewsArticle","headline":"'
    assert_growth(lambda times: found(begins + ':" ' * times), 40_000)
