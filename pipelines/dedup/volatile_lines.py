"""Lines of a page that change by themselves: counters, relative times, reading times, weather,
quotations, advertising.

“Updated 5 minutes ago”, “1,204 views · 12 comments”, “BRKW 12.40 +1.2 %”: they stand among an
article's paragraphs, and are no part of what it says. A line counts as one only if nothing else is
in it. Sentences that tell of such figures (“The video was viewed 1.2 million times”) are prose, and
so are lines that only begin like one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from unicodedata import category, normalize

MOST = 160
"""Characters. What is longer says more than a figure."""
MOST_OF_ADVERTISING = 240
MOST_NAMES = 6
"""Words of a place or of a reporter that may stand beside a relative time."""


def is_volatile_line(line: str) -> bool:
    """Whether a line holds nothing but figures that change by themselves. Pure, for lines of any
    language."""
    text = line.strip()
    return is_counter(text) or is_advertising(text) or is_quotation(text) or is_weather(text)


def is_counter(line: str) -> bool:
    """Whether a line holds only counters, relative times, reading times, or when the page was last
    changed."""
    text = line.strip()
    return 0 < len(text) <= MOST and _is_counter(text)


def is_advertising(line: str) -> bool:
    """Whether a line is marked as advertising by a label and a colon, and the advertisement
    follows."""
    return len(line) <= MOST_OF_ADVERTISING and _ADVERTISING.match(line) is not None


def is_quotation(line: str) -> bool:
    """Whether a line is the price of a share, a currency or an index with its change: `BRKW 12.40
    +1.2 %`."""
    return len(line) <= 60 and _QUOTATION.fullmatch(line.strip()) is not None


def is_weather(line: str) -> bool:
    """Whether a line gives the weather of this moment: `Weather in Port Ansel now: 7 degrees, light
    rain`."""
    text = line.strip()
    if len(text) > 120 or not re.search(r"\d", text):
        return False
    return _WEATHER_HERE.fullmatch(text) is not None or _is_weather_report(text)


# -- words, in the languages of the larger part of the world's news --------------------------------


def _fold(text: str) -> str:
    """A text in one case and one form, without the vowel signs that some scripts set between
    letters."""
    if text.isascii():
        return text.lower()
    return "".join(
        letter for letter in normalize("NFKC", text.casefold()) if category(letter) != "Mn"
    )


_LISTS = tomllib.loads(files("pipelines.dedup").joinpath("volatile_words.toml").read_text("utf-8"))


def _words(name: str) -> frozenset[str]:
    return frozenset(_fold(_LISTS[name]).split())


_COUNTED = _words("counted")
"""What is counted of a page: looks, readers, shares, comments; and the time that it takes to
read."""
_UNITS = _words("units")
_YEARS = _words("years")
"""Not of a line that holds nothing else: newspapers head a column with “50 years ago”."""
_AGO = _words("ago")
_JUST = _words("just")
_TODAY = _words("today")
_CHANGED = _words("changed")
"""What says that a page was changed or published."""
_GLUE = _words("glue")
_THIS = _words("this")
_ONES = _words("ones")
_CALENDAR = _words("calendar")
_KNOWN = (
    _THIS
    | _COUNTED
    | _UNITS
    | _YEARS
    | _AGO
    | _JUST
    | _TODAY
    | _CHANGED
    | _GLUE
    | _ONES
    | _CALENDAR
)
_DENSE_COUNTED = _words("dense_counted")
_DENSE_AGO = _words("dense_ago")
_DENSE_UNITS = _words("dense_units")
_DENSE_CHANGED = _words("dense_changed")
_DENSE_GLUE = _words("dense_glue")
_DENSE_LETTER = "぀-ヿ㐀-鿿가-힣\u0e00-\u0e7f"


def _any_of(*lists: Iterable[str]) -> str:
    words = {word for words in lists for word in words}
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_DENSE_LINE = re.compile(
    f"(?:{_any_of(_DENSE_COUNTED, _DENSE_AGO, _DENSE_UNITS, _DENSE_CHANGED, _DENSE_GLUE)})+",
    re.DOTALL,
)
_DENSE_COUNTS = re.compile(
    rf"(?:{_any_of(_DENSE_COUNTED)})\D{{0,6}}\d|\d\D{{0,8}}(?:{_any_of(_DENSE_COUNTED)})", re.DOTALL
)
_DENSE_RELATIVE = re.compile(
    rf"\d\s?(?:{_any_of(_DENSE_UNITS)})\s?(?:{_any_of(_DENSE_AGO)})|{_any_of(('刚刚', '剛剛', 'たった今', '방금'))}"
)
_DENSE_DATED = re.compile(rf"(?:{_any_of(_DENSE_CHANGED)}).*\d", re.DOTALL)
_DENSE = re.compile(f"[{_DENSE_LETTER}]+")

_LETTERS = re.compile(
    "[^\\W\\d_\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3][\u0900-\u0dff]*(?:(?:[^\\W\\d_]|[\u0900-\u0dff])*)"
)
_SENTENCE_END = (".", "!", "?", "。", "…", "”", "؟", "।")
_DATE = re.compile(r"\d{1,4}[./-] ?\d{1,2}[./-] ?\d{1,4}")
_CLOCK = re.compile(r"\d{1,2}\s?[:.hH]\s?\d\d")


@lru_cache(2048)
def _is_counter(text: str) -> bool:
    folded = _fold(text)
    if _DENSE.search(folded):
        return _is_dense_counter(folded)
    numbered = re.search(r"\d", folded) is not None
    words = _LETTERS.findall(folded)
    if not words or len(words) > 24:
        return False
    known = set(words) & _KNOWN
    if (
        len(words) > 4
        and text.endswith(".")
        and not known & (_THIS | _AGO)
        and not set(words[:2]) & _CHANGED
    ):
        return False  # of another text than its own, as prose tells
    foreign = [word for word in words if word not in _KNOWN]
    if not foreign:
        return _is_figure(known, folded, numbered) or _is_change(known, folded, numbered)
    return _is_figure(known, folded, numbered) and _are_names(text, foreign, known)


def _is_figure(known: set[str], folded: str, numbered: bool) -> bool:
    """Whether the known words of a line are of a counter or a relative time."""
    changed = bool(known & _CHANGED)
    if _is_relative(known, folded, numbered, changed) or (numbered and known & _COUNTED):
        return True
    return bool(known & _TODAY) and (changed or _CLOCK.search(folded) is not None)


def _is_change(known: set[str], folded: str, numbered: bool) -> bool:
    """Whether they say when the page was changed: just now, or at a date or a time of day."""
    if not known & _CHANGED:
        return False
    dated = (
        bool(known & _CALENDAR)
        or _DATE.search(folded) is not None
        or _CLOCK.search(folded) is not None
    )
    return bool(known & _JUST) or (numbered and dated)


def _is_relative(known: set[str], folded: str, numbered: bool, changed: bool) -> bool:
    ago = known & _AGO or " y a " in f" {folded} "
    if not ago or not (numbered or known & _ONES):
        return False
    return bool(known & _UNITS) or (changed and bool(known & _YEARS))


def _is_dense_counter(folded: str) -> bool:
    bare = re.sub(r"[\W\d_]+|[a-z]+", "", folded)
    evident = (
        _DENSE_COUNTS.search(folded)
        or _DENSE_RELATIVE.search(folded)
        or _DENSE_DATED.search(folded)
    )
    latin = re.findall("[a-z]+", folded)
    return (
        bool(evident)
        and _DENSE_LINE.fullmatch(bare) is not None
        and all(word in _KNOWN for word in latin)
    )


def _are_names(text: str, foreign: list[str], known: set[str]) -> bool:
    """Whether the words of a line beside its figures name a place or a reporter, as date-lines
    do."""
    if len(foreign) > MOST_NAMES or len(text) > 110 or text.endswith(_SENTENCE_END):
        return False
    shown = [word for word in re.findall(r"[^\W\d_]+", text) if _fold(word) in set(foreign)]
    if not all(word[0].isupper() or not word[0].islower() for word in shown):
        return False
    parts = [_LETTERS.findall(_fold(part)) for part in re.split(r"[·•|—–,;/()]|\s-\s", text)]
    apart = all(not set(part) & set(foreign) or not set(part) & (_AGO | _COUNTED) for part in parts)
    return apart or bool(known & _CHANGED)


_ADVERTISING = re.compile(
    r"""^\W*(?:advertisement|advertorial|advertising|ad|sponsored(?:\ (?:content|post))?|promoted|paid\ post|anzeige
    |werbung|gesponsert|publicité|sponsorisé|annonce|publicidad|anuncio|patrocinado|pubblicità|sponsorizzato
    |publicidade|advertentie|gesponsord|annons|reklam|reklame|mainos|reklama|materiał\ sponsorowany|inzerce|hirdetés
    |publicitate
    |διαφήμιση|реклама|на\ правах\ рекламы|oglas|إعلان|تبلیغات|פרסומת|विज्ञापन|iklan|quảng\ cáo|โฆษณา|広告|ＰＲ
    |广告|廣告|광고)
    \s?[:：|–—»]\s*\S""",
    re.IGNORECASE | re.VERBOSE,
)
_PRICE = r"(?:[$€£¥₽₹]\s?)?\d[\d.,'’\u00a0\u202f ]*(?:\s?(?:[$€£¥₽₹]|[A-Z]{3}|pts?|points|Punkte|zł|kr))?"
_SIGNED = r"[+\-−–±▲▼△▽↑↓]\s?\d[\d.,]*"
_SHARE = r"[(\[]?\s?(?:[+\-−–±▲▼△▽↑↓]\s?)?\d[\d.,]*\s?[%٪]\s?[)\]]?"
_QUOTATION = re.compile(
    rf"[^\W\d_][\w&.,/^ \-]{{0,40}}?[:\s]\s?{_PRICE}\s?[|·,]?\s?"
    rf"[(\[]?(?:{_SIGNED}\s?[(/,|]?\s?{_SHARE}|{_SIGNED}\s?[%٪])\s?[)\]]?"
)
"""Its name, its price, its change, of which one number is a percentage."""

_WEATHER = re.compile(
    r"""\b(?:weather|wetter|météo|meteo|el\ tiempo|clima|tiempo|previsão|tempo|het\ weer|weer|väder|vädret|vejr|vejret
    |vær|været|sää|pogoda|počasí|počasie|időjárás|vremea|καιρός|погода|времето|vrijeme|hava\ durumu|hava|الطقس|هوا
    |מזג\ האוויר|मौसम|cuaca|thời\ tiết)\b|天气|天氣|天気|날씨|สภาพอากาศ""",
    re.IGNORECASE | re.VERBOSE,
)
_NOW = re.compile(
    r"""\b(?:now|current(?:ly)?|right\ now|today|jetzt|aktuell|derzeit|momentan|heute|maintenant|actuellement
    |en\ ce\ moment|aujourd['’]hui|ahora|actual|hoy|adesso|ora|oggi|agora|hoje|nu|momenteel|vandaag|just\ nu|idag|nå
    |lige\ nu
    |nyt
    |tänään|teraz|dziś|nyní|teď|dnes|most|ma|acum|azi|τώρα|σήμερα|сейчас|сегодня|зараз|сьогодні|сега|sada|danas|şu\ an
    |şimdi|bugün|الآن|اليوم|اکنون|امروز|עכשיו|היום|अभी|आज|saat\ ini|sekarang|hari\ ini|hiện\ tại|bây\ giờ)\b
    |现在|今日|今天|現在|지금|현재|오늘|ตอนนี้|วันนี้""",
    re.IGNORECASE | re.VERBOSE,
)
_DEGREES = re.compile(
    r"""[-−+]?\d{1,3}\s?(?:°|º|℃|℉|度|도\b|degrees|grad\b|degrés|grados|gradi|graus|graden|grader|astetta|stopni|stupňů|fok
    |grade\b|βαθμοί|βαθμούς|градус|градуси|derece|درجة|درجه|מעלות|डिग्री|derajat|độ)""",
    re.IGNORECASE | re.VERBOSE,
)
_WEATHER_HERE = re.compile(
    r"(?:[A-ZÀ-ÞЀ-Я][\w.'’-]*,?\s){1,3}[-−+]?[0-6]?\d\s?(?:°\s?[CF]?|º\s?[CF]?|℃|℉)"
    r"(?:[ ,·|/–-]+[^\W\d_]+){0,3}(?:[ ,·|/–-]+[-−+]?\d{1,3}\s?°\s?[CF]?)*"
)
"""`Port Ansel 7 °C, light rain`"""


def _is_weather_report(text: str) -> bool:
    """Whether a line is labelled as the weather and gives degrees: of now, before a colon, in a few
    words each."""
    label, colon, said = re.sub("：", ":", text).partition(":")
    if (
        not colon
        or len(label.split()) > 7
        or not _WEATHER.search(label)
        or not _DEGREES.search(said)
    ):
        return False
    parts = [part for part in re.split(r"[,;·|]", said) if part.strip()]
    return bool(_NOW.search(label)) or all(len(part.split()) <= 5 for part in parts)
