"""Which of an outlet's own leads is the article that a search service named by headline and time.

A wrong lead costs a request and sets a reader on a wrong page, a missed one comes again with the
next search: in doubt, none. Sites print one headline in several ways: with other quotation marks
and dashes, cut short, with a label in front or a name behind, a few words longer. With another word
in place of one, or another number, it is another article.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache

from archive.records import Lead
from archive.text.searchable import fold_letters
from archive.text.unspaced import UNSPACED_RUN
from crawler.services.search_service import Headline, instant

NEAR = timedelta(days=2)
"""Between the two dates of one article: an outlet's own and the service's."""
ENOUGH = 0.85
"""What two headlines share (twice the shorter, by the words of both) of which one has words
added."""
ENOUGH_UNDATED = 0.95
BARE = 0.99
"""For the same words once label or tail are taken from the one."""
LEAST_WORDS = 5
"""Of a headline that was cut short, or that is looked for without a date."""

WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*(?:'\w+)?")
LABEL = re.compile(
    r"^\s*[^\W\d_]{3,12}(?: [^\W\d_]{2,12})?\s*[|:]\s+(?=\S)|^\s*[\[(【][^\])】]{2,20}[\])】]\s*"
)
TAIL = re.compile(r"\s*[|｜]\s*[^|｜]{2,40}$|\s+::\s+.{2,40}$")
"""A section or the outlet behind a bar; behind a dash stands as often a part of the headline."""
CUT = re.compile(r"\s*(?:…|\.\.\.)\s*$")

Words = tuple[str, ...]


def resolve(headline: Headline, leads: Iterable[Lead]) -> Lead | None:
    """The lead that is the article, of all that the outlet's feeds and sitemaps name; None if none
    or several are."""
    rated = [(_likeness(headline, lead), lead) for lead in leads if lead.headline]
    best = max((rate for rate, _ in rated), default=0.0)
    if best <= 0:
        return None
    found = list({lead.url: lead for rate, lead in rated if rate == best}.values())
    return found[0] if len(found) == 1 else _nearest(headline, found)


def _likeness(headline: Headline, lead: Lead) -> float:
    """From 0, another article, to 1, the same words."""
    is_dated = headline.published_at is not None and lead.published_at is not None
    one, *ones = forms(headline.headline, headline.outlet)
    other, *others = forms(lead.headline or "", headline.outlet)
    bare = [(one, form) for form in others] + [(form, other) for form in ones]
    rate = alike(one, other, is_dated)
    if rate < BARE and any(alike(*pair, is_dated) == 1 for pair in bare):
        rate = BARE
    is_far = (
        rate > 0 and is_dated and not _near(headline.published_at or "", lead.published_at or "")
    )
    return 0.0 if is_far else rate


@lru_cache(maxsize=8192)
def forms(headline: str, outlet: str | None = None) -> tuple[tuple[Words, bool], ...]:
    """A headline's words, as it stands first, then without label and tail; and whether it was cut
    short.

    A label or tail of the one may be missing in the other; with both taken away, `France: rates
    rise` and `Spain: rates rise` would be one.
    """
    texts = [headline, LABEL.sub("", headline), TAIL.sub("", headline)]
    before, dash, last = headline.rpartition(" - ")
    if dash and outlet and words(last) == words(outlet):
        texts.append(before)
    texts = list(dict.fromkeys(texts))
    return tuple((words(text), CUT.search(text) is not None) for text in texts)


def words(headline: str) -> Words:
    """A headline's words in one case, without accents and signs; single characters of scripts
    without spaces."""
    text = fold_letters(unicodedata.normalize("NFKC", CUT.sub("", headline))).replace("’", "'")
    return tuple(WORD.findall(UNSPACED_RUN.sub(lambda run: f" {' '.join(run[0])} ", text)))


def alike(one: tuple[Words, bool], other: tuple[Words, bool], is_dated: bool) -> float:
    """How far two headlines are one: 1 for the same words, less where one was cut or has some more,
    0 for others."""
    (short, is_cut), (long, _) = sorted((one, other), key=lambda form: len(form[0]))
    if not short or short[0] not in long or (len(short) < LEAST_WORDS and not is_dated):
        return 0.0
    if short == long:
        return 1.0
    if is_cut and len(short) >= LEAST_WORDS and long[: len(short)] == short:
        return ENOUGH
    share = 2 * len(short) / (len(short) + len(long))
    is_enough = share >= (ENOUGH if is_dated else ENOUGH_UNDATED)
    return (
        share
        if is_enough and _numbers(short) == _numbers(long) and _stands_within(short, long)
        else 0.0
    )


def _stands_within(short: Words, long: Words) -> bool:
    """Whether the one is the other with words left out."""
    rest = iter(long)
    return all(word in rest for word in short)


def _numbers(found: Words) -> list[str]:
    return [word for word in found if any(map(str.isdigit, word))]


def _near(one: str, other: str) -> bool:
    try:
        return abs(instant(one) - instant(other)) <= NEAR
    except ValueError:
        return False


def _nearest(headline: Headline, leads: list[Lead]) -> Lead | None:
    """Of leads that fit alike, the only one of the same minute, or of the same day."""
    for length in (16, 10):
        same = [
            lead
            for lead in leads
            if (lead.published_at or "-")[:length] == (headline.published_at or "")[:length]
        ]
        if len(same) == 1:
            return same[0]
    return None
