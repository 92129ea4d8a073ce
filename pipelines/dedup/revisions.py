"""Did a known article change? What a new reading of it is: nothing, a revision, or a page that was
not read well.

Pure: `archive.articles.revisions` brings what was before and keeps what follows.

Two readings are compared as a reader sees them (`visible`): white space, paragraph breaks,
invisible characters and compatibility forms (ﬁ, full-width, …) make no difference. What differs
then is *typographic* if nothing is left of it without case, and with all quotes, dashes and the
spaces at them alike (`spelled`). Everything else is a change, also a comma or a question mark: it
can turn what is said.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from unicodedata import normalize

from archive.articles.revisions import Earlier, Judge, Kind, Past, Verdict, Version
from archive.records import below_standfirst
from archive.timestamps import say_the_same
from pipelines.dedup.copies import UNSPACED, WORDS, units
from pipelines.dedup.volatile_lines import is_volatile_line

MOST = 0.6
"""A text that lost more than this share of its words is held until a second look brings the
same."""
REPLACED = 0.9
"""So is one of which more than this share was replaced: a wall, another article, or indeed all
written anew."""
ENOUGH = 80
"""Words. Fewer than these, where there were several hundred, are a failed extraction."""
SEVERAL_HUNDRED = 300

UNCHANGED = Past()
FIELDS: tuple[Kind, ...] = ("headline", "standfirst", "byline")


def judge(old: Version, new: Version, past: Past = UNCHANGED) -> Verdict:
    """What a new reading is, the old one being the newest that was accepted.

    A change of what one reads is a revision, unless the text was not read well. The same capture,
    or one read by another extractor, never is: the two readings say nothing of what the page did.
    """
    old, new = shortened(old, new)
    other_reader = _other_reader(old, new)
    kinds = _kinds(old, new)
    if _same_page(old, new) and not past.gone:
        return Verdict("reread" if other_reader or kinds else "unchanged")
    if reason := _unreadable(old, new):
        return Verdict("unreadable", reason=reason)
    if _is_great_loss(old, new, kinds) and not _is_confirmed(new.text, past.held):
        return Verdict("held", reason="held: most of the text is gone; the next look decides")
    if past.gone:
        return _back(() if other_reader else kinds, past)
    if other_reader:
        return Verdict(
            "reread", reason="read by another extractor: what the page changed cannot be told"
        )
    if not kinds:
        return _dates(old, new)
    number = _restored(old, new, kinds, past.earlier)
    if number is not None and past.earlier[-1].returned:
        return Verdict(
            "unchanged",
            reason=f"it alternates with revision {number}, as pages do that are tried out",
        )
    kinds = kinds if number is None else (*kinds, "restored")
    return Verdict("revision", kinds, _is_stealth(old, new, kinds), number)


LONG = 200_000
"""Characters of a text, from which on it is compared around its changes."""
AROUND = 50_000
"""Characters before and after them."""


def shortened(old: Version, new: Version) -> tuple[Version, Version]:
    """Two versions of a long text: what they do not have in common, up to LONG characters, and what
    stands around it.

    Others are as they were.
    """
    if max(len(old.text), len(new.text)) <= LONG:
        return old, new
    begins = max(0, _common(old.text, new.text) - AROUND)
    ends = max(
        0, min(_common(old.text[::-1], new.text[::-1]), len(old.text), len(new.text)) - AROUND
    )
    texts = (text[begins : max(begins, len(text) - ends)] for text in (old.text, new.text))
    short = [
        text if len(text) <= LONG else text[: LONG // 2] + text[-LONG // 2 :] for text in texts
    ]
    return replace(old, text=short[0]), replace(new, text=short[1])


def _common(text: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    least, most = 0, min(len(text), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if text[least:middle] == other[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least


# -- what is compared ------------------------------------------------------------------------------

_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
_BETWEEN_SIGNS = re.compile(f"(?<={UNSPACED.pattern}) (?={UNSPACED.pattern})")
_QUOTES = re.compile("[\"'`´‘’‚‛“”„‟‹›«»「」『』《》〈〉′]+")
_DASHES = re.compile("[-‐‑‒–—―−]+")
_SPACE_AT_SIGNS = re.compile(' ?(["-]) ?| (?=[!?:;,.])')


def visible(text: str | None) -> str:
    """The text as a reader sees it, in one line."""
    shown = " ".join(_INVISIBLE.sub("", normalize("NFKC", text or "")).split())
    return _BETWEEN_SIGNS.sub("", shown)


def spelled(text: str | None) -> str:
    """The same without case, all quotes and all dashes alike and without spaces at them."""
    alike = _DASHES.sub("-", _QUOTES.sub('"', visible(text).casefold()))
    return _SPACE_AT_SIGNS.sub(lambda match: match.group(1) or "", alike)


def size(text: str) -> int:
    """Words; two characters count as one where blanks do not part words."""
    found, width = units(text)
    return len(found) if width == WORDS else len(found) // 2


def loss(old: str, new: str) -> float:
    """The share of the old text's pairs of neighbouring words that the new text does not have."""
    mine, theirs = (Counter(pairwise(units(text)[0])) for text in (old, new))
    return 1 - (mine & theirs).total() / mine.total() if mine else 0.0


