"""Lines of a page that change by themselves: counters, relative times, weather, prices, ads.

“Updated 5 minutes ago”, “1,204 views · 12 comments”, “BRKW 12.40 +1.2 %”: they occur among an
article's paragraphs and are not part of its content. A line counts only if it contains nothing
else. Sentences about such figures (“The video was viewed 1.2 million times”) are prose, and so are
lines that only begin like a counter. The words are in `volatile_words.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from itertools import chain
from unicodedata import category, normalize

from archive.text.unspaced import HAN_RANGE, HANGUL_RANGE, KANA_RANGE, THAI_RANGE

MAX_COUNTER_CHARS = 160
"""Maximum characters of a counter; longer lines say more than a figure."""
MAX_ADVERTISING_CHARS = 240
MAX_NAME_WORDS = 6
"""Maximum words of a place or reporter beside a relative time."""


def is_volatile_line(line: str) -> bool:
    """Return whether a line in any language holds only figures that change by themselves."""
    text = line.strip()
    return (
        is_counter_line(text)
        or is_advertising_line(text)
        or is_price_line(text)
        or is_weather_line(text)
    )


def is_counter_line(line: str) -> bool:
    """Return whether a line holds only counters, relative times, reading times or a modification
    time."""
    text = line.strip()
    return 0 < len(text) <= MAX_COUNTER_CHARS and _is_counter_text(text)


def is_advertising_line(line: str) -> bool:
    """Return whether a line begins with a label of advertising and a colon, followed by the ad."""
    return len(line) <= MAX_ADVERTISING_CHARS and _ADVERTISING_LABEL.match(line) is not None


def is_price_line(line: str) -> bool:
    """Return whether a line is a price or index with its change: `BRKW 12.40 +1.2 %`."""
    return len(line) <= 60 and _PRICE_AND_CHANGE.fullmatch(line.strip()) is not None


def is_weather_line(line: str) -> bool:
    """Return whether a line gives the current weather: `Weather in Port Ansel now: 7 degrees,
    rain`."""
    text = line.strip()
    if len(text) > 120 or not re.search(r"\d", text):
        return False
    return _PLACE_AND_DEGREES.fullmatch(text) is not None or _is_weather_report(text)


# -- word lists ------------------------------------------------------------------------------------


def _fold_line(text: str) -> str:
    """Return the text in one case and form, without the vowel signs that some scripts set."""
    if text.isascii():
        return text.lower()
    letters = normalize("NFKC", text.casefold())
    return "".join(letter for letter in letters if category(letter) != "Mn")


_VOLATILE_WORD_LISTS = tomllib.loads(
    files("pipelines.dedup").joinpath("volatile_words.toml").read_text("utf-8")
)


def _listed_words(name: str) -> frozenset[str]:
    """Return the folded words of one list."""
    return frozenset(_fold_line(_VOLATILE_WORD_LISTS[name]).split())


_COUNTED_WORDS = _listed_words("counted")
"""Words for what is counted on a page: views, readers, shares, comments; and for reading times."""
_TIME_UNIT_WORDS = _listed_words("units")
_YEAR_WORDS = _listed_words("years")
"""Not sufficient if a line contains nothing else: newspapers head columns with “50 years ago”."""
_AGO_WORDS = _listed_words("ago")
_JUST_NOW_WORDS = _listed_words("just")
_TODAY_WORDS = _listed_words("today")
_CHANGED_WORDS = _listed_words("changed")
"""Words that mark the time of a change or of publication."""
_GLUE_WORDS = _listed_words("glue")
_THIS_PAGE_WORDS = _listed_words("this")
_ONE_WORDS = _listed_words("ones")
_CALENDAR_WORDS = _listed_words("calendar")
_VOLATILE_WORDS = (
    _THIS_PAGE_WORDS
    | _COUNTED_WORDS
    | _TIME_UNIT_WORDS
    | _YEAR_WORDS
    | _AGO_WORDS
    | _JUST_NOW_WORDS
    | _TODAY_WORDS
    | _CHANGED_WORDS
    | _GLUE_WORDS
    | _ONE_WORDS
    | _CALENDAR_WORDS
)
_DENSE_COUNTED = _listed_words("dense_counted")
_DENSE_AGO = _listed_words("dense_ago")
_DENSE_UNITS = _listed_words("dense_units")
_DENSE_CHANGED = _listed_words("dense_changed")
_DENSE_GLUE = _listed_words("dense_glue")
_DENSE_LETTER = f"{KANA_RANGE}{HAN_RANGE}{HANGUL_RANGE}{THAI_RANGE}"


def _alternatives(*lists: Iterable[str]) -> str:
    """Return the alternatives of a regular expression, the longest first."""
    words = set(chain.from_iterable(lists))
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_DENSE_LINE = re.compile(
    f"(?:{_alternatives(_DENSE_COUNTED, _DENSE_AGO, _DENSE_UNITS, _DENSE_CHANGED, _DENSE_GLUE)})+",
    re.DOTALL,
)
_DENSE_COUNTS = re.compile(
    rf"(?:{_alternatives(_DENSE_COUNTED)})\D{{0,6}}\d|\d\D{{0,8}}(?:{_alternatives(_DENSE_COUNTED)})",
    re.DOTALL,
)
_DENSE_NOW = _alternatives(("刚刚", "剛剛", "たった今", "방금"))
_DENSE_RELATIVE = re.compile(
    rf"\d\s?(?:{_alternatives(_DENSE_UNITS)})\s?(?:{_alternatives(_DENSE_AGO)})|{_DENSE_NOW}"
)
_DENSE_DATED = re.compile(rf"(?:{_alternatives(_DENSE_CHANGED)}).*\d", re.DOTALL)
_DENSE_RUN = re.compile(f"[{_DENSE_LETTER}]+")

_SPACED_WORD = re.compile(
    rf"[^\W\d_{_DENSE_LETTER}][\u0900-\u0dff]*(?:(?:[^\W\d_]|[\u0900-\u0dff])*)"
)
_NAME_LINE_EXCLUDED_ENDS = (".", "!", "?", "。", "…", "”", "؟", "।")
_NUMERIC_DATE = re.compile(r"\d{1,4}[./-] ?\d{1,2}[./-] ?\d{1,4}")
_CLOCK_TIME = re.compile(r"\d{1,2}\s?[:.hH]\s?\d\d")


@lru_cache(2048)
def _is_counter_text(text: str) -> bool:
    """Return whether the words and numbers of a line make it a counter."""
    folded = _fold_line(text)
    if _DENSE_RUN.search(folded):
        return _is_dense_counter(folded)
    words = _SPACED_WORD.findall(folded)
    known = set(words) & _VOLATILE_WORDS
    if not words or len(words) > 24 or _is_sentence_of_prose(text, words, known):
        return False
    numbered = re.search(r"\d", folded) is not None
    is_figure = _has_figure_words(known, folded, numbered)
    foreign = [word for word in words if word not in _VOLATILE_WORDS]
    if foreign:
        return is_figure and _are_names(text, foreign, known)
    return is_figure or _has_change_time(known, folded, numbered)


def _is_sentence_of_prose(text: str, words: list[str], known: set[str]) -> bool:
    """Return whether a line is prose about another text: a sentence without a word like *this*."""
    if len(words) <= 4 or not text.endswith("."):
        return False
    return not known & (_THIS_PAGE_WORDS | _AGO_WORDS) and not set(words[:2]) & _CHANGED_WORDS


def _has_figure_words(known: set[str], folded: str, numbered: bool) -> bool:
    """Return whether the known words of a line belong to a counter or a relative time."""
    changed = bool(known & _CHANGED_WORDS)
    if _has_relative_time(known, folded, numbered, changed) or (
        numbered and known & _COUNTED_WORDS
    ):
        return True
    return bool(known & _TODAY_WORDS) and (changed or _CLOCK_TIME.search(folded) is not None)


def _has_change_time(known: set[str], folded: str, numbered: bool) -> bool:
    """Return whether the known words tell when the page changed: just now, at a date or time of
    day."""
    if not known & _CHANGED_WORDS:
        return False
    if known & _JUST_NOW_WORDS:
        return True
    shows_time = _NUMERIC_DATE.search(folded) or _CLOCK_TIME.search(folded)
    return numbered and (bool(known & _CALENDAR_WORDS) or shows_time is not None)


def _has_relative_time(known: set[str], folded: str, numbered: bool, changed: bool) -> bool:
    """Return whether the known words belong to a relative time."""
    ago = known & _AGO_WORDS or " y a " in f" {folded} "
    if not ago or not (numbered or known & _ONE_WORDS):
        return False
    return bool(known & _TIME_UNIT_WORDS) or (changed and bool(known & _YEAR_WORDS))


def _is_dense_counter(folded: str) -> bool:
    """Return whether a line in a script without spaces is a counter."""
    forms = (_DENSE_COUNTS, _DENSE_RELATIVE, _DENSE_DATED)
    if not any(form.search(folded) for form in forms):
        return False
    bare = re.sub(r"[\W\d_]+|[a-z]+", "", folded)
    latin = re.findall("[a-z]+", folded)
    return _DENSE_LINE.fullmatch(bare) is not None and _VOLATILE_WORDS.issuperset(latin)


def _are_names(text: str, foreign: list[str], known: set[str]) -> bool:
    """Return whether the other words of a line name a place or a reporter, as in date lines."""
    if len(foreign) > MAX_NAME_WORDS or len(text) > 110 or text.endswith(_NAME_LINE_EXCLUDED_ENDS):
        return False
    shown = [word for word in re.findall(r"[^\W\d_]+", text) if _fold_line(word) in set(foreign)]
    if not all(word[0].isupper() or not word[0].islower() for word in shown):
        return False
    parts = [
        _SPACED_WORD.findall(_fold_line(part)) for part in re.split(r"[·•|—–,;/()]|\s-\s", text)
    ]
    apart = all(
        not set(part) & set(foreign) or not set(part) & (_AGO_WORDS | _COUNTED_WORDS)
        for part in parts
    )
    return apart or bool(known & _CHANGED_WORDS)


_ADVERTISING_LABEL = re.compile(
    r"""^\W*(?:advertisement|advertorial|advertising|ad|sponsored(?:\ (?:content|post))?|promoted|paid\ post|anzeige
    |werbung|gesponsert|publicité|sponsorisé|annonce|publicidad|anuncio|patrocinado|pubblicità|sponsorizzato
    |publicidade|advertentie|gesponsord|annons|reklam|reklame|mainos|reklama|materiał\ sponsorowany|inzerce|hirdetés
    |publicitate
    |διαφήμιση|реклама|на\ правах\ рекламы|oglas|إعلان|تبلیغات|פרסומת|विज्ञापन|iklan|quảng\ cáo|โฆษณา|広告|ＰＲ
    |广告|廣告|광고)
    \s?[:：|–—»]\s*\S""",
    re.IGNORECASE | re.VERBOSE,
)
_PRICE_FORM = r"(?:[$€£¥₽₹]\s?)?\d[\d.,'’\u00a0\u202f ]*(?:\s?(?:[$€£¥₽₹]|[A-Z]{3}|pts?|points|Punkte|zł|kr))?"
_SIGNED_CHANGE = r"[+\-−–±▲▼△▽↑↓]\s?\d[\d.,]*"
_PERCENTAGE = r"[(\[]?\s?(?:[+\-−–±▲▼△▽↑↓]\s?)?\d[\d.,]*\s?[%٪]\s?[)\]]?"
_PRICE_AND_CHANGE = re.compile(
    rf"[^\W\d_][\w&.,/^ \-]{{0,40}}?[:\s]\s?{_PRICE_FORM}\s?[|·,]?\s?"
    rf"[(\[]?(?:{_SIGNED_CHANGE}\s?[(/,|]?\s?{_PERCENTAGE}|{_SIGNED_CHANGE}\s?[%٪])\s?[)\]]?"
)
"""Name, price and change, of which one number is a percentage."""

_WEATHER_LABEL = re.compile(
    r"""\b(?:weather|wetter|météo|meteo|el\ tiempo|clima|tiempo|previsão|tempo|het\ weer|weer|väder|vädret|vejr|vejret
    |vær|været|sää|pogoda|počasí|počasie|időjárás|vremea|καιρός|погода|времето|vrijeme|hava\ durumu|hava|الطقس|هوا
    |מזג\ האוויר|मौसम|cuaca|thời\ tiết)\b|天气|天氣|天気|날씨|สภาพอากาศ""",
    re.IGNORECASE | re.VERBOSE,
)
_NOW_WORDS = re.compile(
    r"""\b(?:now|current(?:ly)?|right\ now|today|jetzt|aktuell|derzeit|momentan|heute|maintenant|actuellement
    |en\ ce\ moment|aujourd['’]hui|ahora|actual|hoy|adesso|ora|oggi|agora|hoje|nu|momenteel|vandaag|just\ nu|idag|nå
    |lige\ nu
    |nyt
    |tänään|teraz|dziś|nyní|teď|dnes|most|ma|acum|azi|τώρα|σήμερα|сейчас|сегодня|зараз|сьогодні|сега|sada|danas|şu\ an
    |şimdi|bugün|الآن|اليوم|اکنون|امروز|עכשיו|היום|अभी|आज|saat\ ini|sekarang|hari\ ini|hiện\ tại|bây\ giờ)\b
    |现在|今日|今天|現在|지금|현재|오늘|ตอนนี้|วันนี้""",
    re.IGNORECASE | re.VERBOSE,
)
_DEGREE_FORM = re.compile(
    r"""[-−+]?\d{1,3}\s?(?:°|º|℃|℉|度|도\b|degrees|grad\b|degrés|grados|gradi|graus|graden|grader|astetta|stopni|stupňů|fok
    |grade\b|βαθμοί|βαθμούς|градус|градуси|derece|درجة|درجه|מעלות|डिग्री|derajat|độ)""",
    re.IGNORECASE | re.VERBOSE,
)
_PLACE_AND_DEGREES = re.compile(
    r"(?:[A-ZÀ-ÞЀ-Я][\w.'’-]*,?\s){1,3}[-−+]?[0-6]?\d\s?(?:°\s?[CF]?|º\s?[CF]?|℃|℉)"
    r"(?:[ ,·|/–-]+[^\W\d_]+){0,3}(?:[ ,·|/–-]+[-−+]?\d{1,3}\s?°\s?[CF]?)*"
)
"""`Port Ansel 7 °C, light rain`"""


def _is_weather_report(text: str) -> bool:
    """Return whether a line has a weather label, a colon and then degrees.

    The label says that it is current, or all parts after the colon have only a few words.
    """
    label, colon, said = text.replace("：", ":").partition(":")
    if not colon or len(label.split()) > 7:
        return False
    if not _WEATHER_LABEL.search(label) or not _DEGREE_FORM.search(said):
        return False
    parts = [part for part in re.split(r"[,;·|]", said) if part.strip()]
    return bool(_NOW_WORDS.search(label)) or all(len(part.split()) <= 5 for part in parts)
