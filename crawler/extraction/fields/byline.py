"""Find the people who wrote an article in its printed byline.

A line of prose may name several (`By A and B in Berlin; editing by C`); the name of one person in a
page's data does not. The words around names are data (`byline_words.toml`), and
`crawler.extraction.fields.person_names` decides what is a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from archive.text.unspaced import HAN_RANGE
from crawler.extraction.fields import byline_words as words
from crawler.extraction.fields.agencies import agency_in_credit, agency_named
from crawler.extraction.fields.person_names import HAN_NAME, is_name_in_capitals, person_named

MAX_DESK_CHARS = 60
"""Characters of the name of a desk, an agency or an outlet."""
MAX_READ_BYLINE_CHARS = 1_000
"""Characters of a byline that are read: the patterns below take a minute for a page of blanks."""
MAX_BYLINE_ONLY_CHARS = 110
"""Characters of a line that may be nothing but a byline."""
DESK_CREDIT = re.compile(
    r"^(?:from |by )?(?:[\w&.’'-]+ ){0,4}(?:staff(?: (?:writers?|reporters?|reports?))?|newsroom|"
    r"news desk|wire (?:services?|reports?)|(?:news|press) agency|news services?|"
    r"editorial (?:board|team)|redaktion|redacción|redazione|rédaction|redação|redactie|redakcja|"
    r"redakce|редакция)$"
    r"|^(?:[\w・]{0,12}(?:編集部|取材班|报道组|編輯部|编辑部)|[\w ]{0,12}편집부)$",
    re.I,
)
"""A line that credits no person: `WSD Staff`, `From wire reports`, `Meridian News Agency`."""
SYSTEM_USER_NAME = re.compile(
    r"^(?:admin\w*|webmaster|root|user|guest|unknown|anonymous|none|null|undefined|default)$", re.I
)
"""Names that a system gives to the user who saved the page."""
BYLINE_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|<!--[^<>]*-->")
BYLINE_BRACKETS = re.compile(r"\s*[(（]([^()（）]*)[)）]?")
MAIL_ADDRESS = re.compile(r"(?:mailto:)?[\w.+-]+@[\w-]+\.[\w.-]+")
HANDLE_OR_URL = re.compile(
    r"(?<![\w.])@[\w.]{2,40}|https?://\S+|\bwww\.\S+|\b[\w-]+\.(?:com|org|net|example)/\S*"
)
REMOVED_ADDRESS = " ; "
"""Replaces what separates two names without being one of them: an address, a handle."""
OTHER_WORK_MARK = "\x01"
"""Follows the name of a person who did something else: `Lars Lind (Fotos)`."""
SUFFIX_COMMA = "\x02"
"""Replaces the comma of `Joe Schmidt, Jr.`, which does not separate two names."""
COMMA_BEFORE_SUFFIX = re.compile(r",\s*(?=(?:Jr|Sr|II|III|IV)\b\.?)")
KOREAN_NAME_DOT = re.compile(r"(?<=[가-힣])\s*[·ㆍ・∙]\s*(?=[가-힣])")
NAME_SEPARATOR = re.compile(
    r"\s*[,;|•/、，；+\n丨／｜]\s*|\s[–—·∙‧・-]\s|\s\.\s|(?<=[^\W\d_]{3})\.\s+"
)
"""Separators between the names of a byline."""
FUSED_CONJUNCTION = re.compile(
    r"\s(?:و(?!ليد|ائل|سام|جدي|فاء|ردة|جيه|حيد|دود|داد)|ו(?!רד|יקטור|יקי|רדה|"
    r"ילי))(?=\w{2,}\s+\w{2,})"
)
"""Arabic and Hebrew “and”, which is written as one word with the name after it."""
ENDS_BEFORE_NAME = (",", ";", "&", "|", "/", "•", "·", "、", ":")
"""Signs at the end of a text that continues with a name."""
BYLINE_LABEL_ENDS = (":", "：", "/", "=", "＝", "|", "／")
"""Signs at the end of a label before names."""
HAN_CONJUNCTION = re.compile(rf"(?<=[{HAN_RANGE}]{{2}})[和与與及と](?=[{HAN_RANGE}]{{2}})")
"""Chinese and Japanese “and” between two names."""
HELPERS_CREDIT = re.compile(
    r"[^.;,]*\b(?:contributed (?:to|reporting)|contributing reporting|contributed)\b[^.;]*", re.I
)
"""The names of those who contributed to the report."""
PHOTOGRAPHER_SUFFIX = re.compile(r"\s?[摄攝]$")
"""Chinese “photographed by”, after the name."""
AND_OTHERS_SUFFIX = re.compile(r"\s*(?:외\s*\d+\s*명|ほか\d*人?|等\d*人?)\s*$")
"""“And others”, after Korean, Japanese and Chinese names."""


def byline_opening_end(line: str, language: str | None = None) -> int:
    """Return where the names begin after the opening words of a byline, 0 without such words.

    Such words are `By …`, `Oleh: …`, and labels where only a name follows.
    """
    line = line[:MAX_BYLINE_ONLY_CHARS]
    if fits := words.BYLINE_OPENING.match(line):
        return fits.end()
    local = words.opening_in_language(language) if language else None
    if local and (fits := local.match(line)):
        return fits.end()
    label = words.LABEL_WITHOUT_COLON.match(line)
    return label.end() if label and _is_name_alone(line[label.end() :]) else 0


def _is_name_alone(rest: str) -> bool:
    """Return whether a text up to the first separator is only a name of two to four words."""
    first = NAME_SEPARATOR.split(rest, maxsplit=1)[0].split()
    if not 2 <= len(first) <= 4:
        return False
    return all(word[0].isupper() for word in first) and person_named(" ".join(first)) is not None


def opens_like_byline(line: str, language: str | None = None) -> bool:
    """Return whether a short line begins as bylines do: `By …`, `Von …`, `Автор: …`."""
    return byline_opening_end(line, language) > 0 or (
        len(line) < 20 and bool(words.UNCASED_ROLE_SUFFIX.search(line))
    )


def is_bare_opening(line: str, language: str | None = None) -> bool:
    """Return whether a line is only an opening, whose name is in the next line: `By`, `Text:`."""
    return len(line) < 24 and byline_opening_end(f"{line} X", language) == len(f"{line} ")


def is_desk_credit(line: str) -> bool:
    """Return whether a line only says that a desk, the staff or an agency wrote the article."""
    return len(line) <= MAX_DESK_CHARS and bool(DESK_CREDIT.match(line.strip()))


def is_byline(line: str, language: str | None = None) -> bool:
    """Return whether a line is only a byline: `By Jane Doe, The Daily Bugle`."""
    if is_desk_credit(line):
        return True
    is_short = len(line) < MAX_BYLINE_ONLY_CHARS and not line.endswith((".", "!", "?", "”", ":"))
    if not is_short or not opens_like_byline(line, language):
        return False
    return bool(
        people_in_byline(line, language) or agency_in_credit(line) or "staff" in line.lower()
    )


def is_other_work_credit(line: str) -> bool:
    """Return whether a line names photographers, editors or translators, but no writer.

    `Photo: Lars Lind/AP` is such a line.
    """
    bare = " ".join(line[:MAX_READ_BYLINE_CHARS].split())
    label = words.OTHER_WORK_OPENING.match(bare)
    if not label or any(_author_stretches(bare)):
        return False
    if label[0].rstrip().endswith(BYLINE_LABEL_ENDS) or label[0].count(" ") > 1:
        return True
    first = NAME_SEPARATOR.split(bare[label.end() :], maxsplit=1)[0]
    return person_named(first) is not None


def people_in_byline(
    byline: str | None, language: str | None = None, *, sure: bool = False
) -> tuple[str, ...]:
    """Return the people whom a byline names, in its order.

    Agencies, desks, staff and addresses are left out. Beside other names, a single word is a place,
    a degree or a part of an organisation's name: `Jane Doe, London`, `Jane Doe, CPA`, `Office of
    Ports and Ferries`. `sure` means that the page's data give the line as the authors' names.
    """
    whole = byline_text(byline)
    stretches = _author_stretches(_with_marks_for_names(whole))
    parts = list(chain.from_iterable(_parts_of_stretch(text, language) for text in stretches))
    names = filter(None, (_person_in_part(part, language, sure) for part in parts))
    found = [name for name in names if name.rstrip(".") in whole]
    if len(found) < len(parts) or any(" " in name for name in found):
        found = [name for name in found if " " in name or not name[0].isupper()]
    if any(not name.isupper() for name in found):
        found = [name for name in found if not is_name_in_capitals(name)]
    return tuple(dict.fromkeys(found))


def person_in_data(name: str, language: str | None = None) -> tuple[str, ...]:
    """Return the person in a name that the page's data give for one person, or none.

    Several people are returned only if the name lists several whole names. A conjunction that may
    stand between two family names does not separate people. `Holm, Greta` becomes `Greta Holm`.
    """
    whole = byline_text(name)
    if turned := _name_in_usual_order(whole, language):
        return (turned,)
    several = [
        part for part in _split_names(_with_marks_for_names(whole), language) if part.strip()
    ]
    names = filter(None, (_person_in_part(part, language, sure=False) for part in several))
    full_names = [name for name in names if " " in name]
    if len(full_names) > 1:
        return tuple(dict.fromkeys(full_names))
    listed = [part for part in NAME_SEPARATOR.split(_with_marks_for_names(whole)) if part.strip()]
    first = _person_in_part(listed[0], language, sure=True) if listed else None
    return (first,) if first and first.rstrip(".") in whole else ()


def byline_text(text: str | None) -> str:
    """Return a byline on one line without mark-up, cut to the length that is read."""
    return " ".join(
        BYLINE_MARKUP.sub(" ", (text or "")[:MAX_READ_BYLINE_CHARS]).replace("\u200b", "").split()
    )


def organisation_in_claim(claim: str) -> str | None:
    """Return the organisation that the page's data name as author, None if it is not a name."""
    bare = byline_text(claim)
    bare = bare[byline_opening_end(bare) :].strip()
    if (
        SYSTEM_USER_NAME.match(bare)
        or not 2 <= len(bare) <= MAX_DESK_CHARS
        or not any(map(str.isalpha, bare))
    ):
        return None
    keys = {word.casefold().strip(".,:") for word in bare.split()}
    if keys <= words.WORDS_THAT_NEED_OTHERS:
        return None
    return None if any(sign in bare for sign in "<>{}") else bare


def _person_in_part(part: str, language: str | None, sure: bool) -> str | None:
    """The person whom a part of a byline names, None if it names none."""
    if part.endswith(OTHER_WORK_MARK) or PHOTOGRAPHER_SUFFIX.search(part):
        return None
    bare = part.strip()
    while at := byline_opening_end(bare, language):
        rest = bare[at:]
        # `Von Trapp` is a name
        if sure and len(rest.split()) < 2 and bare[:at].strip().lower() in words.NAME_PARTICLES:
            break
        bare = rest
    bare = words.BYLINE_CLOSING.sub("", bare)
    name = person_named(AND_OTHERS_SUFFIX.sub("", bare), language, sure=sure)
    return name.replace(SUFFIX_COMMA, ", ") if name else None


def _with_marks_for_names(text: str) -> str:
    """A byline in which addresses, brackets and suffixes cannot be taken for names."""
    text = HANDLE_OR_URL.sub(REMOVED_ADDRESS, MAIL_ADDRESS.sub(REMOVED_ADDRESS, text))
    return COMMA_BEFORE_SUFFIX.sub(SUFFIX_COMMA, BYLINE_BRACKETS.sub(_replace_bracket, text))


def _replace_bracket(bracket: re.Match[str]) -> str:
    """The replacement of a bracket: a mark if the person did other work, else a blank."""
    said = {word.casefold().strip(".:") for word in re.split(r"[\s/,&+]+", bracket[1])}
    did_other_work = said & words.OTHER_WORK_WORDS and not said & words.WRITING_WORDS
    return f"{OTHER_WORK_MARK}{REMOVED_ADDRESS}" if did_other_work else " "


def _author_stretches(text: str) -> Iterator[str]:
    """The parts of a byline that name its authors, without photographers, editors and helpers."""
    text = HELPERS_CREDIT.sub(" ", text)
    marks = _credit_marks(text)
    at, writes = 0, True
    for start, end, by_author in marks:
        if start < at:
            continue
        before = text[at:start]
        if by_author and text[start:end].rstrip(" :").endswith("by"):
            before = _without_words_of_by(before)
        if writes:
            yield _without_last_conjunction(before)
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
    other_work = [
        (fits.start(), fits.end(), False) for fits in words.OTHER_WORK_OPENING.finditer(text)
    ]
    authors = [
        (fits.start(), fits.end(), True) for fits in words.OPENING_WITHIN_LINE.finditer(text)
    ]
    return sorted(other_work + authors)


def _without_words_of_by(before: str) -> str:
    """The text before `by` without the words that belong to it: `Special report by`."""
    return before[: max(before.rfind(sign) for sign in ",;|•·/)") + 1]


def _without_last_conjunction(text: str) -> str:
    """The text without the “and” that leads on to the next name."""
    bare = text.strip().rstrip(",;|/–—- ")
    head, _, last = bare.rpartition(" ")
    return head if last.casefold() in (*words.NAME_CONJUNCTIONS, "&", "with", "mit") else bare


def leads_on_to_name(text: str) -> bool:
    """Return whether a text continues with a name: it ends with a comma, an “and” or a `By`."""
    bare = text.rstrip()
    last = bare.rpartition(" ")[2].casefold()
    return bare.endswith(ENDS_BEFORE_NAME) or last in words.NAME_CONJUNCTIONS | words.WORDS_FOR_BY


def _parts_of_stretch(text: str, language: str | None) -> list[str]:
    """The parts of a stretch of prose that may each name a person."""
    return [part for part in _split_names(text, language, prose=True) if part.strip()]


def _split_names(text: str, language: str | None, prose: bool = False) -> Iterator[str]:
    """The parts of a text between separators, conjunctions and, in some scripts, blanks."""
    for listed in NAME_SEPARATOR.split(KOREAN_NAME_DOT.sub(" ; ", text)):
        for part in FUSED_CONJUNCTION.split(listed):
            for piece in HAN_CONJUNCTION.split(part):
                yield from _split_at_blanks(piece, language) or _split_at_conjunctions(
                    piece, language, prose
                )


def _split_at_blanks(text: str, language: str | None) -> list[str]:
    """Chinese and Korean names that are separated by blanks only; otherwise empty.

    Japanese separates the parts of one name by a blank.
    """
    parts = words.UNCASED_ROLE_SUFFIX.sub("", text[byline_opening_end(text, language) :]).split()
    if len(parts) < 2:
        return []
    if all(re.fullmatch("[가-힣]{3,4}", part) for part in parts):
        return parts
    is_chinese = (language or "").startswith("zh")
    if is_chinese and all(HAN_NAME.match(part) and 2 <= len(part) <= 4 for part in parts):
        return parts
    return []


def _split_at_conjunctions(text: str, language: str | None, prose: bool) -> Iterator[str]:
    """The parts of a text between the conjunctions that stand between two people."""
    row = text[byline_opening_end(text, language) :].split()
    left: list[str] = []
    for at, word in enumerate(row):
        rest = row[at + 1 :]
        if _is_conjunction(word, language) and _separates_people(left, word, rest, language, prose):
            yield " ".join(left)
            left = []
        else:
            left.append(word)
    yield " ".join(left)


def _is_conjunction(word: str, language: str | None) -> bool:
    """Return whether a word may be a conjunction between two people. Dan and Eta are names."""
    if word.isascii() and not (word.islower() or word.isupper() or word in ("And", "Und", "&")):
        return False
    return word == "&" or word.lower() in words.NAME_CONJUNCTIONS | words.words_of_language(
        "conjunctions", language
    )


def _separates_people(
    left: list[str], word: str, rest: list[str], language: str | None, prose: bool
) -> bool:
    """Return whether a conjunction separates two people rather than the family names of one."""
    right = _words_before_conjunction(rest, language)
    if not left or not right:
        return True
    if left[-1].islower() and left[-1] in words.NAME_PARTICLES:  # von und zu
        return False
    whole_names = len(left) > 1 and len(right) > 1
    all_in_capitals = whole_names and " ".join((*left, *right)).isupper()
    if len(word) == 1 and word.isupper() and not all_in_capitals:
        return False  # an initial: Michael E Stone
    if agency_named(" ".join(right)) or agency_named(" ".join(left)):
        return True
    if not _may_join_family_names(word, language):
        return prose or whole_names
    if whole_names:
        return prose or word.lower() == "und"
    if len(left) == 1:
        return prose
    return person_named(" ".join(right), language) is None


def _may_join_family_names(word: str, language: str | None) -> bool:
    """Return whether a conjunction may be part of a person's name: `José Ortiz y Carmona`."""
    joined_in = [
        other
        for other in words.WORD_TABLES["joining"]
        if word.lower() in words.words_of_language("joining", other)
    ]
    return bool(joined_in) and language in (None, "en", *joined_in)


def _words_before_conjunction(rest: list[str], language: str | None) -> list[str]:
    """The words before the first conjunction."""
    ends = (at for at, word in enumerate(rest) if _is_conjunction(word, language))
    return rest[: next(ends, len(rest))]


def _name_in_usual_order(name: str, language: str | None) -> str | None:
    """`Greta Holm` for `Holm, Greta`, as libraries write names; None for other commas."""
    family, comma, given = name.partition(", ")
    if not comma or not _may_be_given_names(given):
        return None
    surname = family.split()
    has_particle = any(word in words.NAME_PARTICLES for word in surname)
    if len(surname) > 1 and not (len(surname) <= 5 and has_particle):
        return None
    if given.isupper() and not family.isupper() and "." not in given:
        return None
    if (
        given.casefold() in words.folded_place_names(language)
        or person_named(given, language) is None
    ):
        return None
    return person_named(f"{given} {family}", language) if person_named(family, language) else None


def _may_be_given_names(text: str) -> bool:
    """Return whether the text after a comma is one or two given names, not a suffix or a degree."""
    if "," in text or not 1 <= len(text.split()) <= 2:
        return False
    key = text.casefold().strip(".")
    return text[0].isupper() and key not in words.NAME_SUFFIXES | words.ACADEMIC_DEGREES
