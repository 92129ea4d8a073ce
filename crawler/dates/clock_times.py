"""Find the clock time in a line, with its half of the day in any language. Pure functions.

The words for the parts of the day and the hours that they cover come from CLDR (Unicode Common
Locale Data Repository, by Babel): `6:40 de la tarde` is 18:40, `오전 12:05` is 00:05.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain

from crawler.dates.month_names import LOCALES_OF_LANGUAGE, fold_date_text

HourRange = tuple[float, float]
"""The first hour and the hour after the last; those of a night continue after 24."""
AM_HOURS, PM_HOURS = (0.0, 12.0), (12.0, 24.0)
NOON_HOURS, MIDNIGHT_HOURS, DAWN_HOURS = (11.0, 14.0), (23.0, 25.0), (0.0, 6.0)
EVENING_HOURS = (17.0, 24.0)

DAY_PARTS_ANYWHERE: dict[str, HourRange] = {
    **dict.fromkeys(
        ("a.m.", "πμ", "오전", "上午", "午前", "早上", "清晨", "صباحا", "ق.ظ.", "de la manana"),
        AM_HOURS,
    ),
    **dict.fromkeys(
        ("p.m.", "μμ", "오후", "下午", "午后", "午後", "مساء", "ب.ظ.", "de la tarde", "da tarde"),
        PM_HOURS,
    ),
    **dict.fromkeys(("凌晨", "새벽", "未明", "de la madrugada", "da madrugada"), DAWN_HOURS),
    **{
        "中午": NOON_HOURS,
        "正午": NOON_HOURS,
        "정오": NOON_HOURS,
        "傍晚": EVENING_HOURS,
        "晚上": EVENING_HOURS,
        "de la noche": EVENING_HOURS,
        "da noite": EVENING_HOURS,
    },
    **{
        "ص": AM_HOURS,
        "م": PM_HOURS,
        "da manha": AM_HOURS,
        "in the morning": AM_HOURS,
        "in the afternoon": PM_HOURS,
        "in the evening": PM_HOURS,
    },
    **{
        "пополудни": PM_HOURS,
        "אחה״צ": PM_HOURS,
        'אחה"צ': PM_HOURS,
        "לפנה״צ": AM_HOURS,
        'לפנה"צ': AM_HOURS,
    },
}
"""Words that mean the same part of the day in all languages that have them."""
DAY_PARTS_BY_LANGUAGE: dict[str, dict[str, HourRange]] = {
    "bg": {"пр.об.": AM_HOURS, "сл.об.": PM_HOURS},
    "cs": {"dop.": AM_HOURS, "odp.": PM_HOURS, "dopoledne": AM_HOURS, "odpoledne": PM_HOURS},
    "de": {
        "morgens": AM_HOURS,
        "vormittags": AM_HOURS,
        "mittags": NOON_HOURS,
        "nachmittags": PM_HOURS,
        "abends": PM_HOURS,
    },
    "fi": {"ap.": AM_HOURS, "ip.": PM_HOURS},
    "fr": {"du matin": AM_HOURS, "de l'apres-midi": PM_HOURS, "du soir": EVENING_HOURS},
    "hi": {"पूर्वाह्न": AM_HOURS, "अपराह्न": PM_HOURS},
    "bn": {"পূর্বাহ্ণ": AM_HOURS, "অপরাহ্ণ": PM_HOURS},
    "hr": {"ujutro": AM_HOURS, "poslijepodne": PM_HOURS, "navecer": PM_HOURS},
    "hu": {"de.": AM_HOURS, "du.": PM_HOURS, "delelott": AM_HOURS, "delutan": PM_HOURS},
    "hy": {"կա": AM_HOURS, "կհ": PM_HOURS},
    "id": {"pagi": AM_HOURS, "siang": (10.0, 15.0), "sore": (14.0, 19.0), "malam": (18.0, 25.0)},
    "it": {
        "di mattina": AM_HOURS,
        "del mattino": AM_HOURS,
        "del pomeriggio": PM_HOURS,
        "di sera": EVENING_HOURS,
    },
    "nl": {
        "'s ochtends": AM_HOURS,
        "'s morgens": AM_HOURS,
        "'s middags": PM_HOURS,
        "'s avonds": EVENING_HOURS,
    },
    "pl": {"rano": AM_HOURS, "po poludniu": PM_HOURS, "wieczorem": EVENING_HOURS},
    "pt": {"da tarde": PM_HOURS, "da noite": EVENING_HOURS, "da manha": AM_HOURS},
    "ru": {"утра": AM_HOURS, "дня": PM_HOURS, "вечера": EVENING_HOURS, "ночи": (0.0, 5.0)},
    "sk": {"dop.": AM_HOURS, "odp.": PM_HOURS, "popoludni": PM_HOURS},
    "sq": {"pd": AM_HOURS, "md": PM_HOURS, "paradite": AM_HOURS, "pasdite": PM_HOURS},
    "sv": {"fm": AM_HOURS, "em": PM_HOURS},
    "ta": {"முற்பகல்": AM_HOURS, "பிற்பகல்": PM_HOURS},
    "th": {"ก่อนเที่ยง": AM_HOURS, "หลังเที่ยง": PM_HOURS},
    "uk": {
        "дп": AM_HOURS,
        "пп": PM_HOURS,
        "ранку": AM_HOURS,
        "дня": PM_HOURS,
        "вечора": EVENING_HOURS,
    },
    "vi": {
        "sa": AM_HOURS,
        "ch": PM_HOURS,
        "sang": AM_HOURS,
        "chieu": PM_HOURS,
        "toi": EVENING_HOURS,
        "trua": NOON_HOURS,
    },
    "zh": {
        "早晨": AM_HOURS,
        "晚间": EVENING_HOURS,
        "晚": EVENING_HOURS,
        "午间": NOON_HOURS,
        "深夜": MIDNIGHT_HOURS,
    },
}
"""Words for parts of the day that CLDR does not list, by language."""
MAX_HOURS_BESIDE_DAY_PART = 3.0
"""Hours between a clock time and the part of the day that it may still belong to."""
SUNRISE_CLOCK_LANGUAGES = frozenset({"sw"})
"""Languages whose speakers count the hours from sunrise; their parts of the day are not read."""


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A clock time, and the text after it."""

    hour: int
    minute: int
    second: int
    rest: str


