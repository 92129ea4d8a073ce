"""Bylines as printed → the people who wrote it.

A line of prose names several (`By A and B in Berlin; editing by C`); what page data give as one
person's name does not. The words are in `byline_words.toml`, what makes a name is in `names.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from crawler.extraction.fields import byline_words as words
from crawler.extraction.fields.agencies import agency_in, agency_named
from crawler.extraction.fields.person_names import HAN, is_acronym_of_outlet, person

MAX_DESK = 60
MAX_BYLINE = 1_000
"""Of what is longer the rest is left: the patterns below take a minute for a page of blanks."""
MAX_LINE = 110
DESK = re.compile(
    r"^(?:from |by )?(?:[\w&.’'-]+ ){0,4}(?:staff(?: (?:writers?|reporters?|reports?))?|newsroom|news desk|"
    r"wire (?:services?|reports?)|(?:news|press) agency|news services?|editorial (?:board|team)|redaktion|redacción|"
    r"redazione|rédaction|redação|redactie|redakcja|redakce|редакция)$"
    r"|^(?:[\w・]{0,12}(?:編集部|取材班|报道组|編輯部|编辑部)|[\w ]{0,12}편집부)$",
    re.I,
)
"""A line that credits nobody in particular: `WSD Staff`, `From wire reports`, `Meridian News
Agency`."""
NOBODY = re.compile(
    r"^(?:admin\w*|webmaster|root|user|guest|unknown|anonymous|none|null|undefined|default)$", re.I
)
"""What a system calls whoever saved the page."""
TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--[^<>]*-->")
BRACKETS = re.compile(r"\s*[(（]([^()（）]*)[)）]?")
MAIL = re.compile(r"(?:mailto:)?[\w.+-]+@[\w-]+\.[\w.-]+")
HANDLE = re.compile(
    r"(?<![\w.])@[\w.]{2,40}|https?://\S+|\bwww\.\S+|\b[\w-]+\.(?:com|org|net|example)/\S*"
)
GONE = " ; "
"""Stands for what parts two names without being one of them: an address, a handle."""
NOT_HE = "\x01"
"""Follows the name of somebody who did something else: `Lars Lind (Fotos)`."""
COMMA = "\x02"
"""The comma of `Joe Schmidt, Jr.`, which parts nobody."""
SUFFIX = re.compile(r",\s*(?=(?:Jr|Sr|II|III|IV)\b\.?)")
HANGUL_DOT = re.compile(r"(?<=[가-힣])\s*[·ㆍ・∙]\s*(?=[가-힣])")
SEPARATOR = re.compile(r"\s*[,;|•/、，；+\n丨／｜]\s*|\s[–—·∙‧・-]\s|\s\.\s|(?<=[^\W\d_]{3})\.\s+")
FUSED = re.compile(
    r"\s(?:و(?!ليد|ائل|سام|جدي|فاء|ردة|جيه|حيد|دود|داد)|ו(?!רד|יקטור|יקי|רדה|ילי))(?=\w{2,}\s+\w{2,})"
)
"""Arabic and Hebrew write “and” in one with the word that follows."""
HAN_AND = re.compile(r"(?<=[㐀-鿿]{2})[和与與及と](?=[㐀-鿿]{2})")
HELPED = re.compile(
    r"[^.;,]*\b(?:contributed (?:to|reporting)|contributing reporting|contributed)\b[^.;]*", re.I
)
PICTURE_SUFFIX = re.compile(r"\s?[摄攝]$")
MORE_OTHERS = re.compile(r"\s*(?:외\s*\d+\s*명|ほか\d*人?|等\d*人?)\s*$")


def opening(line: str, language: str | None = None) -> int:
    """Where the names begin behind a byline's opening words (`By …`, `Oleh: …`); 0 where there are
    none."""
    line = line[:MAX_LINE]
    if fits := words.OPENING.match(line):
        return fits.end()
    if language and (pattern := words.local_opening(language)) and (fits := pattern.match(line)):
        return fits.end()
    if (fits := words.BARE_LABEL.match(line)) and _is_bare_name(line[fits.end() :]):
        return fits.end()
    return 0


def _is_bare_name(rest: str) -> bool:
    first = SEPARATOR.split(rest, maxsplit=1)[0].split()
    return (
        2 <= len(first) <= 4
        and all(word[0].isupper() for word in first)
        and person(" ".join(first)) is not None
    )


def opens_like_byline(line: str, language: str | None = None) -> bool:
    """Whether a short line begins as bylines do: `By …`, `Von …`, `Автор: …`."""
    return opening(line, language) > 0 or (len(line) < 20 and bool(words.UNCASED_ROLE.search(line)))


def is_bare_opening(line: str, language: str | None = None) -> bool:
    """Whether a line is nothing but an opening, whose name stands in the next: `By`, `Text:`."""
    return len(line) < 24 and opening(f"{line} X", language) == len(f"{line} ")


def credits_a_desk(line: str) -> bool:
    """Whether a line says no more than that a desk, the staff or an agency wrote it."""
    return len(line) <= MAX_DESK and bool(DESK.match(line.strip()))


def is_byline(line: str, language: str | None = None) -> bool:
    """Whether a line is nothing but a byline: `By Jane Doe, The Daily Bugle`."""
    if credits_a_desk(line):
        return True
    is_short = len(line) < MAX_LINE and not line.endswith((".", "!", "?", "”", ":"))
    if not is_short or not opens_like_byline(line, language):
        return False
    return bool(people(line, language) or agency_in(line) or "staff" in line.lower())


def credits_other_work(line: str) -> bool:
    """Whether a line names who took pictures, edited or translated, and nobody who wrote: `Photo:
    Lars Lind/AP`."""
    bare = " ".join(line[:MAX_BYLINE].split())
    fits = words.OTHER_WORK.match(bare)
    if not fits or any(text for text in _authored(bare)):
        return False
    marked = (
        fits[0].rstrip().endswith((":", "：", "/", "=", "＝", "|", "／")) or fits[0].count(" ") > 1
    )
    return marked or person(SEPARATOR.split(bare[fits.end() :], maxsplit=1)[0]) is not None


def credits_picture(line: str) -> bool:
    """Whether a line is nothing but a picture's credit: `Photo: Lars Lind`, `(Lee Jin-man/AP)`, `AP
    Photo/Lee Jin-man`.

    `Greta Holm/dpa` is written alike; where a line stands tells the two apart.
    """
    return len(line) <= MAX_LINE and (
        bool(words.PICTURE_CREDIT.match(line)) or credits_other_work(line)
    )


def people(
    byline: str | None, language: str | None = None, *, sure: bool = False
) -> tuple[str, ...]:
    """The people whom a byline names, in its order. Agencies, desks, staff and addresses are not
    people.

    Beside anything else a single word is a place, a degree or a part of a body's name: `Jane Doe,
    London`, `Jane Doe, CPA`, `Office of Ports and Ferries`. `sure`: page data give the line as the
    authors' names.
    """
    whole = plain(byline)
    parts = [part for text in _authored(_marked(whole)) for part in _parts(text, language)]
    found = [
        name
        for part in parts
        if (name := _named(part, language, sure)) and name.rstrip(".") in whole
    ]
    if len(found) < len(parts) or any(" " in name for name in found):
        found = [name for name in found if " " in name or not name[0].isupper()]
    if any(not name.isupper() for name in found):
        found = [name for name in found if not is_acronym_of_outlet(name)]
    return tuple(dict.fromkeys(found))


def one_person(name: str, language: str | None = None) -> tuple[str, ...]:
    """Whom a name given as one person's names: one, unless several whole names are listed in it.

    No conjunction parts it that may stand between two family names; `Holm, Greta` is turned round.
    """
    whole = plain(name)
    if turned := _turned_round(whole, language):
        return (turned,)
    several = [part for part in _split(_marked(whole), language) if part.strip()]
    named = [
        found for part in several if (found := _named(part, language, sure=False)) and " " in found
    ]
    if len(named) > 1:
        return tuple(dict.fromkeys(named))
    listed = [part for part in SEPARATOR.split(_marked(whole)) if part.strip()]
    first = _named(listed[0], language, sure=True) if listed else None
    return (first,) if first and first.rstrip(".") in whole else ()


def plain(text: str | None) -> str:
    """A byline on one line without mark-up, as far as it is read."""
    return " ".join(TAG.sub(" ", (text or "")[:MAX_BYLINE]).replace("\u200b", "").split())


def body(claim: str) -> str | None:
    """The desk, agency or outlet that page data name where one looks for an author; None for what
    is no name."""
    bare = plain(claim)
    bare = bare[opening(bare) :].strip()
    if NOBODY.match(bare) or not 2 <= len(bare) <= MAX_DESK or not any(map(str.isalpha, bare)):
        return None
    keys = [word.casefold().strip(".,:") for word in bare.split()]
    only_labels = all(
        key in words.LABELS or key in words.DAYS_AND_MONTHS or key in words.PARTICLES
        for key in keys
    )
    return None if only_labels or any(sign in bare for sign in "<>{}") else bare


def _named(part: str, language: str | None, sure: bool) -> str | None:
    if part.endswith(NOT_HE) or PICTURE_SUFFIX.search(part):
        return None
    bare = part.strip()
    while at := opening(bare, language):
        rest = bare[at:]
        # `Von Trapp` is a name
        if sure and len(rest.split()) < 2 and bare[:at].strip().lower() in words.PARTICLES:
            break
        bare = rest
    bare = words.CLOSING.sub("", bare)
    name = person(MORE_OTHERS.sub("", bare), language, sure=sure)
    return name.replace(COMMA, ", ") if name else None


def _marked(text: str) -> str:
    """A byline whose addresses, brackets and suffixes can no longer be taken for names or the ends
    of them."""
    text = HANDLE.sub(GONE, MAIL.sub(GONE, text))
    return SUFFIX.sub(COMMA, BRACKETS.sub(_of_bracket, text))


def _of_bracket(bracket: re.Match[str]) -> str:
    """Nothing for what stands in brackets; a mark where it says that the one before it did
    something else."""
    said = {word.casefold().strip(".:") for word in re.split(r"[\s/,&+]+", bracket[1])}
    others = said & words.OTHER_WORDS
    return f"{NOT_HE}{GONE}" if others and not said & words.WRITING else " "


def _authored(text: str) -> Iterator[str]:
    """The stretches of a byline that name its authors, not who took the pictures, edited or
    helped."""
    text = HELPED.sub(" ", text)
    marks = sorted(
        [(fits.start(), fits.end(), False) for fits in words.OTHER_WORK.finditer(text)]
        + [(fits.start(), fits.end(), True) for fits in words.WITHIN.finditer(text)]
    )
    at, writes = 0, True
    for start, end, by_author in marks:
        if start < at:
            continue
        before = text[at:start]
        if writes:
            yield _without_tail(
                _up_to_separator(before)
                if by_author and text[start:end].rstrip(" :").endswith("by")
                else before
            )
        at, writes = end, by_author
        if not by_author and (stop := re.search(r"\s*[|•\n]\s*", text[end:])):
            named_again = text[end + stop.end() :]
            if not any(mark_start >= end for mark_start, _, _ in marks):
                yield named_again
                return
    if writes:
        yield text[at:]


def _up_to_separator(before: str) -> str:
    """What stands before `by` without the words that belong to it: `Special report by`, `3 hours
    ago by`."""
    return before[: max(before.rfind(sign) for sign in ",;|•·/)") + 1]


def _without_tail(text: str) -> str:
    """A stretch without the “and” that led on to what follows."""
    bare = text.strip().rstrip(",;|/–—- ")
    head, _, last = bare.rpartition(" ")
    return head if last.casefold() in (*words.CONJUNCTIONS, "&", "with", "mit") else bare


def leads_on(text: str) -> bool:
    """Whether a text that ends there goes on to a name: with a comma, an “and”, a `By`."""
    bare = text.rstrip()
    last = bare.rpartition(" ")[2].casefold()
    return (
        bare.endswith((",", ";", "&", "|", "/", "•", "·", "、", ":"))
        or last in words.CONJUNCTIONS | words.BY
    )


def _parts(text: str, language: str | None) -> list[str]:
    """The parts of a stretch of prose, each of which may name somebody."""
    return [part for part in _split(text, language, prose=True) if part.strip()]


def _split(text: str, language: str | None, prose: bool = False) -> Iterator[str]:
    for listed in SEPARATOR.split(HANGUL_DOT.sub(" ; ", text)):
        for part in FUSED.split(listed):
            for piece in HAN_AND.split(part):
                yield from _by_blanks(piece, language) or _by_conjunctions(piece, language, prose)


def _by_blanks(text: str, language: str | None) -> list[str]:
    """Chinese and Korean names that only blanks part; Japanese sets one between the names of one
    person."""
    parts = words.UNCASED_ROLE.sub("", text[opening(text, language) :]).split()
    if len(parts) < 2:
        return []
    hangul = all(re.fullmatch("[가-힣]{2,4}", part) for part in parts) and all(
        len(part) > 2 for part in parts
    )
    han = (language or "").startswith("zh") and all(
        HAN.match(part) and 2 <= len(part) <= 4 for part in parts
    )
    return parts if hangul or han else []


def _by_conjunctions(text: str, language: str | None, prose: bool) -> Iterator[str]:
    """Parted where a conjunction stands between two people, not where it stands inside of one
    name."""
    row = text[opening(text, language) :].split()
    left: list[str] = []
    for at, word in enumerate(row):
        if _is_conjunction(word, language) and _parts_people(
            left, word, row[at + 1 :], language, prose
        ):
            yield " ".join(left)
            left = []
        else:
            left.append(word)
    yield " ".join(left)


def _is_conjunction(word: str, language: str | None) -> bool:
    """Whether a word may part people; Dan and Eta are names."""
    if word.isascii() and not (word.islower() or word.isupper() or word in ("And", "Und", "&")):
        return False
    return word == "&" or word.lower() in words.CONJUNCTIONS | words.local("conjunctions", language)


def _parts_people(
    left: list[str], word: str, rest: list[str], language: str | None, prose: bool
) -> bool:
    """Whether a conjunction parts two people rather than the family names of one."""
    right = _up_to_conjunction(rest, language)
    if not left or not right:
        return True
    if left[-1].islower() and left[-1] in words.PARTICLES:  # von und zu
        return False
    whole_names = len(left) > 1 and len(right) > 1
    if (
        len(word) == 1
        and word.isupper()
        and not (whole_names and " ".join((*left, *right)).isupper())
    ):
        return False  # an initial: Michael E Stone
    if agency_named(" ".join(right)) or agency_named(" ".join(left)):
        return True
    if not _may_join(word, language):
        return prose or whole_names
    if whole_names:
        return prose or word.lower() == "und"
    if len(left) == 1:
        return prose
    return bool(agency_named(" ".join(right))) or person(" ".join(right), language) is None


def _may_join(word: str, language: str | None) -> bool:
    """Whether a conjunction may stand inside one person's name: `José Ortiz y Carmona`."""
    tongues = [
        tongue
        for tongue in words.TABLES["joining"]
        if word.lower() in words.local("joining", tongue)
    ]
    return bool(tongues) and (language in (None, "en", *tongues))


def _up_to_conjunction(rest: list[str], language: str | None) -> list[str]:
    ends = (at for at, word in enumerate(rest) if _is_conjunction(word, language))
    return rest[: next(ends, len(rest))]


def _turned_round(name: str, language: str | None) -> str | None:
    """`Greta Holm` of `Holm, Greta`, as libraries write names; None where the comma parts something
    else."""
    family, comma, given = name.partition(", ")
    if (
        not comma
        or "," in given
        or not 1 <= len(given.split()) <= 2
        or given.casefold().strip(".") in words.SUFFIXES | words.DEGREES
    ):
        return None
    surname = family.split()
    if len(surname) > 1 and not (
        len(surname) <= 5 and any(word in words.PARTICLES for word in surname)
    ):
        return None
    if not given[0].isupper() or (given.isupper() and not family.isupper() and "." not in given):
        return None
    if given.casefold() in words.place_names(language) or person(given, language) is None:
        return None
    return person(f"{given} {family}", language) if person(family, language) else None
