"""Find the people who wrote an article in its printed byline.

A line of prose may name several (`By A and B in Berlin; editing by C`); the name of one person in a
page's data does not. The words around names are data (`byline_words.toml`), and
`crawler.extraction.fields.person_names` decides what is a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from crawler.extraction.fields import byline_words as words
from crawler.extraction.fields.agencies import agency_in, agency_named
from crawler.extraction.fields.person_names import HAN, is_acronym_of_outlet, person

MAX_DESK = 60
"""Characters of the name of a desk, an agency or an outlet."""
MAX_BYLINE = 1_000
"""Characters of a byline that are read: the patterns below take a minute for a page of blanks."""
MAX_LINE = 110
"""Characters of a line that may be nothing but a byline."""
DESK = re.compile(
    r"^(?:from |by )?(?:[\w&.’'-]+ ){0,4}(?:staff(?: (?:writers?|reporters?|reports?))?|newsroom|"
    r"news desk|wire (?:services?|reports?)|(?:news|press) agency|news services?|"
    r"editorial (?:board|team)|redaktion|redacción|redazione|rédaction|redação|redactie|redakcja|"
    r"redakce|редакция)$"
    r"|^(?:[\w・]{0,12}(?:編集部|取材班|报道组|編輯部|编辑部)|[\w ]{0,12}편집부)$",
    re.I,
)
"""A line that credits no person: `WSD Staff`, `From wire reports`, `Meridian News Agency`."""
NOBODY = re.compile(
    r"^(?:admin\w*|webmaster|root|user|guest|unknown|anonymous|none|null|undefined|default)$", re.I
)
"""Names that a system gives to the user who saved the page."""
TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--[^<>]*-->")
BRACKETS = re.compile(r"\s*[(（]([^()（）]*)[)）]?")
MAIL = re.compile(r"(?:mailto:)?[\w.+-]+@[\w-]+\.[\w.-]+")
HANDLE = re.compile(
    r"(?<![\w.])@[\w.]{2,40}|https?://\S+|\bwww\.\S+|\b[\w-]+\.(?:com|org|net|example)/\S*"
)
GONE = " ; "
"""Replaces what separates two names without being one of them: an address, a handle."""
NOT_HE = "\x01"
"""Follows the name of a person who did something else: `Lars Lind (Fotos)`."""
COMMA = "\x02"
"""Replaces the comma of `Joe Schmidt, Jr.`, which does not separate two names."""
SUFFIX = re.compile(r",\s*(?=(?:Jr|Sr|II|III|IV)\b\.?)")
HANGUL_DOT = re.compile(r"(?<=[가-힣])\s*[·ㆍ・∙]\s*(?=[가-힣])")
SEPARATOR = re.compile(r"\s*[,;|•/、，；+\n丨／｜]\s*|\s[–—·∙‧・-]\s|\s\.\s|(?<=[^\W\d_]{3})\.\s+")
"""Separators between the names of a byline."""
FUSED = re.compile(
    r"\s(?:و(?!ليد|ائل|سام|جدي|فاء|ردة|جيه|حيد|دود|داد)|ו(?!רד|יקטור|יקי|רדה|"
    r"ילי))(?=\w{2,}\s+\w{2,})"
)
"""Arabic and Hebrew “and”, which is written as one word with the name after it."""
LEADING_ON = (",", ";", "&", "|", "/", "•", "·", "、", ":")
"""Signs at the end of a text that continues with a name."""
LABEL_ENDS = (":", "：", "/", "=", "＝", "|", "／")
"""Signs at the end of a label before names."""
HAN_AND = re.compile(r"(?<=[㐀-鿿]{2})[和与與及と](?=[㐀-鿿]{2})")
"""Chinese and Japanese “and” between two names."""
HELPED = re.compile(
    r"[^.;,]*\b(?:contributed (?:to|reporting)|contributing reporting|contributed)\b[^.;]*", re.I
)
"""The names of those who contributed to the report."""
PICTURE_SUFFIX = re.compile(r"\s?[摄攝]$")
"""Chinese “photographed by”, after the name."""
MORE_OTHERS = re.compile(r"\s*(?:외\s*\d+\s*명|ほか\d*人?|等\d*人?)\s*$")
"""“And others”, after Korean, Japanese and Chinese names."""


def opening(line: str, language: str | None = None) -> int:
    """Return where the names begin after the opening words of a byline, 0 without such words.

    Such words are `By …`, `Oleh: …`, and labels where only a name follows.
    """
    line = line[:MAX_LINE]
    if fits := words.OPENING.match(line):
        return fits.end()
    local = words.local_opening(language) if language else None
    if local and (fits := local.match(line)):
        return fits.end()
    label = words.BARE_LABEL.match(line)
    return label.end() if label and _is_bare_name(line[label.end() :]) else 0


def _is_bare_name(rest: str) -> bool:
    """Whether a text up to the first separator is nothing but a name of two to four words."""
    first = SEPARATOR.split(rest, maxsplit=1)[0].split()
    if not 2 <= len(first) <= 4:
        return False
    return all(word[0].isupper() for word in first) and person(" ".join(first)) is not None


def opens_like_byline(line: str, language: str | None = None) -> bool:
    """Whether a short line begins as bylines do: `By …`, `Von …`, `Автор: …`."""
    return opening(line, language) > 0 or (len(line) < 20 and bool(words.UNCASED_ROLE.search(line)))


def is_bare_opening(line: str, language: str | None = None) -> bool:
    """Whether a line is only an opening, whose name is in the next line: `By`, `Text:`."""
    return len(line) < 24 and opening(f"{line} X", language) == len(f"{line} ")


def credits_a_desk(line: str) -> bool:
    """Whether a line only says that a desk, the staff or an agency wrote the article."""
    return len(line) <= MAX_DESK and bool(DESK.match(line.strip()))


def is_byline(line: str, language: str | None = None) -> bool:
    """Whether a line is only a byline: `By Jane Doe, The Daily Bugle`."""
    if credits_a_desk(line):
        return True
    is_short = len(line) < MAX_LINE and not line.endswith((".", "!", "?", "”", ":"))
    if not is_short or not opens_like_byline(line, language):
        return False
    return bool(people(line, language) or agency_in(line) or "staff" in line.lower())


def credits_other_work(line: str) -> bool:
    """Whether a line names photographers, editors or translators, but no writer.

    `Photo: Lars Lind/AP` is such a line.
    """
    bare = " ".join(line[:MAX_BYLINE].split())
    label = words.OTHER_WORK.match(bare)
    if not label or any(_authored(bare)):
        return False
    if label[0].rstrip().endswith(LABEL_ENDS) or label[0].count(" ") > 1:
        return True
    first = SEPARATOR.split(bare[label.end() :], maxsplit=1)[0]
    return person(first) is not None


def credits_picture(line: str) -> bool:
    """Whether a line only credits a picture: `Photo: Lars Lind`, `AP Photo/Lee Jin-man`.

    A byline like `Greta Holm/dpa` has the same form as `(Lee Jin-man/AP)`; only the place of the
    line distinguishes them.
    """
    if len(line) > MAX_LINE:
        return False
    return words.PICTURE_CREDIT.match(line) is not None or credits_other_work(line)


def people(
    byline: str | None, language: str | None = None, *, sure: bool = False
) -> tuple[str, ...]:
    """Return the people whom a byline names, in its order.

    Agencies, desks, staff and addresses are left out. Beside other names, a single word is a place,
    a degree or a part of an organisation's name: `Jane Doe, London`, `Jane Doe, CPA`, `Office of
    Ports and Ferries`. `sure` means that the page's data give the line as the authors' names.
    """
    whole = plain(byline)
    stretches = _authored(_marked(whole))
    parts = list(chain.from_iterable(_parts(text, language) for text in stretches))
    names = filter(None, (_named(part, language, sure) for part in parts))
    found = [name for name in names if name.rstrip(".") in whole]
    if len(found) < len(parts) or any(" " in name for name in found):
        found = [name for name in found if " " in name or not name[0].isupper()]
    if any(not name.isupper() for name in found):
        found = [name for name in found if not is_acronym_of_outlet(name)]
    return tuple(dict.fromkeys(found))


def one_person(name: str, language: str | None = None) -> tuple[str, ...]:
    """Return the person in a name that the page's data give for one person, or none.

    Several people are returned only if the name lists several whole names. A conjunction that may
    stand between two family names does not separate people. `Holm, Greta` becomes `Greta Holm`.
    """
    whole = plain(name)
    if turned := _turned_round(whole, language):
        return (turned,)
    several = [part for part in _split(_marked(whole), language) if part.strip()]
    names = filter(None, (_named(part, language, sure=False) for part in several))
    full_names = [name for name in names if " " in name]
    if len(full_names) > 1:
        return tuple(dict.fromkeys(full_names))
    listed = [part for part in SEPARATOR.split(_marked(whole)) if part.strip()]
    first = _named(listed[0], language, sure=True) if listed else None
    return (first,) if first and first.rstrip(".") in whole else ()


def plain(text: str | None) -> str:
    """Return a byline on one line without mark-up, cut to the length that is read."""
    return " ".join(TAG.sub(" ", (text or "")[:MAX_BYLINE]).replace("\u200b", "").split())


def body(claim: str) -> str | None:
    """Return the organisation that the page's data name as author, None if it is not a name."""
    bare = plain(claim)
    bare = bare[opening(bare) :].strip()
    if NOBODY.match(bare) or not 2 <= len(bare) <= MAX_DESK or not any(map(str.isalpha, bare)):
        return None
    keys = {word.casefold().strip(".,:") for word in bare.split()}
    if keys <= words.NO_NAME_ALONE:
        return None
    return None if any(sign in bare for sign in "<>{}") else bare


def _named(part: str, language: str | None, sure: bool) -> str | None:
    """The person whom a part of a byline names, None if it names none."""
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
    """A byline in which addresses, brackets and suffixes cannot be taken for names."""
    text = HANDLE.sub(GONE, MAIL.sub(GONE, text))
    return SUFFIX.sub(COMMA, BRACKETS.sub(_of_bracket, text))


def _of_bracket(bracket: re.Match[str]) -> str:
    """The replacement of a bracket: a mark if the person did other work, else a blank."""
    said = {word.casefold().strip(".:") for word in re.split(r"[\s/,&+]+", bracket[1])}
    did_other_work = said & words.OTHER_WORDS and not said & words.WRITING
    return f"{NOT_HE}{GONE}" if did_other_work else " "


def _authored(text: str) -> Iterator[str]:
    """The parts of a byline that name its authors, without photographers, editors and helpers."""
    text = HELPED.sub(" ", text)
    marks = _credit_marks(text)
    at, writes = 0, True
    for start, end, by_author in marks:
        if start < at:
            continue
        before = text[at:start]
        if by_author and text[start:end].rstrip(" :").endswith("by"):
            before = _up_to_separator(before)
        if writes:
            yield _without_tail(before)
        at, writes = end, by_author
        stop = None if by_author else re.search(r"\s*[|•\n]\s*", text[end:])
        is_last = all(other_start < end for other_start, _, _ in marks)
        if stop and is_last:  # authors again, after those who did other work
            yield text[end + stop.end() :]
            return
    if writes:
        yield text[at:]


def _credit_marks(text: str) -> list[tuple[int, int, bool]]:
    """Start and end of each opening in a byline, and whether the names after it are authors."""
    other_work = [(fits.start(), fits.end(), False) for fits in words.OTHER_WORK.finditer(text)]
    authors = [(fits.start(), fits.end(), True) for fits in words.WITHIN.finditer(text)]
    return sorted(other_work + authors)


def _up_to_separator(before: str) -> str:
    """The text before `by` without the words that belong to it: `Special report by`."""
    return before[: max(before.rfind(sign) for sign in ",;|•·/)") + 1]


def _without_tail(text: str) -> str:
    """The text without the “and” that leads on to the next name."""
    bare = text.strip().rstrip(",;|/–—- ")
    head, _, last = bare.rpartition(" ")
    return head if last.casefold() in (*words.CONJUNCTIONS, "&", "with", "mit") else bare


def leads_on(text: str) -> bool:
    """Whether a text continues with a name: it ends with a comma, an “and” or a `By`."""
    bare = text.rstrip()
    last = bare.rpartition(" ")[2].casefold()
    return bare.endswith(LEADING_ON) or last in words.CONJUNCTIONS | words.BY


def _parts(text: str, language: str | None) -> list[str]:
    """The parts of a stretch of prose that may each name a person."""
    return [part for part in _split(text, language, prose=True) if part.strip()]


def _split(text: str, language: str | None, prose: bool = False) -> Iterator[str]:
    """The parts of a text between separators, conjunctions and, in some scripts, blanks."""
    for listed in SEPARATOR.split(HANGUL_DOT.sub(" ; ", text)):
        for part in FUSED.split(listed):
            for piece in HAN_AND.split(part):
                yield from _by_blanks(piece, language) or _by_conjunctions(piece, language, prose)


def _by_blanks(text: str, language: str | None) -> list[str]:
    """Chinese and Korean names that are separated by blanks only; otherwise empty.

    Japanese separates the parts of one name by a blank.
    """
    parts = words.UNCASED_ROLE.sub("", text[opening(text, language) :]).split()
    if len(parts) < 2:
        return []
    if all(re.fullmatch("[가-힣]{3,4}", part) for part in parts):
        return parts
    is_chinese = (language or "").startswith("zh")
    if is_chinese and all(HAN.match(part) and 2 <= len(part) <= 4 for part in parts):
        return parts
    return []


def _by_conjunctions(text: str, language: str | None, prose: bool) -> Iterator[str]:
    """The parts of a text between the conjunctions that stand between two people."""
    row = text[opening(text, language) :].split()
    left: list[str] = []
    for at, word in enumerate(row):
        rest = row[at + 1 :]
        if _is_conjunction(word, language) and _parts_people(left, word, rest, language, prose):
            yield " ".join(left)
            left = []
        else:
            left.append(word)
    yield " ".join(left)


def _is_conjunction(word: str, language: str | None) -> bool:
    """Whether a word may be a conjunction between two people. Dan and Eta are names."""
    if word.isascii() and not (word.islower() or word.isupper() or word in ("And", "Und", "&")):
        return False
    return word == "&" or word.lower() in words.CONJUNCTIONS | words.local("conjunctions", language)


def _parts_people(
    left: list[str], word: str, rest: list[str], language: str | None, prose: bool
) -> bool:
    """Whether a conjunction separates two people rather than the family names of one."""
    right = _up_to_conjunction(rest, language)
    if not left or not right:
        return True
    if left[-1].islower() and left[-1] in words.PARTICLES:  # von und zu
        return False
    whole_names = len(left) > 1 and len(right) > 1
    all_in_capitals = whole_names and " ".join((*left, *right)).isupper()
    if len(word) == 1 and word.isupper() and not all_in_capitals:
        return False  # an initial: Michael E Stone
    if agency_named(" ".join(right)) or agency_named(" ".join(left)):
        return True
    if not _may_join(word, language):
        return prose or whole_names
    if whole_names:
        return prose or word.lower() == "und"
    if len(left) == 1:
        return prose
    return person(" ".join(right), language) is None


def _may_join(word: str, language: str | None) -> bool:
    """Whether a conjunction may be part of a person's name: `José Ortiz y Carmona`."""
    joined_in = [
        other for other in words.TABLES["joining"] if word.lower() in words.local("joining", other)
    ]
    return bool(joined_in) and language in (None, "en", *joined_in)


def _up_to_conjunction(rest: list[str], language: str | None) -> list[str]:
    """The words before the first conjunction."""
    ends = (at for at, word in enumerate(rest) if _is_conjunction(word, language))
    return rest[: next(ends, len(rest))]


def _turned_round(name: str, language: str | None) -> str | None:
    """`Greta Holm` for `Holm, Greta`, as libraries write names; None for other commas."""
    family, comma, given = name.partition(", ")
    if not comma or not _may_be_given_names(given):
        return None
    surname = family.split()
    has_particle = any(word in words.PARTICLES for word in surname)
    if len(surname) > 1 and not (len(surname) <= 5 and has_particle):
        return None
    if given.isupper() and not family.isupper() and "." not in given:
        return None
    if given.casefold() in words.place_names(language) or person(given, language) is None:
        return None
    return person(f"{given} {family}", language) if person(family, language) else None


def _may_be_given_names(text: str) -> bool:
    """Whether the text after a comma is one or two given names, not a suffix or a degree."""
    if "," in text or not 1 <= len(text.split()) <= 2:
        return False
    key = text.casefold().strip(".")
    return text[0].isupper() and key not in words.SUFFIXES | words.DEGREES
