"""Rules that remove lines which are not the article's from an extracted text.

Such lines are what a page prints around an article (buttons, menus, bylines, dates, claims of
copyright) and what it prints twice (headline, links).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from archive.text.unspaced import HAN_RANGE, HANGUL_RANGE, KANA_RANGE
from crawler.dates.date_parser import is_date_line, parse_date
from crawler.extraction.blocks import Block, fold_text
from crawler.extraction.fields.agencies import agency_of_credit
from crawler.extraction.fields.byline import MAIL_ADDRESS, is_byline, opens_like_byline
from crawler.extraction.fields.credits import names_little_else
from pipelines.dedup.volatile_lines import (
    is_advertising_line,
    is_counter_line,
    is_price_line,
    is_weather_line,
)

READ_MORE_OPENING = re.compile(
    r"^\W*(?:read (?:more|also|next|the full|full)|also read|see also|see more|more on this|more from|more:|"
    r"more stories|related|"
    r"related (?:articles?|stories|posts?|topics?|news|links?|content)|recommended|you may also like|don't miss|"
    r"watch:|watch more|"
    r"click here to|follow us|sign up (?:for|to)|subscribe (?:to|now)|lesen sie (?:auch|mehr|hier)|mehr (?:zum thema|"
    r"dazu|lesen)|"
    r"das könnte sie auch|lire aussi|à lire aussi|lire la suite|sur le même sujet|voir aussi|lea también|leer más|"
    r"lee también|también te puede|te puede interesar|ver también|más información|leia (?:também|mais)|"
    r"veja (?:também|mais)|"
    r"saiba mais|leggi anche|per approfondire|lees ook|lees meer|les også|läs (?:också|mer|även)|læs også|"
    r"czytaj (?:też|także|więcej)|"
    r"zobacz (?:też|także|również)|przeczytaj (?:też|także)|čtěte (?:také|více)|читайте также|читать далее|"
    r"смотрите также|по теме|"
    r"читайте також|ayrıca (?:bakınız|oku)|ilgili haber\w*|baca juga|simak juga|διαβάστε (?:επίσης|ακόμα|περισσότερα)|"
    r"δείτε (?:επίσης|ακόμα)|citește și|olvassa el|lue myös|lue lisää|関連記事|あわせて読みたい|相关(?:阅读|新闻|"
    r"报道|链接)|推荐阅读|延伸阅读|"
    r"相關(?:新聞|報導)|관련\s?기사|اقرأ أيضا|यह भी पढ़ें)\s*[:：»›>\-–—|]?",
    re.I,
)
BUTTON_LINE = re.compile(
    r"^\W*(?:\d+\s*)?(?:comments?|kommentare?|commentaires?|comentarios?|comentários?|commenti|reacties?|"
    r"komentarz\w*|kommentarer|"
    r"комментари\w*|коментар\w*|σχόλια|yorum(?:lar)?|コメント|评论|댓글|views?|shares?|likes?|print|email|e-mail|"
    r"share|share this"
    r"|share on .{2,12}|tweet|facebook|twitter|advertisement|werbung|anzeige|publicité|publicidad|reklama|реклама|"
    r"διαφήμιση)\W*\d*\W*$",
    re.I,
)
RIGHTS_OPENING = re.compile(
    r"^\W*(?:©|\(c\)|copyright\b|all rights reserved|alle rechte vorbehalten|tous droits réservés|"
    r"todos los derechos reservados"
    r"|this material may not be published)",
    re.I,
)
RIGHTS_WITHIN = re.compile(
    r"©\s*(?:19|20)\d\d|\bcopyright\s+(?:©|\(c\)|(?:19|20)\d\d)|\ball rights reserved\b|無断転載|무단\s?전재|版权所有",
    re.I,
)
RIGHTS_MARKS = ("©", "無断", "무단", "版权")
MENU_LINE = re.compile(r"^(?:[^·|•\d]{2,30}\s[·|•]\s){2,}[^·|•\d]{2,30}$")
"""`About us · Contact · Privacy`"""
TABLE_CELL_BAR = re.compile(r"\s*\|\s*")
"""The bars that trafilatura draws between the cells of a table."""
DENSE_SCRIPT = re.compile(f"[{KANA_RANGE}{HAN_RANGE}{HANGUL_RANGE}]{{2}}")
"""Two characters of a script that says much in few of them: kana, Han, Hangul."""
LINE_SENTENCE_ENDS = (".", "!", "?", "”", "。", "…", '"')
BARE_BYLINE_OPENINGS = {
    "by",
    "von",
    "par",
    "por",
    "di",
    "da",
    "door",
    "av",
    "af",
    "author",
    "autor",
    "автор",
}
"""The rest of a byline without a name."""
MIN_REPEATED_CHARS = 80
"""Characters of a line that is longer than refrains and labels, and stands in a text once."""
SENTENCE_ENDS = tuple('.!”"»…。！')
"""Ends of sentences other than questions, which an interview puts to several people."""
MAX_REPEATED_SHARE = 0.25
"""The share of a text that repeats may be; a page that prints more of it twice is left as it is."""
MAX_SUMMARY_PLACES = 4
"""Lines at the start and at the end that may be the page's summary of the text."""
MAX_LINES_AT_ENDS = 3
"""Lines at the start and at the end that may be bylines, dates and credits."""


