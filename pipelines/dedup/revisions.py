"""Classify a new version of a known article: unchanged, a revision, or a failed extraction.

Pure: `archive.articles.revisions` supplies the earlier versions and stores the result.

Two versions are compared as readers see them (`visible`): white space, paragraph breaks, invisible
characters and compatibility forms (ﬁ, full-width, …) make no difference. A remaining difference is
*typographic* if it disappears once case is folded and all quotes, dashes and the spaces at them are
made equal (`spelled`). Every other difference is a change, even a comma or a question mark: it can
alter the meaning.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain, pairwise
from unicodedata import normalize

from archive.articles.revisions import Earlier, Judge, Kind, Past, Verdict, Version
from archive.records import below_standfirst
from archive.timestamps import say_the_same
from pipelines.dedup.copies import UNSPACED, WORDS, units
from pipelines.dedup.volatile_lines import is_volatile_line

MOST = 0.6
"""A text that lost more than this share of its words is held until a second fetch confirms it."""
REPLACED = 0.9
"""So is a text of which more than this share was replaced: a wall, another article, or a complete
rewrite."""
ENOUGH = 80
"""Words. A text with fewer, where there were `SEVERAL_HUNDRED`, is a failed extraction."""
SEVERAL_HUNDRED = 300

UNCHANGED = Past()
"""The history of an article without earlier revisions."""
FIELDS: tuple[Kind, ...] = ("headline", "standfirst", "byline")
"""Fields compared beside the text."""


def judge(old: Version, new: Version, past: Past = UNCHANGED) -> Verdict:
    """Classify a new version; `old` is the newest accepted one.

    A change that readers see is a revision, unless the extraction failed. The same capture read
    again, or a version by another extractor, never is: the two versions do not show what the page
    did.
    """
    old, new = shortened(old, new)
    other_reader = _other_reader(old, new)
    kinds = _kinds(old, new)
    if _same_page(old, new) and not past.gone:
        return Verdict("reread" if other_reader or kinds else "unchanged")
    reason = _unreadable(old, new)
    if reason:
        return Verdict("unreadable", reason=reason)
    if _is_great_loss(old, new, kinds) and not _is_confirmed(new.text, past.held):
        return Verdict("held", reason="held: most of the text is gone; the next fetch decides")
    if past.gone:
        return _back(() if other_reader else kinds, past)
    if other_reader:
        return Verdict(
            "reread", reason="read by another extractor: changes of the page cannot be determined"
        )
    if not kinds:
        return _dates(old, new)
    number = _restored(old, new, kinds, past.earlier)
    if number is None:
        return Verdict("revision", kinds, _is_stealth(old, new, kinds))
    if past.earlier[-1].returned:
        return Verdict(
            "unchanged",
            reason=f"alternates with revision {number}, as in an A/B test",
        )
    kinds = (*kinds, "restored")
    return Verdict("revision", kinds, _is_stealth(old, new, kinds), number)


LONG = 200_000
"""Characters; longer texts are compared only around their changes."""
AROUND = 50_000
"""Characters of context before and after the changes."""


def shortened(old: Version, new: Version) -> tuple[Version, Version]:
    """Return two versions with texts cut to their difference and its context, at most LONG long.

    Versions with shorter texts are returned unchanged.
    """
    if max(len(old.text), len(new.text)) <= LONG:
        return old, new
    shorter = min(len(old.text), len(new.text))
    common_start = _common(old.text, new.text)
    common_end = min(_common(old.text[::-1], new.text[::-1]), shorter)
    begins = max(0, common_start - AROUND)
    ends = max(0, common_end - AROUND)
    mine, its = (_clipped(version.text, begins, ends) for version in (old, new))
    return replace(old, text=mine), replace(new, text=its)


def _clipped(text: str, begins: int, ends: int) -> str:
    """Return the text without its first `begins` and last `ends` characters, at most LONG long.

    Of a longer text the middle is left out.
    """
    inner = text[begins : max(begins, len(text) - ends)]
    if len(inner) <= LONG:
        return inner
    return inner[: LONG // 2] + inner[-LONG // 2 :]


def _common(text: str, other: str) -> int:
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

_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
_BETWEEN_SIGNS = re.compile(f"(?<={UNSPACED.pattern}) (?={UNSPACED.pattern})")
_QUOTES = re.compile("[\"'`´‘’‚‛“”„‟‹›«»「」『』《》〈〉′]+")
_DASHES = re.compile("[-‐‑‒–—―−]+")
_SPACE_AT_SIGNS = re.compile(' ?(["-]) ?| (?=[!?:;,.])')


def visible(text: str | None) -> str:
    """Return the text as a reader sees it, on one line."""
    shown = " ".join(_INVISIBLE.sub("", normalize("NFKC", text or "")).split())
    return _BETWEEN_SIGNS.sub("", shown)


def spelled(text: str | None) -> str:
    """Return the visible text without case, with equal quotes and dashes and no spaces at them."""
    alike = _DASHES.sub("-", _QUOTES.sub('"', visible(text).casefold()))
    return _SPACE_AT_SIGNS.sub(lambda match: match.group(1) or "", alike)


def size(text: str) -> int:
    """Return the number of words; in unspaced scripts two characters count as one word."""
    found, width = units(text)
    return len(found) if width == WORDS else len(found) // 2


def loss(old: str, new: str) -> float:
    """Return the share of the old text's pairs of neighbouring words that the new text lacks."""
    mine, theirs = (Counter(pairwise(units(text)[0])) for text in (old, new))
    if not mine:
        return 0.0
    return 1 - (mine & theirs).total() / mine.total()


