"""Matching of an outlet's leads with an article known by headline and time only.

A wrong lead costs a request and shows the wrong page; a missed one returns with the next search.
In doubt there is no match. Sites print a headline in different ways: with other quotation marks
and dashes, cut short, with a label in front or a name behind, a few words longer. With a
different word or number it is another article.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache

from archive.records import Lead
from archive.text.searchable import fold_letter_by_letter
from archive.text.unspaced import UNSPACED_RUN
from crawler.services.search_service import UnresolvedHeadline, parse_instant

MAX_DATE_DIFFERENCE = timedelta(days=2)
"""Difference between the dates of one article at its outlet and at the service."""
MIN_SHARED_WORDS = 0.85
"""Smallest share of common words (twice the shorter headline, by the words of both) for a match."""
MIN_SHARED_WORDS_UNDATED = 0.95
"""The same where one of the dates is missing."""
WITHOUT_AFFIX_SCORE = 0.99
"""Score for equal words after a label or tail is removed from one of them."""
MIN_CUT_HEADLINE_WORDS = 5
"""Words of a headline that was cut short or has no date."""

HEADLINE_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*(?:'\w+)?")
"""A word, or a number with its separators."""
HEADLINE_LABEL = re.compile(
    r"^\s*[^\W\d_]{3,12}(?: [^\W\d_]{2,12})?\s*[|:]\s+(?=\S)|^\s*[\[(【][^\])】]{2,20}[\])】]\s*"
)
"""A label before a headline: `Live: …`, `[Video] …`."""
HEADLINE_TAIL = re.compile(r"\s*[|｜]\s*[^|｜]{2,40}$|\s+::\s+.{2,40}$")
"""A section or outlet behind a bar; after a dash it is as often part of the headline."""
HEADLINE_CUT_MARK = re.compile(r"\s*(?:…|\.\.\.)\s*$")
"""The mark at the end of a headline that was cut short."""

HeadlineWords = tuple[str, ...]


def lead_of_headline(headline: UnresolvedHeadline, leads: Iterable[Lead]) -> Lead | None:
    """Return the lead of an outlet that is the article; None if no lead or several match."""
    rated = [(_match_score(headline, lead), lead) for lead in leads if lead.headline]
    best = max((rate for rate, _ in rated), default=0.0)
    if best <= 0:
        return None
    found = list({lead.url: lead for rate, lead in rated if rate == best}.values())
    return found[0] if len(found) == 1 else _lead_of_same_time(headline, found)


def _match_score(headline: UnresolvedHeadline, lead: Lead) -> float:
    """Return a score from 0 (another article) to 1 (the same words)."""
    is_dated = headline.published_at is not None and lead.published_at is not None
    one, *ones = headline_forms(headline.headline, headline.outlet)
    other, *others = headline_forms(lead.headline or "", headline.outlet)
    score = headline_similarity(one, other, is_dated)
    if score < WITHOUT_AFFIX_SCORE:
        bare = [(one, form) for form in others] + [(form, other) for form in ones]
        if any(headline_similarity(*pair, is_dated) == 1 for pair in bare):
            score = WITHOUT_AFFIX_SCORE
    if score == 0 or not is_dated:
        return score
    is_near = _are_dates_close(headline.published_at or "", lead.published_at or "")
    return score if is_near else 0.0


@lru_cache(maxsize=8192)
def headline_forms(
    headline: str, outlet: str | None = None
) -> tuple[tuple[HeadlineWords, bool], ...]:
    """Return the words of a headline, without label, and without tail, each with whether it was
    cut.

    A label or tail of one headline may be missing in the other. With both removed, `France: rates
    rise` and `Spain: rates rise` would be equal.
    """
    texts = [headline, HEADLINE_LABEL.sub("", headline), HEADLINE_TAIL.sub("", headline)]
    before, dash, last = headline.rpartition(" - ")
    if dash and outlet and headline_words(last) == headline_words(outlet):
        texts.append(before)
    texts = list(dict.fromkeys(texts))
    return tuple(
        (headline_words(text), HEADLINE_CUT_MARK.search(text) is not None) for text in texts
    )


def headline_words(headline: str) -> HeadlineWords:
    """Return the words of a headline without case, accents and punctuation.

    Scripts without spaces are split into characters.
    """
    text = fold_letter_by_letter(
        unicodedata.normalize("NFKC", HEADLINE_CUT_MARK.sub("", headline))
    ).replace("’", "'")
    return tuple(HEADLINE_WORD.findall(UNSPACED_RUN.sub(lambda run: f" {' '.join(run[0])} ", text)))


def headline_similarity(
    one: tuple[HeadlineWords, bool], other: tuple[HeadlineWords, bool], is_dated: bool
) -> float:
    """Return how similar two headlines are: 1 for equal words, 0 for different articles.

    The value is lower where one was cut short or has additional words.
    """
    (short, is_cut), (long, _) = sorted((one, other), key=lambda form: len(form[0]))
    if not short or short[0] not in long:
        return 0.0
    is_long_enough = len(short) >= MIN_CUT_HEADLINE_WORDS
    if not is_long_enough and not is_dated:
        return 0.0
    if short == long:
        return 1.0
    if is_cut and is_long_enough and long[: len(short)] == short:
        return MIN_SHARED_WORDS
    share = 2 * len(short) / (len(short) + len(long))
    min_share = MIN_SHARED_WORDS if is_dated else MIN_SHARED_WORDS_UNDATED
    return share if share >= min_share and _is_contained_in(short, long) else 0.0


def _is_contained_in(short: HeadlineWords, long: HeadlineWords) -> bool:
    """Return whether a headline has the words of a shorter one in their order, and its numbers."""
    has_same_numbers = _words_with_digits(short) == _words_with_digits(long)
    return has_same_numbers and _is_subsequence(short, long)


def _is_subsequence(short: HeadlineWords, long: HeadlineWords) -> bool:
    """Return whether one headline is the other with words left out."""
    rest = iter(long)
    return all(word in rest for word in short)


def _words_with_digits(found: HeadlineWords) -> list[str]:
    """Return the words with digits."""
    return [word for word in found if any(map(str.isdigit, word))]


def _are_dates_close(one: str, other: str) -> bool:
    """Return whether two dates can be those of one article."""
    try:
        return abs(parse_instant(one) - parse_instant(other)) <= MAX_DATE_DIFFERENCE
    except ValueError:
        return False


def _lead_of_same_time(headline: UnresolvedHeadline, leads: list[Lead]) -> Lead | None:
    """Return the only lead of the same minute, else of the same day, else None."""
    for length in (16, 10):  # characters of the minute, of the day
        wanted = (headline.published_at or "")[:length]
        same = [lead for lead in leads if (lead.published_at or "-")[:length] == wanted]
        if len(same) == 1:
            return same[0]
    return None