@dataclass(frozen=True, slots=True)
class KnownLines:
    """Lines that the page is known to print beside the text."""

    headline: str | None
    byline: str | None
    authors: tuple[str, ...]
    date_lines: tuple[str, ...]
    language: str | None
    links: frozenset[str]
    """Blocks of the page, folded, that are entirely links."""
    apart: frozenset[str] = frozenset()
    """Lines, folded, that the page sets apart from the article: offers and labels."""


@dataclass(frozen=True, slots=True)
class CleanedText:
    """The article's lines, those at its ends that were bylines or credits, and all dropped ones."""

    lines: list[str]
    credits: list[str]
    dropped: list[tuple[str, str]] = field(default_factory=list)
    """Each line with the reason."""


LineRule = Callable[[str, KnownLines], str | None]
"""A rule returns the reason why a line does not belong to the article, or None."""


def find_linked_lines(blocks: list[Block]) -> frozenset[str]:
    """Return the blocks, folded, that are entirely links and as long as headlines.

    Blocks that the page also has as plain text are not among them: a table of contents links to
    headings of the article.
    """
    plain = {fold_text(block.text) for block in blocks if block.linked * 2 < len(block.text)}
    linked = (block.text for block in blocks if block.linked * 10 >= len(block.text) * 9)
    return frozenset(fold_text(text) for text in linked if _has_headline_length(text)) - plain


def _has_headline_length(text: str) -> bool:
    """Return whether a text is at least as long as headlines are in its script."""
    if text.isascii():
        return len(text) >= 25 and text.count(" ") >= 3
    if DENSE_SCRIPT.search(text):
        return len(text) >= 12
    if " " in text:
        return len(text) >= 25 and text.count(" ") >= 3
    return len(text) >= 10


def clean_text_lines(text: str, known: KnownLines) -> CleanedText:
    """Return the article's lines of an extracted text, and the lines dropped from it."""
    dropped: list[tuple[str, str]] = []
    lines: list[str] = []
    for line in filter(None, map(_plain_line, text.split("\n"))):
        reason = reason_against_line(line, known, RULES_ANYWHERE)
        if reason:
            dropped.append((line, reason))
        else:
            lines.append(line)
    lines = _without_repeats(lines, dropped)
    below = _lines_below_headline(lines, known)
    dropped += [(line, "around a whole page's text") for line in _missing_lines(lines, below)]
    credits_from = len(dropped)
    without_start = _without_opening_lines(below, known, dropped)
    without_ends = _without_opening_lines(without_start[::-1], known, dropped)[::-1]
    credits = [line for line, _ in dropped[credits_from:]]
    return CleanedText(without_ends, credits, dropped)


def _without_repeats(lines: list[str], dropped: list[tuple[str, str]]) -> list[str]:
    """The lines without paragraphs that the text has twice; these are added to the dropped ones.

    Of two equal paragraphs the first stays, unless the page prints much of the text twice; three
    are a refrain. A summary at an end of the text is a repeat, too, if it consists of paragraphs
    that follow each other elsewhere in it.
    """
    paragraphs = [line if _is_paragraph(line) else "" for line in lines]
    again = _second_places(paragraphs)
    if sum(len(lines[place]) for place in again) > MAX_REPEATED_SHARE * sum(map(len, lines)):
        return lines
    dropped += [(lines[place], "the text has it already") for place in again]
    kept = [place for place in range(len(lines)) if place not in again]
    for place in (*kept[:MAX_SUMMARY_PLACES], *kept[MAX_SUMMARY_PLACES:][-MAX_SUMMARY_PLACES:]):
        others = [paragraphs[other] for other in kept if other != place]
        if paragraphs[place] and _is_joined_of(paragraphs[place], others):
            dropped.append((lines[place], "a summary in the text's own words"))
            kept.remove(place)
    return [lines[place] for place in kept]


