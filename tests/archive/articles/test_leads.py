from __future__ import annotations

from dataclasses import replace

import pytest

from archive.archive import Archive
from archive.articles.leads import (
    lead_term_frequencies,
    learn_lead_terms,
    waiting_leads,
    waiting_leads_of_outlet,
)
from archive.articles.vocabulary import count_terms as learn_article
from archive.frontier.pauses import pause_site
from archive.frontier.urls import add_outlet_with_sources, lease_pages, lease_pages_at, queue_leads
from archive.records import Lead, Outlet
from pipelines.identity import identify_lead
from pipelines.topics.lead_relevance import lead_terms


@pytest.fixture
def archive(tmp_path):
    with Archive(tmp_path) as opened:
        add_outlet_with_sources(opened.db, Outlet("harbour.example", language="en"))
        yield opened


def lead(
    path: str, headline: str | None = None, host: str = "harbour.example", **said: str
) -> Lead:
    return identify_lead(replace(Lead(f"http://{host}{path}", "feed", headline=headline), **said))


def test_a_lead_waits_with_all_that_was_said_of_it(archive):
    said = lead(
        "/1",
        "Salt mine closed",
        lede="Eleven miners went home.",
        published_at="2026-03-10T08:00:00Z",
    )
    queue_leads(archive.db, [said])
    (found,) = waiting_leads(archive.db)
    assert (found.host, found.language) == ("harbour.example", "en")
    names = ("url", "headline", "lede", "published_at", "url_key")
    assert [getattr(found.lead, name) for name in names] == [getattr(said, name) for name in names]


def test_a_lede_that_comes_later_is_kept_and_one_that_is_known_stays(archive):
    queue_leads(
        archive.db,
        [lead("/1"), lead("/1", "Headline", lede="First."), lead("/1", "Headline", lede="Second.")],
    )
    assert [found.lead.lede for found in waiting_leads(archive.db)] == ["First."]


def test_only_what_was_found_since_is_named_again(archive):
    queue_leads(archive.db, [lead("/1")])
    (first,) = waiting_leads(archive.db)
    queue_leads(archive.db, [lead("/2")])
    assert [found.lead.url for found in waiting_leads(archive.db, first.id)] == [
        "http://harbour.example/2"
    ]


def test_of_two_addresses_of_one_page_the_first_waits(archive):
    queue_leads(
        archive.db,
        [lead("/1"), identify_lead(Lead("http://www.harbour.example/1?utm_source=rss", "feed"))],
    )
    assert [found.lead.url for found in waiting_leads(archive.db)] == ["http://harbour.example/1"]


def test_what_is_under_way_and_what_is_of_another_outlet_or_a_site_that_is_left_alone_does_not_wait(
    archive,
):
    queue_leads(
        archive.db,
        [
            lead("/1"),
            lead("/2"),
            lead("/3", host="ridge.example"),
            lead("/4", host="tired.example"),
        ],
    )
    lease_pages_at(archive.db, ["http://harbour.example/1"])
    pause_site(archive.db, "http://tired.example", "2999-01-01T00:00:00Z", "HTTP 429")
    assert [found.lead.url[-1] for found in waiting_leads(archive.db)] == ["2", "3"]
    assert [
        found.lead.url[-1] for found in waiting_leads(archive.db, hosts=("ridge.example",))
    ] == ["3"]


@pytest.mark.parametrize(
    ("in_turn", "order"),
    [
        (1, ["ridge", "harbour", "ridge", "harbour", "ridge", "ridge", "ridge"]),
        (3, ["ridge"] * 3 + ["harbour"] * 2 + ["ridge"] * 2),
    ],
)
def test_the_outlet_with_most_pages_is_asked_first_and_none_waits_for_all_of_another(
    archive, in_turn, order
):
    queue_leads(
        archive.db,
        [
            lead("/1"),
            lead("/2"),
            *(lead(f"/{number}", host="ridge.example") for number in range(3, 9)),
        ],
    )
    taken = [
        waiting.host.split(".")[0]
        for most in (1,) * 7
        for waiting in lease_pages(archive.db, most, 5, in_turn=in_turn)
    ]
    assert taken == order


def test_words_are_rare_or_common_by_articles_and_leads_together(archive):
    learn_article(archive.db, "en", {"mine", "salt"})
    queue_leads(
        archive.db,
        [lead("/1", "Salt mine closed"), lead("/2", "Mine flooded"), lead("/mine-opens-again")],
    )
    learn_lead_terms(archive.db, lead_terms, None)
    known, all_of_them = lead_term_frequencies(archive.db, "en", ["mine", "salt", "ferri"])
    assert (known, all_of_them) == ({"mine": 4, "salt": 2}, 4)


def test_counting_again_counts_nothing_twice(archive):
    queue_leads(archive.db, [lead("/1", "Salt mine closed")])
    for _ in range(2):
        learn_lead_terms(archive.db, lead_terms, None)
    assert lead_term_frequencies(archive.db, "en", ["salt"]) == ({"salt": 1}, 1)


def test_an_outlet_whose_language_is_not_known_is_taken_to_speak_the_storys(archive):
    queue_leads(archive.db, [lead("/1", "Salt mine closed", host="ridge.example")])
    learn_lead_terms(archive.db, lead_terms, "en")
    assert lead_term_frequencies(archive.db, "en", ["salt"])[1] == 1


def test_what_was_said_of_an_outlets_pages_is_found_with_and_without_www(archive):
    queue_leads(
        archive.db,
        [lead("/1", "Salt mine closed"), lead("/2"), lead("/3", "Far", host="www.ridge.example")],
    )
    assert [found.headline for found in waiting_leads_of_outlet(archive.db, "harbour.example")] == [
        "Salt mine closed"
    ]
    assert [found.headline for found in waiting_leads_of_outlet(archive.db, "ridge.example")] == [
        "Far"
    ]
