"""Classify a new version of a known article: unchanged, a revision, or a failed extraction.

Pure: `archive.articles.revisions` supplies the earlier versions and stores the result.

Two versions are compared as readers see them (`visible_text`): white space, paragraph breaks,
invisible characters and compatibility forms (ﬁ, full-width, …) make no difference. A remaining
difference is
*typographic* if it disappears once case is folded and all quotes, dashes and the spaces at them are
made equal (`normalized_spelling`). Every other difference is a change, even a comma or a question
mark: it can alter the meaning.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain, pairwise
from unicodedata import normalize

from archive.articles.revisions import (
    ArticleHistory,
    ArticleVersion,
    EarlierRevision,
    RevisionKind,
    RevisionPolicy,
    RevisionVerdict,
    is_same_extractor,
)
from archive.records import text_below_standfirst
from archive.timestamps import can_be_same_time
from pipelines.dedup.copies import UNSPACED_SCRIPT_LETTER, WORDS_PER_SHINGLE, text_units
from pipelines.dedup.volatile_lines import is_volatile_line

MAX_TEXT_LOSS = 0.6
"""A text that lost more than this share of its words is held until a second fetch confirms it."""
MAX_TEXT_REPLACED = 0.9
"""So is a text of which more than this share was replaced: a wall, another article, or a complete
rewrite."""
MIN_REMAINING_WORDS = 80
"""Words. A text with fewer, where there were `LONG_ARTICLE_WORDS`, is a failed extraction."""
LONG_ARTICLE_WORDS = 300

NO_HISTORY = ArticleHistory()
"""The history of an article without earlier revisions."""
COMPARED_FIELDS: tuple[RevisionKind, ...] = ("headline", "standfirst", "byline")
"""Fields compared beside the text."""


def classify_version(
    old: ArticleVersion, new: ArticleVersion, past: ArticleHistory = NO_HISTORY
) -> RevisionVerdict:
    """Classify a new version; `old` is the newest accepted one.

    A change that readers see is a revision, unless the extraction failed. The same capture read
    again, or a version by another extractor, never is: the two versions do not show what the page
    did.
    """
    old, new = clip_to_changes(old, new)
    other_reader = _have_other_extractor(old, new)
    kinds = _kinds_of_change(old, new)
    if _have_same_bytes(old, new) and not past.gone:
        return RevisionVerdict("reread" if other_reader or kinds else "unchanged")
    reason = _extraction_failure(old, new)
    if reason:
        return RevisionVerdict("unreadable", reason=reason)
    if _has_great_loss(old, new, kinds) and not _is_loss_confirmed(new.text, past.held):
        return RevisionVerdict(
            "held", reason="held: most of the text is gone; the next fetch decides"
        )
    if past.gone:
        return _verdict_on_return(() if other_reader else kinds, past)
    if other_reader:
        return RevisionVerdict(
            "reread", reason="read by another extractor: changes of the page cannot be determined"
        )
    if not kinds:
        return _verdict_on_dates(old, new)
    number = _restored_revision(old, new, kinds, past.earlier)
    if number is None:
        return RevisionVerdict("revision", kinds, _is_stealth_edit(old, new, kinds))
    if past.earlier[-1].returned:
        return RevisionVerdict(
            "unchanged",
            reason=f"alternates with revision {number}, as in an A/B test",
        )
    kinds = (*kinds, "restored")
    return RevisionVerdict("revision", kinds, _is_stealth_edit(old, new, kinds), number)


MAX_COMPARED_TEXT_CHARS = 200_000
"""Characters; longer texts are compared only around their changes."""
CONTEXT_CHARS = 50_000
"""Characters of context before and after the changes."""


def clip_to_changes(
    old: ArticleVersion, new: ArticleVersion
) -> tuple[ArticleVersion, ArticleVersion]:
    """Return two versions with texts cut to their difference and its context, at most LONG long.

    Versions with shorter texts are returned unchanged.
    """
    if max(len(old.text), len(new.text)) <= MAX_COMPARED_TEXT_CHARS:
        return old, new
    shorter = min(len(old.text), len(new.text))
    common_start = _common_prefix_chars(old.text, new.text)
    common_end = min(_common_prefix_chars(old.text[::-1], new.text[::-1]), shorter)
    begins = max(0, common_start - CONTEXT_CHARS)
    ends = max(0, common_end - CONTEXT_CHARS)
    mine, its = (_clip_text(version.text, begins, ends) for version in (old, new))
    return replace(old, text=mine), replace(new, text=its)


def _clip_text(text: str, begins: int, ends: int) -> str:
    """Return the text without its first `begins` and last `ends` characters, at most LONG long.

    Of a longer text the middle is left out.
    """
    inner = text[begins : max(begins, len(text) - ends)]
    if len(inner) <= MAX_COMPARED_TEXT_CHARS:
        return inner
    return inner[: MAX_COMPARED_TEXT_CHARS // 2] + inner[-MAX_COMPARED_TEXT_CHARS // 2 :]


def _common_prefix_chars(text: str, other: str) -> int:
    """Return the length of the common prefix of two texts, in characters."""
    least, most = 0, min(len(text), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if text[least:middle] == other[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least


# -- normalization ---------------------------------------------------------------------------------

_INVISIBLE_FORMATTING = re.compile(
    "[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]"
)
_SPACE_BETWEEN_UNSPACED = re.compile(
    f"(?<={UNSPACED_SCRIPT_LETTER.pattern}) (?={UNSPACED_SCRIPT_LETTER.pattern})"
)
_QUOTE_MARKS = re.compile("[\"'`´‘’‚‛“”„‟‹›«»「」『』《》〈〉′]+")
_DASH_MARKS = re.compile("[-‐‑‒–—―−]+")
_SPACE_AT_PUNCTUATION = re.compile(' ?(["-]) ?| (?=[!?:;,.])')


def visible_text(text: str | None) -> str:
    """Return the text as a reader sees it, on one line."""
    shown = " ".join(_INVISIBLE_FORMATTING.sub("", normalize("NFKC", text or "")).split())
    return _SPACE_BETWEEN_UNSPACED.sub("", shown)


def normalized_spelling(text: str | None) -> str:
    """Return the visible text without case, with equal quotes and dashes and no spaces at them."""
    alike = _DASH_MARKS.sub("-", _QUOTE_MARKS.sub('"', visible_text(text).casefold()))
    return _SPACE_AT_PUNCTUATION.sub(lambda match: match.group(1) or "", alike)


def text_size_words(text: str) -> int:
    """Return the number of words; in unspaced scripts two characters count as one word."""
    found, width = text_units(text)
    return len(found) if width == WORDS_PER_SHINGLE else len(found) // 2


def text_loss(old: str, new: str) -> float:
    """Return the share of the old text's pairs of neighbouring words that the new text lacks."""
    mine, theirs = (Counter(pairwise(text_units(text)[0])) for text in (old, new))
    if not mine:
        return 0.0
    return 1 - (mine & theirs).total() / mine.total()