def _second_places(paragraphs: list[str]) -> list[int]:
    """Return the places of paragraphs that stand twice, at their second place; empty ones do not
    count."""
    counts = Counter(paragraphs)
    passed: set[str] = set()
    places = []
    for place, words in enumerate(paragraphs):
        if words in passed and counts[words] == 2:
            places.append(place)
        if words:
            passed.add(words)
    return places


def _is_paragraph(line: str) -> bool:
    """Return whether a line is long and ends as a sentence."""
    return len(line) >= MIN_REPEATED_CHARS and line.endswith(SENTENCE_ENDS)


def _is_joined_of(words: str, others: list[str]) -> bool:
    """Return whether a paragraph runs over several of the other paragraphs."""
    if any(words in other for other in others):
        return False
    return f" {words} " in f" {' '.join(filter(None, others))} "


def reason_against_line(line: str, known: KnownLines, rules: Iterable[LineRule]) -> str | None:
    """Return the first reason that one of the rules gives against a line, or None."""
    for rule in rules:
        reason = rule(line, known)
        if reason:
            return reason
    return None


def _missing_lines(lines: list[str], kept: list[str]) -> list[str]:
    return list((Counter(lines) - Counter(kept)).elements())


def _plain_line(raw: str) -> str:
    """Return a line without the marks that trafilatura draws tables with."""
    line = " ".join(raw.split())
    if line.startswith("|") or line.endswith(" |"):
        line = TABLE_CELL_BAR.sub(" ", line).strip()
    return "" if re.fullmatch(r"[-|\s]*", line) else line


def _button_reason(line: str, _: KnownLines) -> str | None:
    if len(line) < 60 and BUTTON_LINE.match(line):
        return "the words of a button, a counter or an advertisement"
    return None


def _volatile_reason(line: str, known: KnownLines) -> str | None:
    if is_counter_line(line):
        shows_date = _shows_date(line, known)
        return "the line with the date" if shows_date else "a counter, or how long ago"
    return "marked as advertising" if is_advertising_line(line) else None


def _ticker_reason(line: str, _: KnownLines) -> str | None:
    if is_weather_line(line) or is_price_line(line):
        return "the weather or a current price"
    return None


def _link_reason(line: str, known: KnownLines) -> str | None:
    is_sentence = line.endswith((".", "!", "?", "”", "。")) or len(line) >= 200
    return "entirely a link" if not is_sentence and fold_text(line) in known.links else None


def _set_apart_reason(line: str, known: KnownLines) -> str | None:
    return (
        "set apart from the text: an offer or a label" if fold_text(line) in known.apart else None
    )


def _read_more_reason(line: str, known: KnownLines) -> str | None:
    mark = READ_MORE_OPENING.match(line) if len(line) <= 220 else None
    if not mark:
        return None
    rest = fold_text(line[mark.end() :])
    is_pointer = mark[0].rstrip().endswith((":", "：", "»", "›", ">", "|"))
    is_linked = rest in known.links or fold_text(line) in known.links
    return "points to another page" if not rest or is_pointer or is_linked else None


