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

from crawler.dates.month_names import LOCALES, folded

Hours = tuple[float, float]
"""The first hour and the hour after the last; those of a night continue after 24."""
AM, PM = (0.0, 12.0), (12.0, 24.0)
NOON, MIDNIGHT, DAWN = (11.0, 14.0), (23.0, 25.0), (0.0, 6.0)
MORNING, AFTERNOON, EVENING = (5.0, 12.0), (12.0, 19.0), (17.0, 24.0)

ANYWHERE: dict[str, Hours] = {
    **dict.fromkeys(
        ("a.m.", "πμ", "오전", "上午", "午前", "早上", "清晨", "صباحا", "ق.ظ.", "de la manana"), AM
    ),
    **dict.fromkeys(
        ("p.m.", "μμ", "오후", "下午", "午后", "午後", "مساء", "ب.ظ.", "de la tarde", "da tarde"),
        PM,
    ),
    **dict.fromkeys(("凌晨", "새벽", "未明", "de la madrugada", "da madrugada"), DAWN),
    **{
        "中午": NOON,
        "正午": NOON,
        "정오": NOON,
        "傍晚": EVENING,
        "晚上": EVENING,
        "de la noche": EVENING,
        "da noite": EVENING,
    },
    **{
        "ص": AM,
        "م": PM,
        "da manha": AM,
        "in the morning": AM,
        "in the afternoon": PM,
        "in the evening": PM,
    },
    **{"пополудни": PM, "אחה״צ": PM, 'אחה"צ': PM, "לפנה״צ": AM, 'לפנה"צ': AM},
}
"""Words that mean the same part of the day in all languages that have them."""
FURTHER: dict[str, dict[str, Hours]] = {
    "bg": {"пр.об.": AM, "сл.об.": PM},
    "cs": {"dop.": AM, "odp.": PM, "dopoledne": AM, "odpoledne": PM},
    "de": {"morgens": AM, "vormittags": AM, "mittags": NOON, "nachmittags": PM, "abends": PM},
    "fi": {"ap.": AM, "ip.": PM},
    "fr": {"du matin": AM, "de l'apres-midi": PM, "du soir": EVENING},
    "hi": {"पूर्वाह्न": AM, "अपराह्न": PM},
    "bn": {"পূর্বাহ্ণ": AM, "অপরাহ্ণ": PM},
    "hr": {"ujutro": AM, "poslijepodne": PM, "navecer": PM},
    "hu": {"de.": AM, "du.": PM, "delelott": AM, "delutan": PM},
    "hy": {"կա": AM, "կհ": PM},
    "id": {"pagi": AM, "siang": (10.0, 15.0), "sore": (14.0, 19.0), "malam": (18.0, 25.0)},
    "it": {"di mattina": AM, "del mattino": AM, "del pomeriggio": PM, "di sera": EVENING},
    "nl": {"'s ochtends": AM, "'s morgens": AM, "'s middags": PM, "'s avonds": EVENING},
    "pl": {"rano": AM, "po poludniu": PM, "wieczorem": EVENING},
    "pt": {"da tarde": PM, "da noite": EVENING, "da manha": AM},
    "ru": {"утра": AM, "дня": PM, "вечера": EVENING, "ночи": (0.0, 5.0)},
    "sk": {"dop.": AM, "odp.": PM, "popoludni": PM},
    "sq": {"pd": AM, "md": PM, "paradite": AM, "pasdite": PM},
    "sv": {"fm": AM, "em": PM},
    "ta": {"முற்பகல்": AM, "பிற்பகல்": PM},
    "th": {"ก่อนเที่ยง": AM, "หลังเที่ยง": PM},
    "uk": {"дп": AM, "пп": PM, "ранку": AM, "дня": PM, "вечора": EVENING},
    "vi": {"sa": AM, "ch": PM, "sang": AM, "chieu": PM, "toi": EVENING, "trua": NOON},
    "zh": {"早晨": AM, "晚间": EVENING, "晚": EVENING, "午间": NOON, "深夜": MIDNIGHT},
}
"""Words for parts of the day that CLDR does not list, by language."""
MOST_BESIDE = 3.0
"""Hours between a clock time and the part of the day that it may still belong to."""
OTHER_CLOCKS = frozenset({"sw"})
"""Languages whose speakers count the hours from sunrise; their parts of the day are not read."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock time, and the text after it."""

    hour: int
    minute: int
    second: int
    rest: str


_TIME = (
    r"(?P<hour>[01]?\d|2[0-4])\s?(?:[:h時시點点ч]|\.(?=[0-5]\d(?!\d)))\s?(?P<minute>[0-5]\d)"
    r"(?:\s?[:.分분m]\s?(?P<second>[0-5]\d|60|\d)(?!\d))?(?:[.,]\d+(?!\d))?(?:\s?(?:分|분|秒|초))*(?!\d)"
)
_WHOLE_HOUR = r"(?P<whole>0?\d|1[0-2])(?:\s?(?:[時點点](?!間|间)|시(?!간)))?"
_START = r"(?<![\d.:/])"
_SIGN = re.compile(r"[\s(]*(?P<name>gmt|utc|ut|z)?\s?(?P<sign>[+-])")
"""The name and the sign of an offset, between a clock time and its digits."""