# -- failed extractions ----------------------------------------------------------------------------

WALL_PHRASES = re.compile(
    r"""enable\ (?:java\s?script|cookies)|(?:java\s?script|cookies)\ (?:is|are|to\ be)\ (?:disabled|enabled|required)
    |(?:verify|confirm|make\ sure)\ (?:that\ )?you(?:['’]re|\ are)\ (?:a\ )?(?:not\ a\ robot|human)|are\ you\ a\ robot
    |unusual\ traffic|access\ (?:to\ this\ page\ )?(?:has\ been\ )?denied|checking\ your\ browser|captcha
    |(?:accept|manage|reject)\ (?:all\ )?cookies|we\ (?:and\ our\ (?:\d+\ )?partners\ )?(?:use|store)\ cookies
    |(?:alle\ )?cookies\ (?:akzeptieren|zustimmen)|javascript\ (?:aktivieren|ist\ deaktiviert)|kein(?:en)?\ roboter
    |accepter\ (?:tous\ )?les\ cookies|activer?\ javascript|(?:aceptar|acepte)\ (?:todas\ )?las\ cookies
    |(?:active|habilite)\ javascript|accett\w+\ (?:tutti\ )?i\ cookie|aceitar\ (?:todos\ )?os\ cookies
    |cookies\ accepteren|включите\ javascript|вы\ не\ робот|クッキーを?(?:許可|同意)|启用\s?javascript|쿠키""",
    re.IGNORECASE | re.VERBOSE,
)
"""Phrases of consent and anti-robot walls, which articles about such walls contain as well."""


