"""For how long a publisher asks that its feed be left alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.network.cache_headers import freshness_seconds

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SENT = {"Date": "Tue, 10 Mar 2026 12:00:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "ttl", "seconds"),
    [
        ({}, None, None),
        ({}, 30, 1800),
        ({"Cache-Control": "public, max-age=300"}, None, 300),
        ({"Cache-Control": "max-age=300"}, 30, 1800),
        ({"Cache-Control": "max-age=3600"}, 30, 3600),
        ({"Cache-Control": 'MAX-AGE="600"'}, None, 600),
        ({"Cache-Control": "max-age=300", "Age": "200"}, None, 100),
        ({"Cache-Control": "max-age=300", "Age": "900"}, None, None),
        ({"Cache-Control": "s-maxage=900"}, None, None),
        ({"Cache-Control": "no-cache, max-age=900"}, None, None),
        ({"Cache-Control": "max-age=31536000"}, None, 86400),
        (SENT | {"Expires": "Tue, 10 Mar 2026 12:20:00 GMT"}, None, 1200),
        (SENT | {"Expires": "Tue, 10 Mar 2026 11:00:00 GMT"}, None, None),
        (SENT | {"Expires": "0"}, None, None),
        ({"Expires": "Tue, 10 Mar 2026 12:20:00 GMT"}, None, None),
        ({"Retry-After": "120"}, None, 120),
        ({"Retry-After": "Tue, 10 Mar 2026 13:00:00 GMT"}, 5, 3600),
        ({"Cache-Control": "max-age=999999999999999999999"}, None, 86400),
        ({"Cache-Control": "max-age=nonsense", "Age": "²"}, None, None),
    ],
)
def test_the_longest_of_what_it_says_counts_but_no_more_than_a_day_for_what_may_be_a_servers_default(
    headers, ttl, seconds
):
    assert freshness_seconds(headers.get, ttl, NOW) == seconds
