"""Who gives up a place: sites that let us wait, and nobody else."""

from __future__ import annotations

from crawler.session.download_slots import DownloadSlots


def test_requests_of_a_site_that_lets_us_wait_leave_their_places_and_others_keep_theirs():
    places = DownloadSlots(patience=3)
    for url, asked_at in (
        ("https://slow.example/1", 0),
        ("https://slow.example/2", 4),
        ("https://quick.example/1", 4),
    ):
        places.note_request(url, asked_at)
    assert places.uncounted_urls(2) == set()
    assert places.uncounted_urls(5) == {"https://slow.example/1", "https://slow.example/2"}
    places.note_answer("https://slow.example/1")
    assert places.uncounted_urls(5) == set(), "a site that answered has its turn again"
    assert places.uncounted_urls(8) == {"https://slow.example/2", "https://quick.example/1"}
