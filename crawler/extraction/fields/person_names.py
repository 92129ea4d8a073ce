"""Recognise the person in one part of a byline, without role, outlet and place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from archive.text.unspaced import HAN_RANGE
from crawler.extraction.fields import byline_words as words
from crawler.extraction.fields.agencies import agency_named

CHARS_AROUND_NAME = ' .\t()[]*©"“”„‘|:;·•–—-_/,&+'
"""Characters around a name that do not belong to it."""
INITIAL_AT_END = re.compile(r"(?:^|[\s.-])[^\W\d_]$")
"""An initial at the end of a name."""
MAX_NAME_CHARS = 60
"""Characters of a name."""
MAX_PERSON_NAME_WORDS, MAX_CERTAIN_NAME_WORDS = 6, 10
"""Words of a name in prose, and of one that page data give for a person."""
PLACE_NAME_SIZES = (3, 2, 1)
"""Words of a place's name, the longest tried first."""
ELIDED_PARTICLE = re.compile(r"^(?:[dlo]|dell|dall|all|sant)['’]\w", re.I)
"""Small words joined to a name by an apostrophe: `d'Artois`."""
SIGNS_OUTSIDE_NAMES = re.compile(
    r"[?!=<>{}\\@#%$€。]|(?i:https?:|www\.)|\w{2}\.(?:[a-z]{2,8}|[A-Z]{2,5})$"
)
"""Signs, URLs and file names, which do not occur in names."""
NAME_ACRONYM = re.compile(r"^[A-Z][A-Z0-9&-]{1,4}$")
"""An acronym of two to five characters."""
HAN_NAME = re.compile(rf"^[{HAN_RANGE}々〆ヶ]+$")
"""A name in Chinese characters."""
HAN_DESK_NAME = re.compile(
    r"^\w{1,5}[部部課组組室]$|(?:報導|报道|報道|採訪|采访|專訪|专访|編譯|编译|連線|综合)$"
)
"""Chinese and Japanese words for desks and for ways of reporting."""


LABEL_WORDS = words.WORDS_OF_LABELS | words.NAME_PARTICLES
"""Words of labels, and the small words between them: `Taille du texte`."""
MIN_LABEL_WORDS_AT_END = 2
"""Words of a label behind a name; a single one may be a surname."""


def person_named(part: str, language: str | None = None, *, sure: bool = False) -> str | None:
    """Return the person whom a part of a byline names, None if it is not a person's name.

    `sure` means that page data call it a person's name, so that small letters and surnames like
    Post are accepted.
    """
    bare = _without_signs_around(part)
    if "." in bare and SIGNS_OUTSIDE_NAMES.search(bare):
        return None
    bare = _without_button_words(_name_before_number(bare))
    bare = _without_role_words(
        words.UNCASED_ROLE_SUFFIX.sub("", bare).strip(CHARS_AROUND_NAME), language
    )
    bare = _name_before_place(bare, language, sure).strip(CHARS_AROUND_NAME)
    bare = _with_final_dot(bare, part)
    return bare if bare and _is_person_name(bare, language, sure) else None


def _without_signs_around(part: str) -> str:
    """The text without signs around it."""
    return part.strip(CHARS_AROUND_NAME)


def _name_before_number(name: str) -> str:
    """A name up to the date or time after it: `Greta Holm 45 minutes ago`."""
    parts = name.split()
    at = next((at for at, word in enumerate(parts) if word[0].isdigit()), len(parts))
    if at == len(parts) or at < 2:
        return name
    left = parts[:at]
    while len(left) > 2 and _lookup_key(left[-1]) in words.WORDS_BETWEEN_NAME_AND_DATE:
        left.pop()
    return " ".join(left)