def _have_same_bytes(old: ArticleVersion, new: ArticleVersion) -> bool:
    """Return whether both versions were read from the same bytes."""
    return old.digest is not None and old.digest == new.digest


def _have_other_extractor(old: ArticleVersion, new: ArticleVersion) -> bool:
    """Return whether two known extractors read the versions, which differ in what they select."""
    return not is_same_extractor(old.extractor, new.extractor)


def _extraction_failure(old: ArticleVersion, new: ArticleVersion) -> str | None:
    """Return the reason why the new version is a failed extraction, or None.

    A remainder of a few words of several hundred is accepted only if it is a note that the article
    was withdrawn, or the page now declares itself as paid content; such a version is held first, as
    any great loss.
    """
    if old.text == new.text:
        return None
    left, had = text_size_words(new.text), text_size_words(old.text)
    if not left:
        return "empty: no text"
    if (
        left < LONG_ARTICLE_WORDS
        and WALL_PHRASES.search(new.text)
        and text_loss(old.text, new.text) > MAX_TEXT_LOSS
    ):
        return "error: a consent or anti-robot wall"
    few = left < MIN_REMAINING_WORDS and had >= LONG_ARTICLE_WORDS
    paid = new.free is False and old.free is not False
    if few and not paid and not _has_new_note(old, new):
        return "empty: little of the text is left"
    return None


def _has_great_loss(
    old: ArticleVersion, new: ArticleVersion, kinds: tuple[RevisionKind, ...]
) -> bool:
    """Return whether most of the text went or was replaced; short texts show neither."""
    replaced = (
        "body" in kinds
        and text_size_words(old.text) >= MIN_REMAINING_WORDS
        and text_loss(old.text, new.text) > MAX_TEXT_REPLACED
    )
    return replaced or "cut" in kinds


def _is_loss_confirmed(new: str, held: str | None) -> bool:
    """Return whether the held version and the new one agree, apart from volatile details."""
    return (
        held is not None
        and text_loss(held, new) <= MAX_TEXT_LOSS
        and text_loss(new, held) <= MAX_TEXT_LOSS
    )


# -- kinds of change -------------------------------------------------------------------------------


def _kinds_of_change(old: ArticleVersion, new: ArticleVersion) -> tuple[RevisionKind, ...]:
    """Return the kinds of change that a reader sees.

    A missing headline was not found by the extractor, and counts as unchanged.
    """
    old, new = _without_volatile_lines(old, new)
    kinds: list[RevisionKind] = [
        name for name in COMPARED_FIELDS if _differ_in_words(getattr(old, name), getattr(new, name))
    ]
    if "headline" in kinds and not new.headline:
        kinds.remove("headline")
    mine = text_below_standfirst(old.text, old.standfirst)
    its = text_below_standfirst(new.text, new.standfirst)
    if _differ_in_words(mine, its):
        kinds.append(
            "cut"
            if text_size_words(new.text) < (1 - MAX_TEXT_LOSS) * text_size_words(old.text)
            else "body"
        )
    if not kinds:
        return ("typographic",) if _differ_visibly(old, new) else ()
    if _has_new_note(old, new):
        kinds.append("correction")
    return tuple(kinds)


def _differ_visibly(old: ArticleVersion, new: ArticleVersion) -> bool:
    """Return whether a reader could see any difference, be it only typographic."""
    return any(a != b and visible_text(a) != visible_text(b) for a, b in _compared_pairs(old, new))


def _without_volatile_lines(
    old: ArticleVersion, new: ArticleVersion
) -> tuple[ArticleVersion, ArticleVersion]:
    """Return both versions without volatile lines (counters, relative times, weather, ads)."""
    if (old.text, old.standfirst, old.byline) == (new.text, new.standfirst, new.byline):
        return old, new
    mine, its = old.text.split("\n"), new.text.split("\n")
    moving = {line for line in {*mine, *its} if is_volatile_line(line)}
    return _without_lines(old, mine, moving), _without_lines(new, its, moving)