def clock_in(text: str, language: str | None = None) -> Clock | None:
    """Return the one clock time in a folded text.

    None if the text has no clock time, several, or an impossible one.
    """
    pattern, words = _reader(language)
    found = list(pattern.finditer(text))
    if len(found) == 2 and _is_offset(found[1], found[0], text):
        found.pop()
    if len(found) != 1:  # of several times, none is known to be that of the date
        return None
    return _clock_of(found[0], words)


def _clock_of(found: re.Match[str], words: dict[str, Hours]) -> Clock | None:
    """The clock time of a match, None if it is impossible in the part of the day beside it."""
    part = found.groupdict()
    hour = int(part["hour"] or part["before_whole"] or part["whole"])
    minute, second = int(part["minute"] or 0), min(59, int(part["second"] or 0))
    named = part["before"] or part["after"] or part["before_word"] or part["after_word"]
    at = _hour_of(hour, minute, words[_key(named)]) if named else hour
    if at is None or (at == 24 and (minute or second)):
        return None
    return Clock(at, minute, second, found.string[found.end() :])


def _is_offset(later: re.Match[str], first: re.Match[str], text: str) -> bool:
    """Whether a second time is the time zone of the first, as in `18:40:00-05:00`."""
    between = text[first.end() : later.start()]
    sign = _SIGN.fullmatch(between)
    if sign is None:
        return False
    exact = first["second"] or text[: first.start()].endswith("t")  # as programs write times
    return bool(sign["name"] or sign["sign"] == "+" or exact or between == " -")


def _hour_of(hour: int, minute: int, hours: Hours) -> int | None:
    """The hour of 24 for an hour in a part of the day, None if they contradict each other."""
    if hour > 12:
        is_near = _apart(hour + minute / 60, hours) <= MOST_BESIDE
        return hour if is_near and hours != AM else None
    early, late = hour % 12, hour % 12 + 12
    from_early = _apart(early + minute / 60, hours)
    from_late = _apart(late + minute / 60, hours)
    if min(from_early, from_late) > MOST_BESIDE or from_early == from_late:
        return None
    if from_late < from_early:
        return late
    return None if hours[0] >= 12 else early


def _apart(at: float, hours: Hours) -> float:
    """The hours between a time and a part of the day, 0 within it."""
    start, end = hours

    def distance(time: float) -> float:
        if start <= time < end:
            return 0.0
        return min(abs(time - start), abs(time - end) + 0.01)  # the end is not in the part itself

    return min(distance(at), distance(at + 24))


def _key(word: str) -> str:
    """The word without blanks and points, as it is looked up."""
    return re.sub(r"[\s.]+", "", word)


@cache
def _reader(language: str | None) -> tuple[re.Pattern[str], dict[str, Hours]]:
    """The pattern of clock times in a language, and the part of the day for each of its words."""
    further = FURTHER.get(language or "", {})
    listed = chain(_of_cldr(language), ANYWHERE.items(), further.items())
    words = {folded(word): hours for word, hours in listed}
    longest_first = sorted(words, key=len, reverse=True)
    either = "|".join(_spelt(word, language) for word in longest_first)
    before, ended = r"(?<![^\W\d_])", r"(?![^\W\d_])\.?"
    timed = (
        rf"(?:{before}(?P<before>{either})\.?\s?|{_START}){_TIME}(?:\s?(?P<after>{either}){ended})?"
    )
    after = rf"{_START}{_WHOLE_HOUR}\s?(?P<after_word>{either}){ended}"
    whole = _WHOLE_HOUR.replace("whole", "before_whole")
    early = rf"{before}(?P<before_word>{either})\.?\s?{whole}(?![\d:./h]|\s?\d)"
    return re.compile(f"{timed}|{early}|{after}"), {
        _key(word): hours for word, hours in words.items()
    }


def _spelt(word: str, language: str | None) -> str:
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


def _of_cldr(language: str | None) -> Iterator[tuple[str, Hours]]:
    """The words for parts of the day in a language.

    Words of one letter are left out, since `ANYWHERE` has those that are used.
    """
    if language in (None, "en") or language in OTHER_CLOCKS:
        return
    from babel import Locale, UnknownLocaleError, localedata

    for locale in LOCALES.get(language or "", (language or "",)):
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
                hours = _span(name, rules.get(name))
                if hours and len(_key(folded(word))) > 1:
                    yield word, hours


def _span(name: str, rule: dict[str, int] | None) -> Hours | None:
    """The hours of one of CLDR's parts of the day, None if CLDR gives none."""
    if name in ("am", "pm"):
        return AM if name == "am" else PM
    if rule is None or "from" not in rule:
        return {"noon": NOON, "midnight": MIDNIGHT}.get(name)
    start, end = rule["from"] / 3600, rule["before"] / 3600
    return start, end if end > start else end + 24
