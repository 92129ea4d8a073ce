"""Every kind of document that becomes an article is read by the rules of its outlet."""

from __future__ import annotations

from inspect import signature

from archive.records import Article, Capture
from crawler.extraction.rules.outlet_rules import OutletRule
from crawler.workers.pool import RULED_KINDS, _document_parsers

PAGE = Capture("https://harbour.example/1", b"<h2>Ferry to move</h2><p>The ferry moves.</p>")


def test_the_parsers_of_articles_take_the_rule_that_the_pool_sends_with_a_page():
    parsers = _document_parsers()
    taking = {kind for kind, parser in parsers.items() if "rule" in signature(parser).parameters}
    assert taking == set(RULED_KINDS)
    read = {kind: parser(PAGE) for kind, parser in parsers.items() if kind in RULED_KINDS}
    assert len(read) == 3
    rule = OutletRule("harbour.example", {"headline": ("h2",)})
    for kind in RULED_KINDS:
        answer = parsers[kind](PAGE, rule)
        article = answer[0] if isinstance(answer, tuple) else answer
        assert isinstance(article, Article)
        assert rule.digest in (article.extractor or ""), kind


def test_no_other_parser_returns_an_article():
    others = _document_parsers().keys() - set(RULED_KINDS)
    assert not [kind for kind in others if kind.startswith("page")]
