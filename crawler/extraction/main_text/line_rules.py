"""The lines of an extracted text → the article's own: what the page prints around it, or twice, is
left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from crawler.dates.date_parser import is_date_line, moment
from crawler.extraction.blocks import Block, folded
from crawler.extraction.fields.agencies import agency_of_credit
from crawler.extraction.fields.byline import MAIL, is_byline, opens_like_byline
from crawler.extraction.fields.credits import is_little_but
from pipelines.dedup.volatile_lines import is_advertising, is_counter, is_quotation, is_weather

READ_MORE = re.compile(
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
COMMENTS = re.compile(
    r"^\W*(?:\d+\s*)?(?:comments?|kommentare?|commentaires?|comentarios?|comentários?|commenti|reacties?|"
    r"komentarz\w*|kommentarer|"
    r"комментари\w*|коментар\w*|σχόλια|yorum(?:lar)?|コメント|评论|댓글|views?|shares?|likes?|print|email|e-mail|"
    r"share|share this"
    r"|share on .{2,12}|tweet|facebook|twitter|advertisement|werbung|anzeige|publicité|publicidad|reklama|реклама|"
    r"διαφήμιση)\W*\d*\W*$",
    re.I,
)
RIGHTS = re.compile(
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
MENU = re.compile(r"^(?:[^·|•\d]{2,30}\s[·|•]\s){2,}[^·|•\d]{2,30}$")
"""`About us · Contact · Privacy`"""
CELLS = re.compile(r"\s*\|\s*")
DENSE = re.compile("[぀-ヿ㐀-鿿가-힣]{2}")
"""Scripts that say much in few letters."""
SENTENCE_ENDS = (".", "!", "?", "”", "。", "…", '"')
BARE_OPENINGS = {
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
"""What is left of a byline that names nobody."""
ENDS = 3
"""How many lines at the start and at the end may be bylines, dates and credits."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the page is known to print beside the text."""

    headline: str | None
    byline: str | None
    authors: tuple[str, ...]
    date_lines: tuple[str, ...]
    language: str | None
    links: frozenset[str]
    """Blocks of the page, folded, that are links from end to end."""
    apart: frozenset[str] = frozenset()
    """Lines, folded, that the page sets apart from the article."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The article's own lines, those at its ends that were bylines or credits, and all that was
    left out."""

    lines: list[str]
    credits: list[str]
    dropped: list[tuple[str, str]] = field(default_factory=list)
    """Each line with why."""


Rule = Callable[[str, Known], str | None]
"""Why a line is not the article's, or None."""


def linked_lines(blocks: list[Block]) -> frozenset[str]:
    """The blocks that are links from end to end and as long as headlines, folded; not those that
    stand on the page as plain text too, as the headings that a table of contents names."""
    plain = {folded(block.text) for block in blocks if block.linked * 2 < len(block.text)}
    linked = (block.text for block in blocks if block.linked * 10 >= len(block.text) * 9)
    return frozenset(folded(text) for text in linked if _like_headline(text)) - plain


def _like_headline(text: str) -> bool:
    if text.isascii() or not DENSE.search(text):
        return (len(text) >= 25 and text.count(" ") >= 3) or (
            len(text) >= 10 and " " not in text and not text.isascii()
        )
    return len(text) >= 12


def cleaned(text: str, known: Known) -> Cleaned:
    """The article's own lines of an extracted text."""
    dropped: list[tuple[str, str]] = []
    lines: list[str] = []
    for line in filter(None, map(_plain_line, text.split("\n"))):
        if reason := why_not(line, known, ANYWHERE):
            dropped.append((line, reason))
        else:
            lines.append(line)
    below = _below_headline(lines, known)
    dropped += [(line, "around a whole page's text") for line in _missing(lines, below)]
    ended = _without_head(below, known, dropped)
    credited = len(dropped)
    lines = _without_head(ended[::-1], known, dropped)[::-1]
    credits = [line for line, _ in dropped[credited - (len(below) - len(ended)) :]]
    return Cleaned(lines, credits, dropped)


def why_not(line: str, known: Known, rules: Iterable[Rule]) -> str | None:
    """The first reason that one of the rules gives against a line."""
    return next((reason for rule in rules if (reason := rule(line, known))), None)


def _missing(lines: list[str], kept: list[str]) -> list[str]:
    return list((Counter(lines) - Counter(kept)).elements())


def _plain_line(raw: str) -> str:
    """A line without the marks that trafilatura draws tables with."""
    line = " ".join(raw.split())
    if line.startswith("|") or line.endswith(" |"):
        line = CELLS.sub(" ", line).strip()
    return "" if re.fullmatch(r"[-|\s]*", line) else line


def _button(line: str, _: Known) -> str | None:
    return (
        "the words of a button, a counter or an advertisement"
        if len(line) < 60 and COMMENTS.match(line)
        else None
    )


def _volatile(line: str, known: Known) -> str | None:
    if is_counter(line):
        return (
            "the line with the date" if _shows_date(line, known) else "a counter, or how long ago"
        )
    return "marked as advertising" if is_advertising(line) else None


def _ticker(line: str, _: Known) -> str | None:
    return (
        "the weather or a price of this moment" if is_weather(line) or is_quotation(line) else None
    )


