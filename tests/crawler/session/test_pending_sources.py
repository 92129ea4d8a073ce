"""An outlet has told all once its feeds and sitemaps were read, with those that its indexes
name."""

from __future__ import annotations

from crawler.session.pending_sources import PendingSources

FEED, INDEX, MARCH = (f"http://harbour.example/{name}" for name in ("feed", "index", "march"))


def telling() -> PendingSources:
    outlets = PendingSources()
    outlets.expect_source(FEED, "harbour.example")
    outlets.expect_source(INDEX, "harbour.example")
    return outlets


def test_an_outlet_has_told_all_when_its_last_source_is_read():
    outlets = telling()
    outlets.note_read(FEED)
    assert outlets.take_finished(9) == []
    outlets.note_read(INDEX)
    assert outlets.take_finished(9) == ["harbour.example"]
    assert outlets.take_finished(9) == []


def test_the_sitemaps_that_an_index_names_are_waited_for():
    outlets = telling()
    outlets.note_read(FEED)
    outlets.expect_more(MARCH, INDEX)
    outlets.note_read(INDEX)
    assert outlets.take_finished(9) == []
    outlets.note_read(MARCH)
    assert outlets.take_finished(9) == ["harbour.example"]


def test_a_source_that_is_named_or_read_twice_counts_once():
    outlets = telling()
    outlets.expect_source(FEED, "harbour.example")
    outlets.note_read(FEED)
    outlets.note_read(FEED)
    assert outlets.take_finished(9) == []
    outlets.note_read(INDEX)
    assert outlets.take_finished(9) == ["harbour.example"]


def test_pages_and_sitemaps_of_nobody_are_no_matter():
    outlets = telling()
    outlets.expect_more(MARCH, "http://nobody.example/index")
    outlets.note_read("http://harbour.example/news/1")
    assert set(outlets.sources) == {FEED, INDEX}


def test_outlets_are_taken_a_few_at_a_time_in_the_order_in_which_they_had_told_all():
    outlets = PendingSources()
    hosts = [f"paper{number}.example" for number in range(3)]
    for host in hosts:
        outlets.expect_source(f"http://{host}/feed", host)
    for host in reversed(hosts):
        outlets.note_read(f"http://{host}/feed")
    assert [outlets.take_finished(2), outlets.take_finished(2)] == [
        ["paper2.example", "paper1.example"],
        ["paper0.example"],
    ]
