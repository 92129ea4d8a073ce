"""Recognise the person in one part of a byline, without role, outlet and place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crawler.extraction.fields import byline_words as words
from crawler.extraction.fields.agencies import agency_named

EDGES = ' .\t()[]*©"“”„‘|:;·•–—-_/,&+'
"""Characters around a name that do not belong to it."""
INITIALS = re.compile(r"(?:^|[\s.-])[^\W\d_]$")
"""An initial at the end of a name."""
LONGEST = 60
"""Characters of a name."""
MOST_WORDS, MOST_OF_PERSON = 6, 10
"""Words of a name in prose, and of one that page data give for a person."""
PLACE_SIZES = (3, 2, 1)
"""Words of a place's name, the longest tried first."""
ELIDED = re.compile(r"^(?:[dlo]|dell|dall|all|sant)['’]\w", re.I)
"""Small words joined to a name by an apostrophe: `d'Artois`."""
NO_NAME = re.compile(r"[?!=<>{}\\@#%$€。]|(?i:https?:|www\.)|\w{2}\.(?:[a-z]{2,8}|[A-Z]{2,5})$")
"""Signs, URLs and file names, which do not occur in names."""
ACRONYM = re.compile(r"^[A-Z][A-Z0-9&-]{1,4}$")
"""An acronym of two to five characters."""
HAN = re.compile(r"^[㐀-鿿々〆ヶ]+$")
"""A name in Chinese characters."""
HAN_DESK = re.compile(
    r"^\w{1,5}[部部課组組室]$|(?:報導|报道|報道|採訪|采访|專訪|专访|編譯|编译|連線|综合)$"
)
"""Chinese and Japanese words for desks and for ways of reporting."""


def person(part: str, language: str | None = None, *, sure: bool = False) -> str | None:
    """Return the person whom a part of a byline names, None if it is not a person's name.

    `sure` means that page data call it a person's name, so that small letters and surnames like
    Post are accepted.
    """
    bare = _unwrapped(part)
    if "." in bare and NO_NAME.search(bare):
        return None
    bare = _without_buttons(_up_to_number(bare))
    bare = _without_role(words.UNCASED_ROLE.sub("", bare).strip(EDGES), language)
    bare = _without_place(bare, language, sure).strip(EDGES)
    bare = _with_dot(bare, part)
    return bare if bare and _is_name(bare, language, sure) else None


def _unwrapped(part: str) -> str:
    """The text without signs around it."""
    return part.strip(EDGES)


def _up_to_number(name: str) -> str:
    """A name up to the date or time after it: `Greta Holm 45 minutes ago`."""
    parts = name.split()
    at = next((at for at, word in enumerate(parts) if word[0].isdigit()), len(parts))
    if at == len(parts) or at < 2:
        return name
    left = parts[:at]
    while len(left) > 2 and _key(left[-1]) in words.AROUND_DATES:
        left.pop()
    return " ".join(left)


def _without_buttons(name: str) -> str:
    """A name without the words of buttons, profiles and degrees around it: `Print Greta Holm`."""
    parts = name.split()
    while len(parts) > 2 and _key(parts[0]) in words.LEAD_INS:
        parts.pop(0)
    ends = (at for at, word in enumerate(parts) if at > 1 and _key(word) in words.CUT_AT)
    parts = parts[: next(ends, len(parts))]
    while len(parts) > 2 and _is_degree(parts[-1]) and _is_of_name(parts[-2]):
        parts.pop()
    return " ".join(parts)


def _is_degree(word: str) -> bool:
    """Whether a word is an academic degree in capitals."""
    return word.isupper() and _key(word) in words.DEGREES


def _is_of_name(word: str) -> bool:
    """Whether a word is written as a part of a name: with a capital, but not all in capitals."""
    return word[0].isupper() and not word.isupper()


def _with_dot(name: str, part: str) -> str:
    """The name with its full stop if it ends with an initial or a suffix."""
    if re.split(r"\W", name)[-1].lower() in ("jr", "sr"):
        return f"{name}."
    return f"{name}." if INITIALS.search(name) and f"{name}." in part else name


def is_small(letter: str) -> bool:
    """Whether a letter is lower case in a script that uses capitals. Georgian does not."""
    return letter.islower() and not "\u10d0" <= letter <= "\u10ff"


def _key(word: str) -> str:
    """The word without punctuation, in lower case, as it is looked up."""
    return word.strip("().,:;'’\"“”").casefold()


