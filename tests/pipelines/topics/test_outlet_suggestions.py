"""Which outlets are likely to have covered a story, from what is known of them and of it."""

from __future__ import annotations

from archive.records import CatalogueOutlet
from pipelines.topics.outlet_suggestions import OutletEvidence, rank_outlets

KOREA = CatalogueOutlet(
    "www.seoul.example", "Seoul Post", "KR", "ko", "national", ("http://seoul.example/feed",)
)
KOREA_EN = CatalogueOutlet("herald.example", "Korea Sun", "KR", "en", "national")
TOWN = CatalogueOutlet(
    "town.example", "Town Paper", "US", "en", "local", ("http://town.example/feed",)
)
AMERICA = CatalogueOutlet("america.example", "America Today", "US", "en", "national")
SWEDEN = CatalogueOutlet(
    "dagen.example", "Dagen", "SE", "sv", "national", ("http://dagen.example/feed",)
)
AGENCY = CatalogueOutlet("yna.example", "Yonhap", "KR", "ko", "agency")
ALL = [TOWN, AMERICA, SWEDEN, KOREA, KOREA_EN, AGENCY]
TOLD = OutletEvidence(
    articles=4, languages={"en": 4}, countries={"KR": 4, "US": 1}, openings={"KR": 3}
)


def hosts(signs: OutletEvidence, most: int = 10) -> list[str]:
    return [each.host for each in rank_outlets(ALL, signs, most)]


def test_outlets_of_a_country_that_is_named_come_first_and_those_in_its_language_too_before_others():
    assert hosts(TOLD) == ["herald.example", "www.seoul.example", "yna.example", "america.example"]


def test_every_outlet_has_its_reasons_in_words_the_weightiest_first():
    reasons = {each.host: each.reasons for each in rank_outlets(ALL, TOLD, 10)}
    assert reasons["herald.example"] == (
        "South Korea is named in all 4 articles",
        "in English, as all 4 articles",
    )
    assert reasons["america.example"] == (
        "in English, as all 4 articles",
        "United States is named in 1 of 4 articles",
    )


def test_an_outlet_of_which_nothing_speaks_is_not_suggested_and_a_town_paper_not_for_its_language_alone():
    assert "dagen.example" not in hosts(TOLD)
    assert "town.example" not in hosts(TOLD)
    near = OutletEvidence(articles=1, languages={"en": 1}, countries={"US": 1}, openings={"US": 1})
    assert "town.example" in hosts(near)


def test_what_speaks_of_one_outlet_weighs_more_than_what_speaks_of_many():
    linked = OutletEvidence(
        **as_given(TOLD), linked_to={"dagen.example": ("a.example", "b.example", "c.example")}
    )
    assert hosts(linked)[0] == "dagen.example"
    assert rank_outlets(ALL, linked, 1)[0].reasons == (
        "linked from a.example, b.example and 1 more",
    )


def test_each_kind_of_evidence_is_a_reason():
    signs = OutletEvidence(
        **as_given(TOLD),
        linking={"dagen.example": 2},
        named={"america.example": {"GDELT": 3, "Google News": 1}, "unknown.example": {"GDELT": 1}},
        agencies={"Yonhap": 2},
        agency_hosts={"yna.example": "Yonhap"},
        agency_countries={"KR": "Yonhap"},
        without_source={"town.example": 1, "elsewhere.example": 0},
        resting={"america.example": "2026-03-02T09:00:00Z"},
    )
    reasons = {each.host: each.reasons for each in rank_outlets(ALL, signs, 10)}
    assert "links to 2 articles of the story" in reasons["dagen.example"]
    assert reasons["america.example"][:2] == (
        "named by GDELT, 3 pages",
        "named by Google News, 1 page",
    )
    assert reasons["america.example"][-1] == "paused until 2026-03-02T09:00:00Z"
    assert "Yonhap is credited in 2 of 4 articles" in reasons["yna.example"]
    assert "of South Korea, as Yonhap is" in reasons["herald.example"]
    assert reasons["unknown.example"] == ("named by GDELT, 1 page",)
    assert reasons["town.example"][0] == "in the archive with 1 article of the story"
    assert "elsewhere.example" not in reasons


def test_nothing_is_suggested_that_the_archive_reads_whatever_its_host_is_written_like():
    assert hosts(OutletEvidence(**as_given(TOLD), left_out=frozenset(("seoul.example", "herald.example")))) == [
        "yna.example", "america.example",
    ]  # fmt: skip


def test_a_story_that_is_followed_in_one_language_is_looked_for_in_it():
    assert hosts(OutletEvidence(**as_given(TOLD), only_languages=frozenset(("ko",)))) == [
        "www.seoul.example",
        "yna.example",
    ]


def test_a_list_is_not_all_of_one_country():
    many = [
        CatalogueOutlet(f"kr{number:02}.example", None, "KR", "ko", "national")
        for number in range(30)
    ]
    found = rank_outlets([*many, AMERICA], TOLD, 20)
    assert "america.example" in {each.host for each in found}
    assert len(found) == 20


def test_as_many_as_are_wanted_the_likeliest_first_and_always_the_same():
    found = rank_outlets(ALL, TOLD, 2)
    assert [each.host for each in found] == hosts(TOLD)[:2]
    scores = [each.score for each in rank_outlets(ALL, TOLD, 10)]
    assert scores == sorted(scores, reverse=True)
    assert rank_outlets(list(reversed(ALL)), TOLD, 10) == rank_outlets(ALL, TOLD, 10)


def test_a_story_without_articles_suggests_nothing():
    assert rank_outlets(ALL, OutletEvidence(articles=0), 10) == []


def test_tagalog_and_filipino_are_one_language():
    abante = CatalogueOutlet("abante.example", "Abante", "PH", "tl", "national")
    [found] = rank_outlets([abante], OutletEvidence(articles=1, languages={"fil": 1}), 5)
    assert found.reasons == ("in Filipino, as its article",)


def as_given(signs: OutletEvidence) -> dict[str, object]:
    return {
        "articles": signs.articles,
        "languages": signs.languages,
        "countries": signs.countries,
        "openings": signs.openings,
    }