def _link(line: str, known: Known) -> str | None:
    sentence = line.endswith((".", "!", "?", "”", "。")) or len(line) >= 200
    return "a link from end to end" if not sentence and folded(line) in known.links else None


def _apart(line: str, known: Known) -> str | None:
    return "set apart from the text: an offer or a label" if folded(line) in known.apart else None


def _read_more(line: str, known: Known) -> str | None:
    mark = READ_MORE.match(line) if len(line) <= 220 else None
    if not mark:
        return None
    rest = folded(line[mark.end() :])
    pointed = mark[0].rstrip().endswith((":", "：", "»", "›", ">", "|"))
    linked = rest in known.links or folded(line) in known.links
    return "points to another page" if not rest or pointed or linked else None


def _card(line: str, _: Known) -> str | None:
    """What a card's picture says of itself is its title: both come as one line."""
    title = line[: len(line) // 2]
    twice = len(line) < 300 and line == f"{title} {title}" and _like_headline(title)
    return "a title beside its picture's: points to another page" if twice else None


ANYWHERE: tuple[Rule, ...] = (_button, _volatile, _link, _apart, _read_more, _card)
"""Rules for a line wherever it stands."""


def _below_headline(lines: list[str], known: Known) -> list[str]:
    """What stands below the headline, where the text is a whole page: short lines above it, and
    none but labels after its last sentence."""
    wanted = folded(known.headline or "")
    at = next((at for at, line in enumerate(lines) if wanted and folded(line) == wanted), 0)
    if not at or any(len(line) > 100 or line.endswith(SENTENCE_ENDS) for line in lines[:at]):
        return lines
    below = lines[at + 1 :]
    while below and not below[-1].endswith(SENTENCE_ENDS) and not is_byline(below[-1]):
        below.pop()
    while below and RIGHTS.match(below[-1]):
        below.pop()
    below = _below_byline(below)
    return below if _letters(below) * 2 > _letters(lines) else lines


def _letters(lines: list[str]) -> int:
    return sum(map(len, lines))


def _below_byline(lines: list[str]) -> list[str]:
    """A whole page's lines up to a byline that only labels and rights follow."""
    for at, line in enumerate(lines):
        rest = lines[at + 1 :]
        if at and is_byline(line) and all(len(after) < 60 or RIGHTS.match(after) for after in rest):
            return lines[: at + 1]
    return lines


def _without_head(lines: list[str], known: Known, dropped: list[tuple[str, str]]) -> list[str]:
    """The lines without bylines, dates, the headline and bare credits among the first few; those go
    to `dropped`."""
    kept = list(lines)
    for _ in range(ENDS):
        reasons = [why_not(line, known, AT_THE_ENDS) for line in kept[:ENDS]]
        place = next((at for at, reason in enumerate(reasons) if reason), None)
        if place is None or any(len(line) > 200 for line in kept[:place]):
            break
        dropped.append((kept.pop(place), reasons[place] or ""))
    return kept


def claims_rights(line: str) -> bool:
    """Whether a line says somewhere whose rights it is about. Only lines with a mark of it are
    searched: most have none, and `ght` is in both English claims."""
    marked = "ght" in line.lower() or any(mark in line for mark in RIGHTS_MARKS)
    return marked and bool(RIGHTS_WITHIN.search(line))


def _rights(line: str, _: Known) -> str | None:
    claims = len(line) < 300 and claims_rights(line)
    return "a claim of rights" if claims or (len(line) <= 170 and RIGHTS.match(line)) else None


def _repeats(line: str, known: Known) -> str | None:
    same = folded(line)
    if len(line) > 260:
        return None
    if same == folded(known.headline or ""):
        return "the headline again"
    return "the line with the date" if _shows_date(line, known) else None


def _shows_date(line: str, known: Known) -> bool:
    return folded(line) in {folded(shown) for shown in known.date_lines}


def _menu(line: str, _: Known) -> str | None:
    return (
        "a menu"
        if len(line) <= 170 and MENU.match(line) and not line.endswith(SENTENCE_ENDS)
        else None
    )


def _credit(line: str, known: Known) -> str | None:
    if len(line) > 170:
        return None
    if _is_byline(line, known):
        return "a byline"
    if _is_date(line, known):
        return "a date"
    return "an agency's credit" if agency_of_credit(line) else None


AT_THE_ENDS: tuple[Rule, ...] = (_rights, _repeats, _menu, _credit, _ticker)
"""Rules for the first and the last few lines."""


def _is_byline(line: str, known: Known) -> bool:
    bare = MAIL.sub("", line).strip(" ,;|-–")
    same = folded(bare)
    if not bare or same in BARE_OPENINGS:
        return True
    if known.byline and same and same in (folded(known.byline), _without_opening(known.byline)):
        return True
    if (
        known.authors
        and same
        and same in {folded(name) for name in (*known.authors, ", ".join(known.authors))}
    ):
        return True
    return is_byline(bare) or is_little_but(line, known.authors)


def _without_opening(byline: str) -> str:
    words = byline.split(maxsplit=1)
    return folded(words[1]) if len(words) == 2 and opens_like_byline(byline) else folded(byline)


def _is_date(line: str, known: Known) -> bool:
    told = len(line) < 90 and is_date_line(line) and not line.endswith(("-", "—", "–"))
    return told and moment(line, known.language) is not None