def _card_reason(line: str, _: KnownLines) -> str | None:
    """Match a title that stands twice in a line, as the picture of a card repeats the title."""
    title = line[: len(line) // 2]
    if len(line) < 300 and line == f"{title} {title}" and _has_headline_length(title):
        return "a title beside its picture's: points to another page"
    return None


RULES_ANYWHERE: tuple[LineRule, ...] = (
    _button_reason,
    _volatile_reason,
    _link_reason,
    _set_apart_reason,
    _read_more_reason,
    _card_reason,
)
"""Rules for a line anywhere in the text."""


def _lines_below_headline(lines: list[str], known: KnownLines) -> list[str]:
    """Return the lines below the headline if the text is a whole page, otherwise all lines.

    In a whole page, all lines above the headline are short, and labels follow the last sentence.
    """
    index = _headline_line(lines, known)
    if not index or not all(map(_is_label, lines[:index])):
        return lines
    below = lines[index + 1 :]
    while below and not below[-1].endswith(LINE_SENTENCE_ENDS) and not is_byline(below[-1]):
        below.pop()
    while below and RIGHTS_OPENING.match(below[-1]):
        below.pop()
    below = _lines_up_to_byline(below)
    return below if _count_line_letters(below) * 2 > _count_line_letters(lines) else lines


def _headline_line(lines: list[str], known: KnownLines) -> int:
    """Return the index of the line that is the headline; 0 without one."""
    headline = fold_text(known.headline or "")
    if not headline:
        return 0
    return next((index for index, line in enumerate(lines) if fold_text(line) == headline), 0)


def _is_label(line: str) -> bool:
    return len(line) <= 100 and not line.endswith(LINE_SENTENCE_ENDS)


def _count_line_letters(lines: list[str]) -> int:
    return sum(map(len, lines))


def _lines_up_to_byline(lines: list[str]) -> list[str]:
    """Return a whole page's lines up to a byline that only labels and claims of rights follow."""
    for index, line in enumerate(lines):
        if index and is_byline(line) and all(map(_may_follow_byline, lines[index + 1 :])):
            return lines[: index + 1]
    return lines


def _may_follow_byline(line: str) -> bool:
    return len(line) < 60 or RIGHTS_OPENING.match(line) is not None


def _without_opening_lines(
    lines: list[str], known: KnownLines, dropped: list[tuple[str, str]]
) -> list[str]:
    """Return the lines without bylines, dates, headline and bare credits among the first few.

    Appends the lines that it leaves out to `dropped`, each with the reason.
    """
    kept = list(lines)
    for _ in range(MAX_LINES_AT_ENDS):
        reasons = [
            reason_against_line(line, known, RULES_AT_THE_ENDS) for line in kept[:MAX_LINES_AT_ENDS]
        ]
        place = next((index for index, reason in enumerate(reasons) if reason), None)
        if place is None or any(len(line) > 200 for line in kept[:place]):
            break
        dropped.append((kept.pop(place), reasons[place] or ""))
    return kept


def claims_rights(line: str) -> bool:
    """Return whether a line claims copyright anywhere in it."""
    # most lines have none of these marks, and are not searched; `ght` is in both English claims
    has_mark = "ght" in line.lower() or any(mark in line for mark in RIGHTS_MARKS)
    return has_mark and bool(RIGHTS_WITHIN.search(line))


def _rights_reason(line: str, _: KnownLines) -> str | None:
    claims_within = len(line) < 300 and claims_rights(line)
    claims_at_start = len(line) <= 170 and RIGHTS_OPENING.match(line)
    return "a claim of copyright" if claims_within or claims_at_start else None


def _repeat_reason(line: str, known: KnownLines) -> str | None:
    if len(line) > 260:
        return None
    if fold_text(line) == fold_text(known.headline or ""):
        return "the headline again"
    return "the line with the date" if _shows_date(line, known) else None


def _shows_date(line: str, known: KnownLines) -> bool:
    return fold_text(line) in {fold_text(shown) for shown in known.date_lines}


def _menu_reason(line: str, _: KnownLines) -> str | None:
    is_menu = len(line) <= 170 and MENU_LINE.match(line) and not line.endswith(LINE_SENTENCE_ENDS)
    return "a menu" if is_menu else None


def _credit_reason(line: str, known: KnownLines) -> str | None:
    if len(line) > 170:
        return None
    if _is_byline_line(line, known):
        return "a byline"
    if _is_date_only(line, known):
        return "a date"
    return "an agency's credit" if agency_of_credit(line) else None


RULES_AT_THE_ENDS: tuple[LineRule, ...] = (
    _rights_reason,
    _repeat_reason,
    _menu_reason,
    _credit_reason,
    _ticker_reason,
)
"""Rules for the first and the last few lines."""


def _is_byline_line(line: str, known: KnownLines) -> bool:
    """Return whether a line is the page's byline or consists of the authors' names."""
    bare = MAIL_ADDRESS.sub("", line).strip(" ,;|-–")
    text = fold_text(bare)
    if not bare or text in BARE_BYLINE_OPENINGS:
        return True
    if text and text in _known_credits(known):
        return True
    return is_byline(bare) or names_little_else(line, known.authors)


def _known_credits(known: KnownLines) -> set[str]:
    """Return the page's byline and its authors, folded, as a line may print them."""
    credits: set[str] = set()
    if known.byline:
        credits |= {fold_text(known.byline), _folded_without_by(known.byline)}
    if known.authors:
        credits |= {fold_text(name) for name in (*known.authors, ", ".join(known.authors))}
    return credits


def _folded_without_by(byline: str) -> str:
    """Return a byline, folded, without a word such as `By` at its beginning."""
    words = byline.split(maxsplit=1)
    has_opening = len(words) == 2 and opens_like_byline(byline)
    return fold_text(words[1] if has_opening else byline)


def _is_date_only(line: str, known: KnownLines) -> bool:
    """Return whether a line is a date and nothing else."""
    looks_like_date = len(line) < 90 and is_date_line(line) and not line.endswith(("-", "—", "–"))
    return looks_like_date and parse_date(line, known.language) is not None