def _without_lines(version: ArticleVersion, lines: list[str], moving: set[str]) -> ArticleVersion:
    """Return the version without the lines in `moving`."""
    text = version.text
    if moving:
        text = "\n".join(line for line in lines if line not in moving)
    above = version.standfirst or None
    if above and is_volatile_line(above):
        above = None
    return replace(version, text=text, standfirst=above, byline=_bare_byline(version.byline))


_BYLINE_SEPARATOR = re.compile(r"\s*[·•|]\s*|\s+[-–—]\s+|\n")
_BYLINE_TIME_PART = re.compile(r"^(.*\w\W*?)[,\s]\s*(\D{0,12}\d.*)$")


def _bare_byline(byline: str | None) -> str | None:
    """Return a byline without the relative time or counter in it: `By Ida Berg · 5 minutes ago`."""
    given = _BYLINE_SEPARATOR.split(byline or "")
    parts = [part for part in given if part and not is_volatile_line(part)]
    last = _BYLINE_TIME_PART.match(parts[-1]) if parts else None
    if last and is_volatile_line(last[2]):
        parts[-1] = last[1]
    return " · ".join(parts) or None


def _differ_in_words(old: str | None, new: str | None) -> bool:
    """Return whether two fields differ in more than typography."""
    return old != new and normalized_spelling(old) != normalized_spelling(new)


def _compared_pairs(
    old: ArticleVersion, new: ArticleVersion
) -> list[tuple[str | None, str | None]]:
    """Return the compared fields of both versions; without the headline if the new one has none."""
    names = ("standfirst", "byline", "text", "headline")[: 4 if new.headline else 3]
    return [(getattr(old, name), getattr(new, name)) for name in names]