def _without_button_words(name: str) -> str:
    """A name without the words of buttons, profiles and degrees around it: `Print Greta Holm`."""
    parts = name.split()
    while len(parts) > 2 and _lookup_key(parts[0]) in words.WORDS_BEFORE_NAME:
        parts.pop(0)
    ends = (
        at
        for at, word in enumerate(parts)
        if at > 1 and _lookup_key(word) in words.WORDS_AFTER_NAME
    )
    parts = _without_label_at_end(parts[: next(ends, len(parts))])
    while len(parts) > 2 and _is_academic_degree(parts[-1]) and _is_capitalised(parts[-2]):
        parts.pop()
    return " ".join(parts)


def _without_label_at_end(parts: list[str]) -> list[str]:
    """The words before a label of several words: `Greta Holm Text Size A A`."""
    at = len(parts)
    while at > 2 and (len(parts[at - 1]) == 1 or _lookup_key(parts[at - 1]) in LABEL_WORDS):
        at -= 1
    labels = sum(_lookup_key(word) in words.WORDS_OF_LABELS for word in parts[at:])
    return parts[:at] if labels >= MIN_LABEL_WORDS_AT_END else parts


def _is_academic_degree(word: str) -> bool:
    """Return whether a word is an academic degree in capitals."""
    return word.isupper() and _lookup_key(word) in words.ACADEMIC_DEGREES


def _is_capitalised(word: str) -> bool:
    """Return whether a word begins with a capital and is not all in capitals, as names are."""
    return word[0].isupper() and not word.isupper()


def _with_final_dot(name: str, part: str) -> str:
    """The name with its full stop if it ends with an initial or a suffix."""
    if re.split(r"\W", name)[-1].lower() in ("jr", "sr"):
        return f"{name}."
    return f"{name}." if INITIAL_AT_END.search(name) and f"{name}." in part else name


def is_lower_case_letter(letter: str) -> bool:
    """Return whether a letter is lower case in a script that uses capitals. Georgian does not."""
    return letter.islower() and not "\u10d0" <= letter <= "\u10ff"


def _lookup_key(word: str) -> str:
    """The word without punctuation, in lower case, as it is looked up."""
    return word.strip("().,:;'’\"“”").casefold()


def is_role_word(word: str) -> bool:
    """Return whether a word names a role: `reporter`, `Auslandskorrespondentin`."""
    key = _lookup_key(word)
    is_compound = len(key) > 8 and key.endswith(words.ROLE_ENDINGS)
    return key in words.ROLE_WORDS or key in words.BYLINE_VERBS or is_compound


def _without_role_words(name: str, language: str | None) -> str:
    """A name without the role before or after it: `political reporter Greta Holm`."""
    parts = name.split()
    at = next((at for at, word in enumerate(parts) if is_role_word(word)), None)
    if at is None or len(parts) == 1:
        return name
    if _is_service(parts[at : at + 2]):
        return ""
    before = _without_rank_words(parts[:at])
    if before and not _opens_with_preposition(before, language):
        return " ".join(before) if len(before) > 1 or not before[0].isascii() else ""
    after = parts[at + 1 :]
    if after and is_role_word(after[0]):
        return _without_role_words(" ".join(after), language)
    return " ".join(_name_after_place(after, language))


def _is_service(parts: Sequence[str]) -> bool:
    """Return whether two words are the end of an agency's name: `… Democracy Reporting Service`."""
    keys = list(map(_lookup_key, parts))
    return len(keys) == 2 and keys[0] in words.BYLINE_VERBS and _is_word_for_desk(keys[1])


def _without_rank_words(parts: Sequence[str]) -> list[str]:
    """The words of a name before a role, without ranks, subjects and the outlet's initials."""
    left = list(parts)
    while left and (_is_rank(left[-1]) or left[-1].endswith("-")):
        left.pop()
    if len(left) > 2 and NAME_ACRONYM.match(left[-1]) and not left[0].isupper():
        left.pop()
    while left and _is_rank(left[0]) and left[0][0].islower():
        left.pop(0)
    places = words.folded_place_names(None)
    for size in PLACE_NAME_SIZES:
        if len(left) >= size + 2 and " ".join(left[-size:]).casefold() in places:
            return left[:-size]
    return [] if all(map(_is_rank, left)) else left