# -- failed extractions ----------------------------------------------------------------------------

WALL = re.compile(
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


def _same_page(old: Version, new: Version) -> bool:
    """Return whether both versions were read from the same bytes."""
    return old.digest is not None and old.digest == new.digest


def _other_reader(old: Version, new: Version) -> bool:
    """Return whether two known extractors read the versions, which differ in what they select."""
    return None not in (old.extractor, new.extractor) and old.extractor != new.extractor


def _unreadable(old: Version, new: Version) -> str | None:
    """Return the reason why the new version is a failed extraction, or None.

    A remainder of a few words of several hundred is accepted only if it is a note that the article
    was withdrawn, or the page now declares itself as paid content; such a version is held first, as
    any great loss.
    """
    if old.text == new.text:
        return None
    left, had = size(new.text), size(old.text)
    if not left:
        return "empty: no text"
    if left < SEVERAL_HUNDRED and WALL.search(new.text) and loss(old.text, new.text) > MOST:
        return "error: a consent or anti-robot wall"
    few = left < ENOUGH and had >= SEVERAL_HUNDRED
    paid = new.free is False and old.free is not False
    if few and not paid and not _note_appeared(old, new):
        return "empty: little of the text is left"
    return None


def _is_great_loss(old: Version, new: Version, kinds: tuple[Kind, ...]) -> bool:
    """Return whether most of the text went or was replaced; short texts show neither."""
    replaced = "body" in kinds and size(old.text) >= ENOUGH and loss(old.text, new.text) > REPLACED
    return replaced or "cut" in kinds


def _is_confirmed(new: str, held: str | None) -> bool:
    """Return whether the held version and the new one agree, apart from volatile details."""
    return held is not None and loss(held, new) <= MOST and loss(new, held) <= MOST


# -- kinds of change -------------------------------------------------------------------------------


def _kinds(old: Version, new: Version) -> tuple[Kind, ...]:
    """Return the kinds of change that a reader sees.

    A missing headline was not found by the extractor, and counts as unchanged.
    """
    old, new = _settled(old, new)
    kinds: list[Kind] = [name for name in FIELDS if _differ(getattr(old, name), getattr(new, name))]
    if "headline" in kinds and not new.headline:
        kinds.remove("headline")
    mine = below_standfirst(old.text, old.standfirst)
    its = below_standfirst(new.text, new.standfirst)
    if _differ(mine, its):
        kinds.append("cut" if size(new.text) < (1 - MOST) * size(old.text) else "body")
    if not kinds:
        return ("typographic",) if _differ_visibly(old, new) else ()
    if _note_appeared(old, new):
        kinds.append("correction")
    return tuple(kinds)


def _differ_visibly(old: Version, new: Version) -> bool:
    """Return whether a reader could see any difference, be it only typographic."""
    return any(a != b and visible(a) != visible(b) for a, b in _pairs(old, new))


def _settled(old: Version, new: Version) -> tuple[Version, Version]:
    """Return both versions without volatile lines (counters, relative times, weather, ads)."""
    if (old.text, old.standfirst, old.byline) == (new.text, new.standfirst, new.byline):
        return old, new
    mine, its = old.text.split("\n"), new.text.split("\n")
    moving = {line for line in {*mine, *its} if is_volatile_line(line)}
    return _without(old, mine, moving), _without(new, its, moving)


def _without(version: Version, lines: list[str], moving: set[str]) -> Version:
    """Return the version without the lines in `moving`."""
    text = version.text
    if moving:
        text = "\n".join(line for line in lines if line not in moving)
    above = version.standfirst or None
    if above and is_volatile_line(above):
        above = None
    return replace(version, text=text, standfirst=above, byline=_bare_byline(version.byline))


_PARTS_OF_BYLINE = re.compile(r"\s*[·•|]\s*|\s+[-–—]\s+|\n")
_LAST_PART = re.compile(r"^(.*\w\W*?)[,\s]\s*(\D{0,12}\d.*)$")


def _bare_byline(byline: str | None) -> str | None:
    """Return a byline without the relative time or counter in it: `By Ida Berg · 5 minutes ago`."""
    given = _PARTS_OF_BYLINE.split(byline or "")
    parts = [part for part in given if part and not is_volatile_line(part)]
    last = _LAST_PART.match(parts[-1]) if parts else None
    if last and is_volatile_line(last[2]):
        parts[-1] = last[1]
    return " · ".join(parts) or None


def _differ(old: str | None, new: str | None) -> bool:
    """Return whether two fields differ in more than typography."""
    return old != new and spelled(old) != spelled(new)


def _pairs(old: Version, new: Version) -> list[tuple[str | None, str | None]]:
    """Return the compared fields of both versions; without the headline if the new one has none."""
    names = ("standfirst", "byline", "text", "headline")[: 4 if new.headline else 3]
    return [(getattr(old, name), getattr(new, name)) for name in names]


_CLOCK = re.compile(r"\d\s?[:.hH]\s?\d\d|\d{4}")
NOTE = re.compile(
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
SAID_WITHIN = re.compile(
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


def notes(version: Version) -> set[str]:
    """Return the normalized notes of correction or update in a version.

    A relative time (`Updated: 5 minutes ago`) is not a note.
    """
    fields = "\n".join(filter(None, (version.headline, version.standfirst, version.text)))
    lines = fields.split("\n")
    # a line with a time of day or a year may be a note even if it is volatile
    shown = "\n".join(line for line in lines if _CLOCK.search(line) or not is_volatile_line(line))
    matches = chain(NOTE.finditer(shown), SAID_WITHIN.finditer(shown))
    return {spelled(match.group()) for match in matches}


def _note_appeared(old: Version, new: Version) -> bool:
    """Return whether the new version has a note that the old one lacks."""
    found = notes(new)
    return bool(found) and not found <= notes(old)


def _restored(
    old: Version, new: Version, kinds: tuple[Kind, ...], earlier: tuple[Earlier, ...]
) -> int | None:
    """Return the number of the newest earlier revision that equals the new version.

    Only the fields that changed are compared. None if no earlier revision equals it.
    """
    changed = [name for name in FIELDS if name in kinds]
    body = "body" in kinds or "cut" in kinds
    if not changed and (not body or old.fingerprint == new.fingerprint):
        return None
    for before in reversed(earlier):
        same_text = not body or (before.fingerprint == new.fingerprint != "")
        fields = ((getattr(before, name), getattr(new, name)) for name in changed)
        if same_text and not any(_differ(a, b) for a, b in fields):
            return before.number
    return None


# -- dates and notes on the page -------------------------------------------------------------------


def _is_stealth(old: Version, new: Version, kinds: tuple[Kind, ...]) -> bool:
    """Return whether an article changed without a note and without a new date on the page.

    The date is that of modification, else of publication. A page without a date makes no claim. A
    date without a time does not exclude a change on that day or, as zones differ, the next.
    Typographic changes are never stealth edits.
    """
    said = old.modified_at or _published(old, new)
    says = new.modified_at or _published(new, old)
    if "correction" in kinds or "typographic" in kinds:
        return False
    if not says or not say_the_same(said, says):
        return False
    if len(says) != 10 or not new.fetched_at:
        return True
    apart = date.fromisoformat(new.fetched_at[:10]) - date.fromisoformat(says)
    return apart > timedelta(days=1)


def _published(version: Version, other: Version) -> str | None:
    """Return the publication date on the page itself; if a version lacks it, `published_at`."""
    known = version.stated_at is not None and other.stated_at is not None
    return version.stated_at if known else version.published_at


def _back(kinds: tuple[Kind, ...], past: Past) -> Verdict:
    """Return the verdict for an article that was gone and is available again."""
    number = past.earlier[-1].number if past.earlier else None
    return Verdict("revision", (*kinds, "restored"), restores=number)


def _dates(old: Version, new: Version) -> Verdict:
    """Return the verdict for versions that read the same: only the page's own dates may differ."""
    said, says = _published(old, new), _published(new, old)
    if said and says and not say_the_same(said, says):
        return Verdict("date-only", reason=f"date-only: published {said} → {says}")
    if new.modified_at and new.modified_at != old.modified_at:
        return Verdict("date-only", reason="date-only")
    return Verdict("unchanged")


JUDGE = Judge(judge)
"""Policy for `archive.articles.revisions`.

A crawl adds a way to read stored pages again: `dataclasses.replace(JUDGE, reread=…)`.
"""