_TIME_PATTERN = (
    r"(?P<hour>[01]?\d|2[0-4])\s?(?:[:h時시點点ч]|\.(?=[0-5]\d(?!\d)))\s?(?P<minute>[0-5]\d)"
    r"(?:\s?[:.分분m]\s?(?P<second>[0-5]\d|60|\d)(?!\d))?(?:[.,]\d+(?!\d))?(?:\s?(?:分|분|秒|초))*(?!\d)"
)
_WHOLE_HOUR_PATTERN = r"(?P<whole>0?\d|1[0-2])(?:\s?(?:[時點点](?!間|间)|시(?!간)))?"
_START_OF_TIME = r"(?<![\d.:/])"
_ZONE_SIGN = re.compile(r"[\s(]*(?P<name>gmt|utc|ut|z)?\s?(?P<sign>[+-])")
"""The name and the sign of an offset, between a clock time and its digits."""


def clock_time_in(text: str, language: str | None = None) -> ClockTime | None:
    """Return the one clock time in a folded text.

    None if the text has no clock time, several, or an impossible one.
    """
    pattern, words = _pattern_and_day_parts(language)
    found = list(pattern.finditer(text))
    if len(found) == 2 and _is_zone_of_first(found[1], found[0], text):
        found.pop()
    if len(found) != 1:  # of several times, none is known to be that of the date
        return None
    return _clock_time_of_match(found[0], words)


def _clock_time_of_match(found: re.Match[str], words: dict[str, HourRange]) -> ClockTime | None:
    """The clock time of a match, None if it is impossible in the part of the day beside it."""
    part = found.groupdict()
    hour = int(part["hour"] or part["before_whole"] or part["whole"])
    minute, second = int(part["minute"] or 0), min(59, int(part["second"] or 0))
    named = part["before"] or part["after"] or part["before_word"] or part["after_word"]
    at = _hour_in_day_part(hour, minute, words[_word_without_points(named)]) if named else hour
    if at is None or (at == 24 and (minute or second)):
        return None
    return ClockTime(at, minute, second, found.string[found.end() :])


def _is_zone_of_first(later: re.Match[str], first: re.Match[str], text: str) -> bool:
    """Return whether a second time is the time zone of the first, as in `18:40:00-05:00`."""
    between = text[first.end() : later.start()]
    sign = _ZONE_SIGN.fullmatch(between)
    if sign is None:
        return False
    exact = first["second"] or text[: first.start()].endswith("t")  # as programs write times
    return bool(sign["name"] or sign["sign"] == "+" or exact or between == " -")