def _is_rank(word: str) -> bool:
    """Return whether a word is a rank or a subject before a role: `chief`, `political`."""
    return _lookup_key(word) in words.RANK_WORDS


def _place_prepositions(language: str | None) -> frozenset[str]:
    """The prepositions before places, in the language and in all languages."""
    return words.words_of_language("in_place", "all") | words.words_of_language(
        "in_place", language
    )


def _opens_with_preposition(parts: Sequence[str], language: str | None) -> bool:
    """Return whether the words begin with a preposition before places."""
    return parts[0].casefold() in _place_prepositions(language)


def _name_after_place(parts: Sequence[str], language: str | None) -> list[str]:
    """`Greta Holm` for `in Berlin Greta Holm`, where the place is known; otherwise no words."""
    if not parts or not _opens_with_preposition(parts, language):
        return list(parts)
    places = words.folded_place_names(language)
    for size in PLACE_NAME_SIZES:
        if " ".join(parts[1 : 1 + size]).casefold() in places:
            return list(parts[1 + size :])
    return []


def _name_before_place(name: str, language: str | None, sure: bool) -> str:
    """A name up to the words for its place or outlet: `Greta Holm in Berlin`."""
    parts = name.split()
    for at in range(1, len(parts) - 1):
        word, rest = parts[at], parts[at + 1 :]
        before_outlet = word.lower() in words.SMALL_WORDS_AFTER_NAME and rest[0] == "The"
        is_small = word in words.SMALL_WORDS_AFTER_NAME or before_outlet
        if is_small and not (sure and at == 1):
            return _name_before_words(parts[:at], sure)
        if word in _place_prepositions(language) and _is_place_after_preposition(rest, language):
            return _name_before_words(parts[:at], sure)
    if len(parts) > 2 and parts[-1] in words.SMALL_WORDS_AFTER_NAME:
        return " ".join(parts[:-1])
    return _without_last_place(name, language)


def _without_last_place(name: str, language: str | None) -> str:
    """A name without a known place after its last comma: `Greta Holm, New York`."""
    parts = name.split()
    places = words.folded_place_names(language)
    for size in PLACE_NAME_SIZES:
        if len(parts) < size + 2 or not parts[-size - 1].endswith(","):
            continue
        if " ".join(parts[-size:]).casefold() in places:
            return " ".join(parts[:-size])
    return name


def _name_before_words(parts: list[str], sure: bool) -> str:
    """The words before a place or outlet, without those that lead on to it."""
    while parts and _lookup_key(parts[-1]) in words.WORDS_BEFORE_PLACE:
        parts.pop()
    is_full = len(parts) > 1 or (len(parts) == 1 and not parts[0].isascii())
    return " ".join(parts) if sure or is_full else ""


def _is_place_after_preposition(rest: Sequence[str], language: str | None) -> bool:
    """Return whether the words after `in` are a place, not part of a name (`Jan in 't Veld`)."""
    first = rest[0]
    if first.casefold() not in words.ARTICLES_BEFORE_PLACE:
        return first[0].isupper() or not first.isascii()
    after = " ".join(rest[1:3]).casefold()
    places = words.folded_place_names(language)
    return any(after == place or after.startswith(f"{place} ") for place in places)


def _is_person_name(name: str, language: str | None, sure: bool) -> bool:
    """Return whether a text is the name of a person."""
    parts = name.split()
    if not _is_written_like_name(name, parts, sure):
        return False
    keys = [_lookup_key(word) for word in parts]
    if not any(keys) or _is_other_name(name, parts[0], keys[0], language):
        return False
    return not _has_words_of_no_name(parts, keys, sure) and _begins_like_a_name(parts, sure)