def is_role(word: str) -> bool:
    """Whether a word names a role: `reporter`, `Auslandskorrespondentin`."""
    key = _key(word)
    is_compound = len(key) > 8 and key.endswith(words.ROLE_ENDS)
    return key in words.ROLES or key in words.VERBS or is_compound


def _without_role(name: str, language: str | None) -> str:
    """A name without the role before or after it: `political reporter Greta Holm`."""
    parts = name.split()
    at = next((at for at, word in enumerate(parts) if is_role(word)), None)
    if at is None or len(parts) == 1:
        return name
    before = _without_ranks(parts[:at])
    if before and not _opens_with_place(before, language):
        return " ".join(before) if len(before) > 1 or not before[0].isascii() else ""
    after = parts[at + 1 :]
    if after and is_role(after[0]):
        return _without_role(" ".join(after), language)
    return " ".join(_without_leading_place(after, language))


def _without_ranks(parts: Sequence[str]) -> list[str]:
    """The words of a name before a role, without ranks, subjects and the outlet's initials."""
    left = list(parts)
    while left and (_is_rank(left[-1]) or left[-1].endswith("-")):
        left.pop()
    if len(left) > 2 and ACRONYM.match(left[-1]) and not left[0].isupper():
        left.pop()
    while left and _is_rank(left[0]) and left[0][0].islower():
        left.pop(0)
    places = words.place_names(None)
    for size in PLACE_SIZES:
        if len(left) >= size + 2 and " ".join(left[-size:]).casefold() in places:
            return left[:-size]
    return [] if all(map(_is_rank, left)) else left


def _is_rank(word: str) -> bool:
    """Whether a word is a rank or a subject before a role: `chief`, `political`."""
    return _key(word) in words.RANKS


def _prepositions(language: str | None) -> frozenset[str]:
    """The prepositions before places, in the language and in all languages."""
    return words.local("in_place", "all") | words.local("in_place", language)


def _opens_with_place(parts: Sequence[str], language: str | None) -> bool:
    """Whether the words begin with a preposition before places."""
    return parts[0].casefold() in _prepositions(language)


def _without_leading_place(parts: Sequence[str], language: str | None) -> list[str]:
    """`Greta Holm` for `in Berlin Greta Holm`, where the place is known; otherwise no words."""
    if not parts or not _opens_with_place(parts, language):
        return list(parts)
    places = words.place_names(language)
    for size in PLACE_SIZES:
        if " ".join(parts[1 : 1 + size]).casefold() in places:
            return list(parts[1 + size :])
    return []


def _without_place(name: str, language: str | None, sure: bool) -> str:
    """A name up to the words for its place or outlet: `Greta Holm in Berlin`."""
    parts = name.split()
    for at in range(1, len(parts) - 1):
        word, rest = parts[at], parts[at + 1 :]
        before_outlet = word.lower() in words.SMALL_WORDS and rest[0] == "The"
        is_small = word in words.SMALL_WORDS or before_outlet
        if is_small and not (sure and at == 1):
            return _before(parts[:at], sure)
        if word in _prepositions(language) and _is_place(rest, language):
            return _before(parts[:at], sure)
    if len(parts) > 2 and parts[-1] in words.SMALL_WORDS:
        return " ".join(parts[:-1])
    return _without_last_place(name, language)


def _without_last_place(name: str, language: str | None) -> str:
    """A name without a known place after its last comma: `Greta Holm, New York`."""
    parts = name.split()
    places = words.place_names(language)
    for size in PLACE_SIZES:
        if len(parts) < size + 2 or not parts[-size - 1].endswith(","):
            continue
        if " ".join(parts[-size:]).casefold() in places:
            return " ".join(parts[:-size])
    return name


def _before(parts: list[str], sure: bool) -> str:
    """The words before a place or outlet, without those that lead on to it."""
    while parts and _key(parts[-1]) in words.TAILS:
        parts.pop()
    is_full = len(parts) > 1 or (len(parts) == 1 and not parts[0].isascii())
    return " ".join(parts) if sure or is_full else ""


def _is_place(rest: Sequence[str], language: str | None) -> bool:
    """Whether the words after `in` are a place, not the rest of a name (`Jan in 't Veld`)."""
    first = rest[0]
    if first.casefold() not in words.ARTICLES:
        return first[0].isupper() or not first.isascii()
    after = " ".join(rest[1:3]).casefold()
    places = words.place_names(language)
    return any(after == place or after.startswith(f"{place} ") for place in places)


