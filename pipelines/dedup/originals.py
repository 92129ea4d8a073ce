"""Who was first, of those who printed one text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import normalize

from archive.articles.copies import Printed
from pipelines.urls import registered_domain

OTHERWISE = {  # agencies whose domain is not their name: the label before its suffix
    "AAP": {"aap", "aapnewswire"},
    "AFP": {"afp", "afpforum"},
    "AMNA": {"amna", "ana"},
    "Anadolu": {"aa", "anadoluagency"},
    "ANI": {"ani", "aninews"},
    "Antara": {"antara", "antaranews"},
    "AP": {"ap", "apnews"},
    "Belga": {"belga", "belganewsagency"},
    "CNA": {"cna", "focustaiwan"},
    "CP": {"thecanadianpress"},
    "ČTK": {"ctk", "ceskenoviny"},
    "IANS": {"ians", "ianslive"},
    "Kyodo": {"kyodo", "kyodonews"},
    "NAN": {"nan", "nannews"},
    "PA": {"pa", "pamediagroup", "pressassociation"},
    "PTI": {"pti", "ptinews"},
    "RIA Novosti": {"ria", "rian"},
    "sda": {"sda", "keystone-sda"},
    "SID": {"sid"},
    "Sputnik": {"sputnik", "sputniknews", "sputnikglobe"},
    "TT": {"tt"},
    "Xinhua": {"xinhua", "xinhuanet", "news"},
    "Yonhap": {"yna", "yonhapnews"},
}


def original(articles: Sequence[Printed]) -> int:
    """The id of the original: the agency's own, else the earliest published, else the first that
    was seen.

    A day alone says less than a moment of that day and comes after it; no date comes last.
    """
    return min(articles, key=_order).id


def _order(article: Printed) -> tuple[bool, bool, str, bool, str, int]:
    at = article.published_at or ""
    return not is_the_agency(article), not at, at[:10], len(at) <= 10, at, article.id


def is_the_agency(article: Printed) -> bool:
    """Whether the agency that the article names is the outlet that printed it."""
    if not article.agency:
        return False
    label = registered_domain(f"https://{article.host}/").partition(".")[0]
    return label in OTHERWISE.get(article.agency, {_plain(article.agency)})


def _plain(name: str) -> str:
    """Europa Press → europapress"""
    return re.sub("[^a-z0-9]", "", normalize("NFKD", name).lower())