_TIME_OR_YEAR = re.compile(r"\d\s?[:.hH]\s?\d\d|\d{4}")
CORRECTION_NOTE_LINE = re.compile(
    r"""^[^\w\n]*(?:
      corrections?|corrected|clarifications?|clarified|updated?|editor['’]?s['’]?\ note|retraction|withdrawn
      |korrekturhinweis|korrektur|berichtigung|richtigstellung|anmerkung\ der\ redaktion|aktualisier(?:t|ung)
      |rectificati(?:f|on)|correctif|mise\ à\ jour|note\ de\ la\ rédaction|erratum
      |correcci[oó]n|rectificación|fe\ de\ (?:erratas|errores)|aclaración|actualización
      |nota\ de(?:\ la\ redacción|l\ editor)
      |correzione|rettifica|errata\ corrige|aggiornamento|correção|errata|erramos|atualização
      |correctie|rectificatie|aanvulling|rättelse|rettelse|korrigering|oikaisu|sprostowanie|korekta|aktualizacja
      |исправление|поправка|уточнение|обновлено|виправлення|уточнення|διόρθωση|düzeltme|güncelleme
      |تصحيح|توضيح|تحديث|תיקון|עדכון|訂正|お詫び|修正|追記|更新|更正|勘误|勘誤|정정|바로잡습니다|수정
    )(?:[^\n:：.]{0,40}?(?:[:：】\]）]|\ [-–—]\ )|[-–—]|[.\s]*$).{0,1000}""",
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
"""A line that begins like a note of correction or update: the word, perhaps a date, and a colon or
dash."""
CORRECTION_PHRASE = re.compile(
    r"""(?:
      (?:earlier|previous|original)\ version\ of\ (?:this|the)\ (?:article|story|report|piece|headline|post)
      |(?:this|the)\ (?:article|story|report|headline|piece)\ (?:was|has\ been)
        \ (?:amended|corrected|updated|retracted|withdrawn|removed|changed)
      |in\ einer\ (?:früheren|vorherigen|ersten)\ (?:version|fassung)
      |(?:artikel|text|beitrag|meldung)\ wurde\ (?:nachträglich\ )?(?:korrigiert|berichtigt|aktualisiert)
      |une\ (?:première\ )?version\ (?:précédente|antérieure|initiale)
      |cet\ article\ a\ été\ (?:corrigé|modifié|mis\ à\ jour)
      |una\ versión\ (?:anterior|previa)|este\ artículo\ (?:ha\ sido|fue)\ (?:corregido|modificado|actualizado)
      |una\ (?:precedente\ )?versione\ precedente|uma\ versão\ anterior|eerdere\ versie|tidigare\ version
      |в\ предыдущей\ версии|в\ более\ ранней\ версии|記事を?(?:訂正|修正)|以前の版|此前版本|이전\ 버전
    )[^.!?。\n]{0,300}""",
    re.IGNORECASE | re.VERBOSE,
)
"""Phrases of such notes within a text."""


def correction_notes(version: ArticleVersion) -> set[str]:
    """Return the normalized notes of correction or update in a version.

    A relative time (`Updated: 5 minutes ago`) is not a note.
    """
    fields = "\n".join(filter(None, (version.headline, version.standfirst, version.text)))
    lines = fields.split("\n")
    # a line with a time of day or a year may be a note even if it is volatile
    shown = "\n".join(
        line for line in lines if _TIME_OR_YEAR.search(line) or not is_volatile_line(line)
    )
    matches = chain(CORRECTION_NOTE_LINE.finditer(shown), CORRECTION_PHRASE.finditer(shown))
    return {normalized_spelling(match.group()) for match in matches}


def _has_new_note(old: ArticleVersion, new: ArticleVersion) -> bool:
    """Return whether the new version has a note that the old one lacks."""
    found = correction_notes(new)
    return bool(found) and not found <= correction_notes(old)


def _restored_revision(
    old: ArticleVersion,
    new: ArticleVersion,
    kinds: tuple[RevisionKind, ...],
    earlier: tuple[EarlierRevision, ...],
) -> int | None:
    """Return the number of the newest earlier revision that equals the new version.

    Only the fields that changed are compared. None if no earlier revision equals it.
    """
    changed = [name for name in COMPARED_FIELDS if name in kinds]
    body = "body" in kinds or "cut" in kinds
    if not changed and (not body or old.fingerprint == new.fingerprint):
        return None
    for before in reversed(earlier):
        same_text = not body or (before.fingerprint == new.fingerprint != "")
        fields = ((getattr(before, name), getattr(new, name)) for name in changed)
        if same_text and not any(_differ_in_words(a, b) for a, b in fields):
            return before.number
    return None


# -- dates and notes on the page -------------------------------------------------------------------


def _is_stealth_edit(
    old: ArticleVersion, new: ArticleVersion, kinds: tuple[RevisionKind, ...]
) -> bool:
    """Return whether an article changed without a note and without a new date on the page.

    The date is that of modification, else of publication. A page without a date makes no claim. A
    date without a time does not exclude a change on that day or, as zones differ, the next.
    Typographic changes are never stealth edits.
    """
    said = old.modified_at or _stated_publication(old, new)
    says = new.modified_at or _stated_publication(new, old)
    if "correction" in kinds or "typographic" in kinds:
        return False
    if not says or not can_be_same_time(said, says):
        return False
    if len(says) != 10 or not new.fetched_at:
        return True
    apart = date.fromisoformat(new.fetched_at[:10]) - date.fromisoformat(says)
    return apart > timedelta(days=1)


def _stated_publication(version: ArticleVersion, other: ArticleVersion) -> str | None:
    """Return the publication date on the page itself; if a version lacks it, `published_at`."""
    known = version.stated_at is not None and other.stated_at is not None
    return version.stated_at if known else version.published_at


def _verdict_on_return(kinds: tuple[RevisionKind, ...], past: ArticleHistory) -> RevisionVerdict:
    """Return the verdict for an article that was gone and is available again."""
    number = past.earlier[-1].number if past.earlier else None
    return RevisionVerdict("revision", (*kinds, "restored"), restores=number)


def _verdict_on_dates(old: ArticleVersion, new: ArticleVersion) -> RevisionVerdict:
    """Return the verdict for versions that read the same: only the page's own dates may differ."""
    said, says = _stated_publication(old, new), _stated_publication(new, old)
    if said and says and not can_be_same_time(said, says):
        return RevisionVerdict("date-only", reason=f"date-only: published {said} → {says}")
    if new.modified_at and new.modified_at != old.modified_at:
        return RevisionVerdict("date-only", reason="date-only")
    return RevisionVerdict("unchanged")


REVISION_POLICY = RevisionPolicy(classify_version)
"""Policy for `archive.articles.revisions`.

A crawl adds a way to read stored pages again: `dataclasses.replace(JUDGE, reread=…)`.
"""