def _is_name(name: str, language: str | None, sure: bool) -> bool:
    """Whether a text is the name of a person."""
    parts = name.split()
    if not _is_written_like_name(name, parts, sure):
        return False
    keys = [_key(word) for word in parts]
    if not any(keys) or _is_other_name(name, parts[0], keys[0], language):
        return False
    return not _has_words_of_no_name(parts, keys, sure) and _begins_like_name(parts, sure)


def _is_written_like_name(name: str, parts: Sequence[str], sure: bool) -> bool:
    """Whether length, signs and capitals of a text are those of a name."""
    max_words = MOST_OF_PERSON if sure else MOST_WORDS
    if not 2 <= len(name) <= LONGEST or len(parts) > max_words:
        return False
    if ":" in name or NO_NAME.search(name):
        return False
    if any(map(str.isdigit, name)) or not any(map(str.isalpha, name)):
        return False
    is_initials_alone = all(len(word) < 3 and word.isupper() for word in parts)
    if is_initials_alone and len(parts) > 1:
        return False
    small = sum(map(_is_small_letters, parts))
    return sure or small == 0 or (small == 1 and len(parts) <= 2)


def _is_other_name(name: str, first: str, key: str, language: str | None) -> bool:
    """Whether a text is or begins with an agency, a place, a desk, a degree or a suffix.

    `first` is the first word of the text, and `key` this word as it is looked up.
    """
    if agency_named(name) or (agency_named(first) and ACRONYM.match(first)):
        return True
    if name.casefold() in words.place_names(language) or _is_other_work(name):
        return True
    if key in words.DEGREES or key in words.SUFFIXES or name.startswith("The "):
        return True
    return bool(words.DESK_PHRASES.search(name) or HAN_DESK.search(name))


def _has_words_of_no_name(parts: Sequence[str], keys: Sequence[str], sure: bool) -> bool:
    """Whether some words do not occur in names, or all of them are labels."""
    if _is_label(keys, sure) or any(map(is_role, parts)):
        return True
    if any(word in words.SMALL_WORDS for word in parts):
        return True
    desks = list(filter(_is_desk_word, keys))
    return bool(desks) and not (sure and _may_be_surname(keys, desks))


def _is_other_work(name: str) -> bool:
    """Whether a text is the word for other work itself: `編譯`, `Fotos`."""
    return _key(name) in words.OTHER_WORDS


def _is_small_letters(word: str) -> bool:
    """Whether a word within a name has small letters as no part of a name does."""
    if not is_small(word[0]) or word in words.PARTICLES or word in ("in", "'t"):
        return False
    return not ELIDED.match(word)


def _is_label(keys: Sequence[str], sure: bool) -> bool:
    """Whether all words are labels, sections, weekdays, months or particles: `Text Size`."""
    if not words.NO_NAME_ALONE.issuperset(filter(None, keys)):
        return False
    is_first_name = len(keys) == 1 and keys[0] in words.DAYS_AND_MONTHS and len(keys[0]) > 2
    return not (sure and is_first_name)  # April, Julio


def _is_desk_word(key: str) -> bool:
    """Whether a word, or a part of it between hyphens, is a word for a desk."""
    long_parts = (part for part in key.split("-") if len(part) > 4)
    return key in words.DESK_WORDS or any(part in words.DESK_WORDS for part in long_parts)


def _may_be_surname(keys: Sequence[str], desks: Sequence[str]) -> bool:
    """Whether a name is like Willa Post: the surname is also a word for an organisation."""
    is_full_name = 2 <= len(keys) <= 3
    return is_full_name and list(desks) == [keys[-1]] and keys[-1] in words.SURNAMES


def _begins_like_name(parts: Sequence[str], sure: bool) -> bool:
    """Whether the first word is written as the beginning of a name."""
    first = parts[0]
    if not is_small(first[0]) or ELIDED.match(first):
        return True
    if first.casefold() in words.PARTICLES:
        return any(word[0].isupper() for word in parts[1:])
    return sure and len(parts) > 1


def is_acronym_of_outlet(name: str) -> bool:
    """Whether a name is all in capitals and begins with an acronym: `MDR THÜRINGEN`."""
    return name.isupper() and bool(ACRONYM.match(name.split(maxsplit=1)[0]))