def _is_written_like_name(name: str, parts: Sequence[str], sure: bool) -> bool:
    """Return whether length, signs and capitals of a text are those of a name."""
    max_words = MAX_CERTAIN_NAME_WORDS if sure else MAX_PERSON_NAME_WORDS
    if not 2 <= len(name) <= MAX_NAME_CHARS or len(parts) > max_words:
        return False
    if ":" in name or SIGNS_OUTSIDE_NAMES.search(name):
        return False
    if any(map(str.isdigit, name)) or not any(map(str.isalpha, name)):
        return False
    is_initials_alone = all(len(word) < 3 and word.isupper() for word in parts)
    if is_initials_alone and len(parts) > 1:
        return False
    small = sum(map(_begins_in_lower_case, parts))
    return sure or small == 0 or (small == 1 and len(parts) <= 2)


def _is_other_name(name: str, first: str, key: str, language: str | None) -> bool:
    """Return whether a text is or begins with an agency, a place, a desk, a degree or a suffix.

    `first` is the first word of the text, and `key` this word as it is looked up.
    """
    if agency_named(name) or (agency_named(first) and NAME_ACRONYM.match(first)):
        return True
    if name.casefold() in words.folded_place_names(language) or _is_word_for_other_work(name):
        return True
    if key in words.ACADEMIC_DEGREES or key in words.NAME_SUFFIXES or name.startswith("The "):
        return True
    if first in _place_prepositions(language) and first not in words.NAME_PARTICLES:
        return True  # in Place
    return bool(words.DESK_PHRASES.search(name) or HAN_DESK_NAME.search(name))


def _has_words_of_no_name(parts: Sequence[str], keys: Sequence[str], sure: bool) -> bool:
    """Return whether some words do not occur in names, or all of them are labels."""
    if _is_label_alone(keys, sure) or any(map(is_role_word, parts)):
        return True
    if any(word in words.SMALL_WORDS_AFTER_NAME for word in parts):
        return True
    desks = list(filter(_is_word_for_desk, keys))
    return bool(desks) and not (sure and _may_be_surname_like_desk(keys, desks))


def _is_word_for_other_work(name: str) -> bool:
    """Return whether a text is the word for other work itself: `編譯`, `Fotos`."""
    return _lookup_key(name) in words.OTHER_WORK_WORDS


def _begins_in_lower_case(word: str) -> bool:
    """Return whether a word within a name has small letters as no part of a name does."""
    if not is_lower_case_letter(word[0]) or word in words.NAME_PARTICLES or word in ("in", "'t"):
        return False
    return not ELIDED_PARTICLE.match(word)


def _is_label_alone(keys: Sequence[str], sure: bool) -> bool:
    """Return whether all words are labels, sections, weekdays, months or particles: `Text Size`."""
    if not words.WORDS_THAT_NEED_OTHERS.issuperset(filter(None, keys)):
        return False
    is_first_name = len(keys) == 1 and keys[0] in words.DAYS_AND_MONTHS and len(keys[0]) > 2
    return not (sure and is_first_name)  # April, Julio


def _is_word_for_desk(key: str) -> bool:
    """Return whether a word, or a part of it between hyphens, is a word for a desk."""
    long_parts = (part for part in key.split("-") if len(part) > 4)
    return key in words.DESK_WORDS or any(part in words.DESK_WORDS for part in long_parts)


def _may_be_surname_like_desk(keys: Sequence[str], desks: Sequence[str]) -> bool:
    """Return whether a name is like Willa Post: the surname is also a word for an organisation."""
    is_full_name = 2 <= len(keys) <= 3
    return is_full_name and list(desks) == [keys[-1]] and keys[-1] in words.SURNAMES_LIKE_DESKS


def _begins_like_a_name(parts: Sequence[str], sure: bool) -> bool:
    """Return whether the first word is written as the beginning of a name."""
    first = parts[0]
    if not is_lower_case_letter(first[0]) or ELIDED_PARTICLE.match(first):
        return True
    if first.casefold() in words.NAME_PARTICLES:
        return any(word[0].isupper() for word in parts[1:])
    return sure and len(parts) > 1


def is_name_in_capitals(name: str) -> bool:
    """Return whether a name is all in capitals and begins with an acronym: `MDR THÜRINGEN`."""
    return name.isupper() and bool(NAME_ACRONYM.match(name.split(maxsplit=1)[0]))