def _hour_in_day_part(hour: int, minute: int, hours: HourRange) -> int | None:
    """The hour of 24 for an hour in a part of the day, None if they contradict each other."""
    if hour > 12:
        is_near = _hours_apart(hour + minute / 60, hours) <= MAX_HOURS_BESIDE_DAY_PART
        return hour if is_near and hours != AM_HOURS else None
    early, late = hour % 12, hour % 12 + 12
    from_early = _hours_apart(early + minute / 60, hours)
    from_late = _hours_apart(late + minute / 60, hours)
    if min(from_early, from_late) > MAX_HOURS_BESIDE_DAY_PART or from_early == from_late:
        return None
    if from_late < from_early:
        return late
    return None if hours[0] >= 12 else early


def _hours_apart(at: float, hours: HourRange) -> float:
    """The hours between a time and a part of the day, 0 within it."""
    start, end = hours

    def distance(time: float) -> float:
        if start <= time < end:
            return 0.0
        return min(abs(time - start), abs(time - end) + 0.01)  # the end is not in the part itself

    return min(distance(at), distance(at + 24))


def _word_without_points(word: str) -> str:
    """The word without blanks and points, as it is looked up."""
    return re.sub(r"[\s.]+", "", word)


@cache
def _pattern_and_day_parts(language: str | None) -> tuple[re.Pattern[str], dict[str, HourRange]]:
    """The pattern of clock times in a language, and the part of the day for each of its words."""
    further = DAY_PARTS_BY_LANGUAGE.get(language or "", {})
    listed = chain(_day_parts_in_cldr(language), DAY_PARTS_ANYWHERE.items(), further.items())
    words = {fold_date_text(word): hours for word, hours in listed}
    longest_first = sorted(words, key=len, reverse=True)
    either = "|".join(_pattern_of_word(word, language) for word in longest_first)
    before, ended = r"(?<![^\W\d_])", r"(?![^\W\d_])\.?"
    timed = rf"(?:{before}(?P<before>{either})\.?\s?|{_START_OF_TIME}){_TIME_PATTERN}(?:\s?(?P<after>{either}){ended})?"
    after = rf"{_START_OF_TIME}{_WHOLE_HOUR_PATTERN}\s?(?P<after_word>{either}){ended}"
    whole = _WHOLE_HOUR_PATTERN.replace("whole", "before_whole")
    early = rf"{before}(?P<before_word>{either})\.?\s?{whole}(?![\d:./h]|\s?\d)"
    return re.compile(f"{timed}|{early}|{after}"), {
        _word_without_points(word): hours for word, hours in words.items()
    }


def _pattern_of_word(word: str, language: str | None) -> str:
    """A pattern for a word with or without its points: `p.m.`, `p. m.`, `pm`.

    In German, `am` without points is a preposition.
    """
    letters = [part for part in re.split(r"[.\s]+", word) if part]
    if language == "de" and "".join(letters) == "am":
        return r"a\.\s?m"
    escaped = map(re.escape, letters)
    if "." in word:
        return r"\.?\s?".join(escaped) + r"(?:\.(?!\d))?"
    is_abbreviation = max(map(len, letters)) == 1
    return (r"\.?\s?" if is_abbreviation else r"\s").join(escaped)


def _day_parts_in_cldr(language: str | None) -> Iterator[tuple[str, HourRange]]:
    """The words for parts of the day in a language.

    Words of one letter are left out, since `DAY_PARTS_ANYWHERE` has those that are used.
    """
    if language in (None, "en") or language in SUNRISE_CLOCK_LANGUAGES:
        return
    from babel import Locale, UnknownLocaleError, localedata

    for locale in LOCALES_OF_LANGUAGE.get(language or "", (language or "",)):
        try:
            said = Locale.parse(locale) if localedata.exists(locale) else None
        except (UnknownLocaleError, ValueError):
            continue
        if said is None:
            continue
        by_name = said.day_period_rules.get(None) or {}
        rules = {name: spans[0] for name, spans in by_name.items()}
        for width in ("narrow", "abbreviated", "wide"):
            for name, word in said.day_periods.get("format", {}).get(width, {}).items():
                hours = _hours_in_cldr(name, rules.get(name))
                if hours and len(_word_without_points(fold_date_text(word))) > 1:
                    yield word, hours


def _hours_in_cldr(name: str, rule: dict[str, int] | None) -> HourRange | None:
    """The hours of one of CLDR's parts of the day, None if CLDR gives none."""
    if name in ("am", "pm"):
        return AM_HOURS if name == "am" else PM_HOURS
    if rule is None or "from" not in rule:
        return {"noon": NOON_HOURS, "midnight": MIDNIGHT_HOURS}.get(name)
    start, end = rule["from"] / 3600, rule["before"] / 3600
    return start, end if end > start else end + 24