# -- whether it can be compared --------------------------------------------------------------------

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
"""What walls of consent and against robots say, and what an article says that is about them."""


def _same_page(old: Version, new: Version) -> bool:
    return old.digest is not None and old.digest == new.digest


def _other_reader(old: Version, new: Version) -> bool:
    """Two extractors differ in what they take; a reading of an unknown one is compared as any."""
    return None not in (old.extractor, new.extractor) and old.extractor != new.extractor


def _unreadable(old: Version, new: Version) -> str | None:
    """Why the new reading is a failed one; None if it is not.

    A few words that are left of several hundred are taken only if they are a note that the article
    was withdrawn, or the page has come to call itself paid for; that is held first, as any great
    loss.
    """
    if old.text == new.text:
        return None
    left, had = size(new.text), size(old.text)
    if not left:
        return "empty: no text"
    if left < SEVERAL_HUNDRED and WALL.search(new.text) and loss(old.text, new.text) > MOST:
        return "error: a wall of consent or against robots"
    few = left < ENOUGH and had >= SEVERAL_HUNDRED
    paid = new.free is False and old.free is not False
    return (
        "empty: little of the text is left"
        if few and not paid and not _note_appeared(old, new)
        else None
    )


def _is_great_loss(old: Version, new: Version, kinds: tuple[Kind, ...]) -> bool:
    """Most of the text went, or was replaced; of a few words that says nothing."""
    replaced = "body" in kinds and size(old.text) >= ENOUGH and loss(old.text, new.text) > REPLACED
    return replaced or "cut" in kinds


def _is_confirmed(new: str, held: str | None) -> bool:
    """Whether a loss is the one that was seen before; the parts of a page that change at each look
    may differ."""
    return held is not None and loss(held, new) <= MOST and loss(new, held) <= MOST


# -- what changed ----------------------------------------------------------------------------------


def _kinds(old: Version, new: Version) -> tuple[Kind, ...]:
    """What a reader sees changed. A headline that is missing was not found; it counts as
    unchanged."""
    old, new = _settled(old, new)
    kinds: list[Kind] = [name for name in FIELDS if _differ(getattr(old, name), getattr(new, name))]
    if "headline" in kinds and not new.headline:
        kinds.remove("headline")
    if _differ(
        below_standfirst(old.text, old.standfirst), below_standfirst(new.text, new.standfirst)
    ):
        kinds.append("cut" if size(new.text) < (1 - MOST) * size(old.text) else "body")
    if not kinds:
        return (
            ("typographic",)
            if any(a != b and visible(a) != visible(b) for a, b in _pairs(old, new))
            else ()
        )
    return (*kinds, "correction") if _note_appeared(old, new) else tuple(kinds)


def _settled(old: Version, new: Version) -> tuple[Version, Version]:
    """Both readings without what changes by itself on a page: counters, relative times, weather,
    advertisements."""
    if (old.text, old.standfirst, old.byline) == (new.text, new.standfirst, new.byline):
        return old, new
    mine, its = old.text.split("\n"), new.text.split("\n")
    moving = {line for line in {*mine, *its} if is_volatile_line(line)}
    return _without(old, mine, moving), _without(new, its, moving)


def _without(version: Version, lines: list[str], moving: set[str]) -> Version:
    text = "\n".join(line for line in lines if line not in moving) if moving else version.text
    above = (
        version.standfirst
        if version.standfirst and not is_volatile_line(version.standfirst)
        else None
    )
    return replace(version, text=text, standfirst=above, byline=_bare_byline(version.byline))


