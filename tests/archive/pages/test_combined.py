"""Several archives on one page: each is asked, and what they say is one list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archive.pages.combined.combined_feeds import combined_search_atom, found_article_rows
from archive.pages.combined.combined_home import combined_home
from archive.pages.combined.combined_lists import (
    combined_changes,
    combined_copies,
    combined_events,
    combined_outlets,
    combined_stories,
    outlet_of_archives,
)
from archive.pages.combined.combined_search import (
    combined_search_data,
    ranked_articles_of_each,
)
from archive.pages.combined.merged_rows import ArchiveConnections, once_across_archives
from archive.pages.findings.attention import (
    AttentionRequest,
    attention_of_archives,
    attention_page_data,
)
from archive.pages.findings.change_lists import ChangeFilters, change_list_data
from archive.pages.findings.copy_lists import CopyFilters, copy_list_data
from archive.pages.findings.event_lists import EventFilters, event_list_data
from archive.pages.outlet import outlet_list_rows
from archive.pages.search_page import SearchRequest, search_page_data
from archive.pages.story_list import story_list_data
from archive.plugin.combined.combined_questions import merge_answers, question_parameters
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.archive.room import STORY
from tests.archive.several import MARCH_STORY, make_several, opened_together

EVER = "all"


@pytest.fixture(scope="module")
def connections(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveConnections]:
    with opened_together(make_several(tmp_path_factory.mktemp("several"))) as opened:
        yield opened


def places(rows: list[dict[str, object]]) -> list[tuple[object, object]]:
    return [(row["archive"], row["id"]) for row in rows]


def test_a_search_finds_the_texts_of_all_archives_and_says_which_has_each(
    connections: ArchiveConnections,
) -> None:
    found = combined_search_data(connections, SearchRequest(words="ferry"))
    alone = {
        name: search_page_data(connection, SearchRequest(words="ferry"))["hits"]
        for name, connection in connections.items()
        if name != "desk"
    }
    expected = {(name, hit["id"]) for name, hits in alone.items() for hit in hits}
    assert set(places(found["hits"])) == expected
    assert {name for name, _ in expected} == {"2024-02", "2024-03"}


def test_hits_with_the_words_in_the_headline_are_first_whatever_their_archive(
    connections: ArchiveConnections,
) -> None:
    hits = combined_search_data(connections, SearchRequest(words="ferry"))["hits"]
    in_headline = ["ferry" in hit["headline"].lower() for hit in hits]
    assert in_headline == sorted(in_headline, reverse=True)
    assert {hit["archive"] for hit in hits[: sum(in_headline)]} == {"2024-02", "2024-03"}


def test_the_newest_hits_of_all_archives_are_first_when_asked_for(
    connections: ArchiveConnections,
) -> None:
    found = combined_search_data(connections, SearchRequest(words="ferry", sort="newest"))
    days = [hit["published_at"] for hit in found["hits"]]
    assert days == sorted(days, reverse=True)
    assert days[0].startswith("2024-03")
    assert days[-1].startswith("2024-02")


def test_an_article_that_two_archives_have_is_one_hit_with_a_way_to_the_other(
    connections: ArchiveConnections,
) -> None:
    found = combined_search_data(connections, SearchRequest(words="union shifts"))
    (hit,) = found["hits"]
    assert (hit["archive"], hit["id"]) == ("2024-02", 1)
    assert hit["elsewhere"] == [{"archive": "desk", "id": 1}]
    assert found["articles"] == 2  # with the copy of the other outlet


def test_facets_count_an_article_once_and_name_the_archives(
    connections: ArchiveConnections,
) -> None:
    found = combined_search_data(connections, SearchRequest(words="ferry"))
    for name in ("archive", "outlet", "language"):
        counts = {each["value"]: each["count"] for each in found["facets"][name]["values"]}
        assert sum(counts.values()) == found["articles"], name
    assert {each["value"] for each in found["facets"]["story"]["values"]} == {STORY, MARCH_STORY}
    assert "desk" not in [each["value"] for each in found["facets"]["archive"]["values"]]


def test_a_filter_leaves_the_same_articles_as_in_each_archive(
    connections: ArchiveConnections,
) -> None:
    wanted = SearchRequest(words="ferry", since="2024-03")
    found = combined_search_data(connections, wanted)
    alone = search_page_data(connections["2024-03"], wanted)
    assert [hit["id"] for hit in found["hits"]] == [hit["id"] for hit in alone["hits"]]
    assert "outlet" in found["facets"]


def test_attention_adds_up_the_articles_of_all_archives(
    connections: ArchiveConnections,
) -> None:
    wanted = AttentionRequest(words="ferry", since="2024-02-01", until="2024-03-31")
    together = attention_of_archives(list(connections.values()), wanted)
    alone = [attention_page_data(each, wanted) for each in connections.values()]
    assert together["total"] == sum(each["total"] for each in alone)
    counted = {row["host"]: row["articles"] for row in together["compared"]}
    assert counted["harbour.example"] == sum(
        row["articles"]
        for each in alone
        for row in each["compared"]
        if row["host"] == "harbour.example"
    )


def test_attention_to_an_outlet_that_one_archive_knows_counts_that_one_alone(
    connections: ArchiveConnections,
) -> None:
    opened = list(connections.values())
    wanted = AttentionRequest(outlet="x.example", since="2024-02-01", until="2024-03-31")
    assert attention_of_archives(opened, wanted)["error"] == (
        "x.example: no archive has such an outlet."
    )
    story = AttentionRequest(story=MARCH_STORY)
    assert attention_of_archives(opened, story)["total"] == 2


def test_answers_are_merged_by_the_column_by_which_all_archives_sorted_them() -> None:
    answers: dict[str, list[dict[str, Any]]] = {
        "a": [{"host": "x", "articles": 5}, {"host": "y", "articles": 2}],
        "b": [{"host": "z", "articles": 3}, {"host": "w", "articles": None}],
    }
    merged = merge_answers(answers, ("host", "articles"))
    assert [row["host"] for row in merged] == ["x", "z", "y", "w"]
    answers["b"].reverse()
    assert [row["host"] for row in merge_answers(answers, ("host", "articles"))] == [*"xywz"]


def test_parameters_of_a_question_are_its_names_outside_of_strings() -> None:
    sql = "SELECT ':no', x::text FROM t WHERE a = :since AND (:words = '' OR b = :since)"
    assert question_parameters(sql) == ["since", "words"]


def test_a_search_of_one_archive_is_the_same_alone_and_combined(
    connections: ArchiveConnections,
) -> None:
    wanted = SearchRequest(words="ferry")
    alone = search_page_data(connections["2024-02"], wanted)
    combined = combined_search_data({"2024-02": connections["2024-02"]}, wanted)
    combined["facets"].pop("archive")
    for hit in combined["hits"]:
        del hit["archive"], hit["elsewhere"]
    assert combined == alone


def test_a_misspelt_word_is_advised_on_from_whichever_archive_has_it(
    connections: ArchiveConnections,
) -> None:
    found = combined_search_data(connections, SearchRequest(words="libary"))
    assert found["advice"].queries == ("library",)


def test_a_filter_that_leaves_nothing_is_told_with_what_all_archives_have(
    connections: ArchiveConnections,
) -> None:
    found = combined_search_data(connections, SearchRequest(words="ferry", until="2001"))
    assert (found["hits"], found["advice"]) == ([], None)
    assert found["unfiltered"] > 3


def test_an_impossible_search_says_why(connections: ArchiveConnections) -> None:
    assert (
        "nothing to search for" in combined_search_data(connections, SearchRequest("-x"))["error"]
    )


def test_the_pages_of_a_search_have_each_text_once(
    connections: ArchiveConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.pages.combined.combined_search.SEARCH_PAGE_SIZE", 2)
    wanted = SearchRequest(words="ferry OR island")
    first = combined_search_data(connections, wanted)
    seen = []
    for page in range(1, first["pages"] + 1):
        seen += places(combined_search_data(connections, wanted, page)["hits"])
    assert len(seen) == len(set(seen)) == first["texts"] > 2


def test_the_more_archives_are_searched_the_fewer_articles_of_each_are_ranked() -> None:
    ranked = [ranked_articles_of_each(archives) for archives in (1, 3, 6, 12, 120)]
    assert ranked == [2000, 2000, 1000, 500, 100]


def test_a_search_says_that_more_articles_match_than_were_ranked(
    connections: ArchiveConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = SearchRequest(words="ferry OR island")
    assert not combined_search_data(connections, wanted)["cut"]
    monkeypatch.setattr("archive.pages.combined.combined_search.MAX_RANKED_ARTICLES", 1)
    cut = combined_search_data(connections, wanted)
    assert cut["cut"]
    assert cut["articles"] <= len(connections)


# -- lists -----------------------------------------------------------------------------------------


def test_an_outlet_of_several_archives_is_listed_once_with_all_its_articles(
    connections: ArchiveConnections,
) -> None:
    listed = combined_outlets(connections, 1, "articles")["outlets"]
    hosts = [row["host"] for row in listed]
    assert len(hosts) == len(set(hosts))
    harbour = listed[hosts.index("harbour.example")]
    alone = [
        row["articles"]
        for connection in connections.values()
        for row in outlet_list_rows(connection)
        if row["host"] == "harbour.example"
    ]
    assert harbour["articles"] == sum(alone)
    assert harbour["archives"] == ["2024-02", "2024-03", "desk"]
    assert harbour["name"] == "The Harbour Post"
    assert harbour["newest"] == "2024-03-08"


@pytest.mark.parametrize("order", ["articles", "name", "newest", "failing"])
def test_outlets_are_in_each_order_as_in_one_archive(
    connections: ArchiveConnections, order: str
) -> None:
    one = {"2024-02": connections["2024-02"]}
    combined = combined_outlets(one, 1, order)["outlets"]
    alone = outlet_list_rows(connections["2024-02"], 1, order)
    known = {"articles": "articles", "newest": "newest", "failing": "failing"}
    if order == "name":
        names = [(row["name"] or row["host"]).casefold() for row in combined]
        assert names == sorted(names)
    else:
        column = known[order]
        assert [row[column] for row in combined] == [row[column] for row in alone]


def test_an_outlet_is_paused_only_where_no_archive_reads_it() -> None:
    row = {"host": "a.example", "name": None, "language": None, "country": None, "articles": 1,
           "newest": None, "fetched_at": None, "paused_at": "2024-03-01"}  # fmt: skip
    reading = row | {"archive": "b", "paused_at": None}
    assert outlet_of_archives([row | {"archive": "a"}, reading])["paused_at"] is None
    assert outlet_of_archives([row | {"archive": "a"}])["paused_at"] == "2024-03-01"


def test_stories_of_all_archives_are_by_their_latest_addition(
    connections: ArchiveConnections,
) -> None:
    listed = combined_stories(connections)
    assert [(each["archive"], each["name"]) for each in listed["stories"]] == [
        ("2024-03", MARCH_STORY),
        ("2024-02", STORY),
    ]
    assert listed["since"] == story_list_data(connections["2024-03"])["since"]
    assert [each["new"] for each in listed["stories"]] == [2, 0]  # in the week before 9 March


def test_events_of_all_archives_are_by_size_with_their_days_counted_from_the_newest_of_all(
    connections: ArchiveConnections,
) -> None:
    ever = combined_events(connections, EventFilters(days=EVER))
    alone = [event_list_data(each, EventFilters(days=EVER))["total"] for each in connections.values()]  # fmt: skip
    assert ever["total"] == sum(alone) == 2
    assert {event["archive"] for event in ever["events"]} == {"2024-02", "2024-03"}
    week = combined_events(connections, EventFilters())
    assert places(week["events"]) == [("2024-03", 11)]
    assert week["newest"].startswith("2024-03-08")
    assert ever["languages"] == ["en"]


def test_changes_of_all_archives_are_by_time_with_the_counts_of_all(
    connections: ArchiveConnections,
) -> None:
    listed = combined_changes(connections, ChangeFilters())
    rows = [row for day in listed["days"] for row in day["rows"]]
    moments = [row["seen_at"] for row in rows]
    assert moments == sorted(moments, reverse=True)
    alone = [change_list_data(each, ChangeFilters()) for each in connections.values()]
    assert listed["total"] == sum(each["total"] for each in alone) == len(rows)
    for kind, count in listed["counts"].items():
        assert count == sum(each["counts"][kind] for each in alone)
    assert {row["archive"] for row in rows} == {"2024-02", "desk"}


def test_the_pages_of_changes_have_each_change_once(
    connections: ArchiveConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.pages.findings.change_lists.CHANGE_LIST_SIZE", 1)
    whole = combined_changes(connections, ChangeFilters())
    seen = [
        (row["archive"], row["id"])
        for page in range(1, whole["pages"] + 1)
        for day in combined_changes(connections, ChangeFilters(), page)["days"]
        for row in day["rows"]
    ]
    assert len(seen) == len(set(seen)) == whole["total"]


def test_copied_texts_of_all_archives_are_by_their_outlets(
    connections: ArchiveConnections,
) -> None:
    listed = combined_copies(connections, CopyFilters(days=EVER))
    alone = [copy_list_data(each, CopyFilters(days=EVER))["total"] for each in connections.values()]
    assert listed["total"] == sum(alone)
    assert {text["archive"] for text in listed["texts"]} == {"2024-02", "desk"}
    sizes = [text["outlets"] for text in listed["texts"]]
    assert sizes == sorted(sizes, reverse=True)


# -- home ------------------------------------------------------------------------------------------


def test_the_home_page_shows_the_newest_of_all_archives_each_article_once(
    connections: ArchiveConnections,
) -> None:
    home = combined_home(connections)
    rows = [row for day in home["days"] for row in day["rows"]]
    assert places(rows)[:3] == [("2024-03", 13), ("2024-03", 12), ("2024-03", 11)]
    urls = [row["url"] for row in rows]
    assert len(urls) == len(set(urls))
    strike = next(row for row in rows if row["headline"] == "Ferry crews strike")
    assert strike["elsewhere"] == [{"archive": "desk", "id": 1}]
    assert home["counts"] == {"articles": 8 + 3 + 6, "stories": 2, "outlets": 5}
    assert (home["crawl"]["archive"], home["newest"][:10]) == ("2024-03", "2024-03-08")
    assert [story["archive"] for story in home["stories"]] == ["2024-03", "2024-02"]


def test_the_home_page_leads_with_the_largest_event_of_any_archive(
    connections: ArchiveConnections,
) -> None:
    now = combined_home(connections)["now"]
    assert (now["lead"]["archive"], now["lead"]["id"]) == ("2024-02", 1)
    assert {row["archive"] for row in now["lead"]["headlines"]} == {"2024-02"}
    assert places(now["others"]) == [("2024-03", 11)]
    assert now["period"] == "30"  # counted back from March; the last days have too few


def test_the_home_page_shows_a_change_and_a_copied_text_of_two_archives_once(
    connections: ArchiveConnections,
) -> None:
    home = combined_home(connections)
    for rows in (home["changes"]["rows"], home["copies"]["texts"]):
        urls = [row["url"] for row in rows]
        assert urls
        assert len(urls) == len(set(urls))


def test_an_empty_archive_beside_others_changes_nothing_on_the_home_page(
    connections: ArchiveConnections, tmp_path: Path
) -> None:
    empty = open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)
    try:
        assert combined_home({**connections, "empty": empty}) == combined_home(connections)
        alone = combined_home({"empty": empty})
    finally:
        empty.close()
    assert (alone["days"], alone["now"]["lead"], alone["crawl"]) == ([], None, None)


def test_the_first_archive_stands_for_an_article_that_others_have_too() -> None:
    rows = [
        {"archive": "a", "id": 1, "url": "https://a.example/1"},
        {"archive": "b", "id": 7, "url": "https://a.example/1"},
        {"archive": "b", "id": 8, "url": "https://a.example/2"},
    ]
    first, second = once_across_archives(rows)
    assert first["elsewhere"] == [{"archive": "b", "id": 7}]
    assert (second["id"], second["elsewhere"]) == (8, [])


# -- files -----------------------------------------------------------------------------------------


def test_a_feed_of_a_search_leads_to_the_archive_of_each_article_and_has_it_once(
    connections: ArchiveConnections,
) -> None:
    feed = combined_search_atom(
        connections,
        SearchRequest(words="ferry"),
        "https://news.example/feed",
        "https://news.example/page",
        lambda archive: lambda name, id: f"https://news.example/{archive}/{name}/{id}",
    )
    assert feed.count("<entry>") == feed.count('rel="via"')
    assert "https://news.example/2024-03/article/11" in feed
    assert "https://news.example/2024-02/article/1" in feed
    assert "https://news.example/desk/" not in feed


def test_a_table_of_a_search_names_the_archive_of_each_row(
    connections: ArchiveConnections,
) -> None:
    rows = found_article_rows(connections, SearchRequest(words="ferry"), 2)
    assert len(rows) == 2
    assert {row["archive"] for row in rows} <= {"2024-02", "2024-03"}
    assert list(rows[0])[:2] == ["archive", "id"]
