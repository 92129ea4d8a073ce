"""One part of a byline → the person whom it names, or nobody: without role, outlet and place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crawler.extraction.fields import byline_words as words
from crawler.extraction.fields.agencies import agency_named

EDGES = ' .\t()[]*©"“”„‘|:;·•–—-_/,&+'
INITIALS = re.compile(r"(?:^|[\s.-])[^\W\d_]$")
LONGEST = 60
MOST_WORDS, MOST_OF_PERSON = 6, 10
"""Words of a name in prose, and where page data say that it is one person's."""
ELIDED = re.compile(r"^(?:[dlo]|dell|dall|all|sant)['’]\w", re.I)
NO_NAME = re.compile(r"[?!=<>{}\\@#%$€。]|(?i:https?:|www\.)|\w{2}\.(?:[a-z]{2,8}|[A-Z]{2,5})$")
ACRONYM = re.compile(r"^[A-Z][A-Z0-9&-]{1,4}$")
HAN = re.compile(r"^[㐀-鿿々〆ヶ]+$")
HAN_DESK = re.compile(
    r"^\w{1,5}[部部課组組室]$|(?:報導|报道|報道|採訪|采访|專訪|专访|編譯|编译|連線|综合)$"
)


def person(part: str, language: str | None = None, *, sure: bool = False) -> str | None:
    """The person whom a part of a byline names; None where it is nobody's name.

    `sure`: page data call it a person's name, so that small letters and surnames like Post are no
    doubt.
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
    return part.strip(EDGES)


def _up_to_number(name: str) -> str:
    """A name up to a date or time behind it: `Greta Holm 45 minutes ago`, `Greta Holm Tue 12
    March`."""
    parts = name.split()
    at = next((at for at, word in enumerate(parts) if word[0].isdigit()), len(parts))
    if at == len(parts) or at < 2:
        return name
    left = parts[:at]
    while len(left) > 2 and (
        _key(left[-1]) in words.DAYS_AND_MONTHS
        or _key(left[-1]) in words.LABELS
        or not _key(left[-1])
    ):
        left.pop()
    return " ".join(left)


def _without_buttons(name: str) -> str:
    """A name without the words of buttons, profiles and degrees around it: `Print Greta Holm`,
    `Greta Holm Follow`."""
    parts = name.split()
    while len(parts) > 2 and _key(parts[0]) in words.LEAD_INS:
        parts.pop(0)
    ends = (at for at, word in enumerate(parts) if at > 1 and (_key(word) in words.CUT_AT))
    parts = parts[: next(ends, len(parts))]
    while (
        len(parts) > 2
        and _key(parts[-1]) in words.DEGREES
        and parts[-1].isupper()
        and _is_of_name(parts[-2])
    ):
        parts.pop()
    return " ".join(parts)


def _is_of_name(word: str) -> bool:
    return word[0].isupper() and not word.isupper()


def _with_dot(name: str, part: str) -> str:
    """A name that ends with an initial or a suffix keeps its full stop."""
    if re.split(r"\W", name)[-1].lower() in ("jr", "sr"):
        return f"{name}."
    return f"{name}." if INITIALS.search(name) and f"{name}." in part else name


def is_small(letter: str) -> bool:
    """Whether a letter is a small one of a script that has capitals in use; Unicode gives Georgian
    unused ones."""
    return letter.islower() and not "\u10d0" <= letter <= "\u10ff"


def _key(word: str) -> str:
    return word.strip("().,:;'’\"“”").casefold()


def is_role(word: str) -> bool:
    """Whether a word says what somebody is: `reporter`, `Auslandskorrespondentin`."""
    key = _key(word)
    return (
        key in words.ROLES or key in words.VERBS or (len(key) > 8 and key.endswith(words.ROLE_ENDS))
    )


def _without_role(name: str, language: str | None) -> str:
    """A name without the role before or after it: `political reporter Greta Holm`, `Greta Holm,
    Harbour Editor`."""
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
    while left and (_key(left[-1]) in words.RANKS or left[-1].endswith("-")):
        left.pop()
    if len(left) > 2 and ACRONYM.match(left[-1]) and not left[0].isupper():
        left.pop()
    while left and _key(left[0]) in words.RANKS and left[0][0].islower():
        left.pop(0)
    for size in (3, 2, 1):
        if len(left) >= size + 2 and " ".join(left[-size:]).casefold() in words.place_names(None):
            return left[:-size]
    return [] if left and all(_key(word) in words.RANKS for word in left) else left


def _prepositions(language: str | None) -> frozenset[str]:
    return words.local("in_place", "all") | words.local("in_place", language)


def _opens_with_place(parts: Sequence[str], language: str | None) -> bool:
    return parts[0].casefold() in _prepositions(language)


def _without_leading_place(parts: Sequence[str], language: str | None) -> list[str]:
    """`in Berlin Greta Holm` → `Greta Holm`, where the place is known."""
    if not parts or not _opens_with_place(parts, language):
        return list(parts)
    places = words.place_names(language)
    for size in (3, 2, 1):
        if " ".join(parts[1 : 1 + size]).casefold() in places:
            return list(parts[1 + size :])
    return []


def _without_place(name: str, language: str | None, sure: bool) -> str:
    """A name up to where it goes on to say from where or for whom: `Greta Holm in Berlin`, `… for
    The Gazette`."""
    parts = name.split()
    for at in range(1, len(parts) - 1):
        rest = parts[at + 1 :]
        is_small = parts[at] in words.SMALL_WORDS or (
            parts[at].lower() in words.SMALL_WORDS and rest[0] == "The"
        )
        if is_small and not (sure and at == 1):
            return _before(parts[:at], sure)
        if parts[at] in _prepositions(language) and _is_place(rest, language):
            return _before(parts[:at], sure)
    if parts and parts[-1] in words.SMALL_WORDS and len(parts) > 2:
        return " ".join(parts[:-1])
    places = words.place_names(language)
    for size in (3, 2, 1):
        if (
            len(parts) >= size + 2
            and " ".join(parts[-size:]).casefold() in places
            and parts[-size - 1].endswith(",")
        ):
            return " ".join(parts[:-size])
    return name


def _before(parts: list[str], sure: bool) -> str:
    while parts and _key(parts[-1]) in words.TAILS:
        parts.pop()
    return " ".join(parts) if sure or len(parts) > 1 or (parts and not parts[0].isascii()) else ""


def _is_place(rest: Sequence[str], language: str | None) -> bool:
    """Whether what follows `in` is a place rather than the rest of a name (`Jan in 't Veld`, `Jörg
    in der Maur`)."""
    first = rest[0]
    if first.casefold() in words.ARTICLES:
        after = " ".join(rest[1:3]).casefold()
        places = words.place_names(language)
        return (
            any(after == place or after.startswith(f"{place} ") for place in places)
            if after
            else False
        )
    return first[0].isupper() or not first.isascii()


def _is_name(name: str, language: str | None, sure: bool) -> bool:
    parts = name.split()
    keys = [_key(word) for word in parts]
    if not 2 <= len(name) <= LONGEST or len(parts) > (MOST_OF_PERSON if sure else MOST_WORDS):
        return False
    if (
        any(c.isdigit() for c in name)
        or ":" in name
        or NO_NAME.search(name)
        or not any(map(str.isalpha, name))
    ):
        return False
    if (agency_named(parts[0]) and ACRONYM.match(parts[0])) or _is_other_work(name):
        return False
    if all(len(word) < 3 and word.isupper() for word in parts) and len(parts) > 1:
        return False
    if agency_named(name) or name.casefold() in words.place_names(language) or not any(keys):
        return False
    if _is_label(keys, sure) or keys[0] in words.DEGREES or name.startswith("The "):
        return False
    if keys[0] in words.SUFFIXES or words.DESK_PHRASES.search(name) or HAN_DESK.search(name):
        return False
    small = sum(map(_is_small_letters, parts))
    if not sure and (small > 1 or (small and len(parts) > 2)):
        return False
    if any(word in words.SMALL_WORDS for word in parts) or any(map(is_role, parts)):
        return False
    if (desks := [key for key in keys if _is_desk_word(key)]) and not (
        sure and _may_be_surname(keys, desks)
    ):
        return False
    return _begins_like_name(parts, sure)


def _is_other_work(name: str) -> bool:
    """Whether it is the word for other work itself: `編譯`, `Fotos`."""
    return _key(name) in words.OTHER_WORDS


def _is_small_letters(word: str) -> bool:
    """Whether a word within a name begins as no part of a name does."""
    return (
        is_small(word[0])
        and word not in words.PARTICLES
        and not ELIDED.match(word)
        and word not in ("in", "'t")
    )


def _is_label(keys: Sequence[str], sure: bool) -> bool:
    """Whether it is labels, sections, weekdays, months and particles alone: `di`, `Text Size`, `Tue
    Mar`."""
    if all(
        key in words.LABELS or key in words.DAYS_AND_MONTHS or key in words.PARTICLES or not key
        for key in keys
    ):
        return not (
            sure and len(keys) == 1 and keys[0] in words.DAYS_AND_MONTHS and len(keys[0]) > 2
        )
    return False


def _is_desk_word(key: str) -> bool:
    return key in words.DESK_WORDS or any(
        part in words.DESK_WORDS and len(part) > 4 for part in key.split("-")
    )


def _may_be_surname(keys: Sequence[str], desks: Sequence[str]) -> bool:
    """Whether a name is one like Willa Post: a first name, and a surname that is the word for a
    body too."""
    return (
        len(desks) == 1
        and desks[0] == keys[-1]
        and desks[0] in words.SURNAMES
        and 2 <= len(keys) <= 3
    )


def _begins_like_name(parts: Sequence[str], sure: bool) -> bool:
    first = parts[0]
    if not is_small(first[0]) or ELIDED.match(first):
        return True
    if first.casefold() in words.PARTICLES:
        return any(word[0].isupper() for word in parts[1:])
    return sure and len(parts) > 1


def is_acronym_of_outlet(name: str) -> bool:
    """Whether a name is all in capitals and begins as initials do: `MDR THÜRINGEN`."""
    return name.isupper() and bool(ACRONYM.match(name.split(maxsplit=1)[0]))