_PARTS_OF_BYLINE = re.compile(r"\s*[·•|]\s*|\s+[-–—]\s+|\n")
_LAST_PART = re.compile(r"^(.*\w\W*?)[,\s]\s*(\D{0,12}\d.*)$")


def _bare_byline(byline: str | None) -> str | None:
    """A byline without the relative time or counter beside it: `By Ida Berg · 5 minutes ago`."""
    parts = [
        part for part in _PARTS_OF_BYLINE.split(byline or "") if part and not is_volatile_line(part)
    ]
    if parts and (found := _LAST_PART.match(parts[-1])) and is_volatile_line(found[2]):
        parts[-1] = found[1]
    return " · ".join(parts) or None


def _differ(old: str | None, new: str | None) -> bool:
    return old != new and spelled(old) != spelled(new)


def _pairs(old: Version, new: Version) -> list[tuple[str | None, str | None]]:
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
"""A line that begins as a note of correction or update does: the word, perhaps a date, and a colon
or a dash."""
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


def notes(version: Version) -> set[str]:
    """The notes of correction or update that a reading shows, as they are spelled; `Updated: 5
    minutes ago` is none."""
    fields = "\n".join(filter(None, (version.headline, version.standfirst, version.text)))
    shown = "\n".join(
        line for line in fields.split("\n") if _CLOCK.search(line) or not is_volatile_line(line)
    )
    return {
        spelled(match.group())
        for pattern in (NOTE, SAID_WITHIN)
        for match in pattern.finditer(shown)
    }


def _note_appeared(old: Version, new: Version) -> bool:
    found = notes(new)
    return bool(found) and not found <= notes(old)


def _restored(
    old: Version, new: Version, kinds: tuple[Kind, ...], earlier: tuple[Earlier, ...]
) -> int | None:
    """The newest revision, before the old reading, that read as the new one where it changed; None
    if none did."""
    changed = [name for name in FIELDS if name in kinds]
    body = "body" in kinds or "cut" in kinds
    if not changed and (not body or old.fingerprint == new.fingerprint):
        return None
    for before in reversed(earlier):
        same_text = not body or (before.fingerprint == new.fingerprint != "")
        if same_text and not any(
            _differ(getattr(before, name), getattr(new, name)) for name in changed
        ):
            return before.number
    return None


# -- what the page says of it ----------------------------------------------------------------------


def _is_stealth(old: Version, new: Version, kinds: tuple[Kind, ...]) -> bool:
    """Changed while the date that the page gives (modified, else published) stayed as it was, and
    without a note.

    A page without a date hides nothing by it, and a day alone cannot tell of a change on that day
    or, as zones differ, the next. Typography is nobody's secret.
    """
    says, said = new.modified_at or _published(new, old), old.modified_at or _published(old, new)
    if not says or not say_the_same(said, says) or "correction" in kinds or "typographic" in kinds:
        return False
    if len(says) != 10 or not new.fetched_at:
        return True
    return date.fromisoformat(new.fetched_at[:10]) - date.fromisoformat(says) > timedelta(days=1)


def _published(version: Version, other: Version) -> str | None:
    """What the page itself says of its publication; where that is not known of both readings, what
    is known of it."""
    known = version.stated_at is not None and other.stated_at is not None
    return version.stated_at if known else version.published_at


def _back(kinds: tuple[Kind, ...], past: Past) -> Verdict:
    """An article that was gone is there again."""
    return Verdict(
        "revision", (*kinds, "restored"), restores=past.earlier[-1].number if past.earlier else None
    )


def _dates(old: Version, new: Version) -> Verdict:
    """Nothing changed that one reads; perhaps the page's own dates did, which makes no revision."""
    said, says = _published(old, new), _published(new, old)
    if said and says and not say_the_same(said, says):
        return Verdict("date-only", reason=f"date-only: published {said} → {says}")
    if new.modified_at and new.modified_at != old.modified_at:
        return Verdict("date-only", reason="date-only")
    return Verdict("unchanged")


JUDGE = Judge(judge)
"""What the archive asks; a crawl adds how kept pages are read anew (`dataclasses.replace(JUDGE,
reread=…)`)."""
