"""The features of a text that the policies use, computed beside the extraction of its page."""

from __future__ import annotations

from dataclasses import replace

from archive.articles.language_keys import keys_as_json
from archive.articles.stories import opening_as_json
from archive.articles.vocabulary import CountedTerms
from archive.records import Article, TextFeatures, features_digest, is_stored_type
from archive.text.searchable import searchable_text
from archive.text.unspaced import bigrams
from pipelines.clean import clean_article
from pipelines.policies import archive_policies


def with_text_features(article: Article) -> Article:
    """Return an article with its features; without them if it would not be stored.

    The features are those of the cleaned article (`pipelines.clean`), which is what is stored.
    """
    if not is_stored_type(article.page_type) or not article.text:
        return article
    cleaned = clean_article(article)
    return replace(article, features=text_features(cleaned))


def text_features(article: Article) -> TextFeatures:
    """Compute the features of a cleaned article, by the archive's policies."""
    policies = archive_policies()
    content = (article.headline, article.standfirst, article.text, article.language)
    opening, keys = policies.stories.opening(*content), policies.keys.keys(*content)
    return TextFeatures(
        digest=features_digest(*content),
        text_digest=features_digest(None, None, article.text, None),
        terms=policies.events.weights(*content),
        opening=CountedTerms(opening, opening_as_json(opening)),
        keys=CountedTerms(keys, keys_as_json(keys)),
        sketch=tuple(policies.texts.sketch(article.text)),
        line_marks=tuple(policies.boilerplate.marks(article.text)),
        searchable_digest=features_digest(
            article.headline, article.standfirst, article.text, article.byline
        ),
        bigrams=bigrams(
            searchable_text(article.headline, article.standfirst, article.byline, article.text)
        ),
    )
