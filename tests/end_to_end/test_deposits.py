"""A crawl deposits the new articles of followed stories at its end, if it is asked to."""

from __future__ import annotations

from archive.archive import Archive
from demo.web import serve
from tests.keeper import open_keeper
from tests.stories import outlet, page, world

STORY = "ferry-landing"


def test_a_crawl_deposits_what_is_new_in_a_story_and_says_so_and_a_later_one_does_what_failed(
    dateline,
) -> None:
    with serve(world(outlet(pages=(page(1),)))) as web, open_keeper() as keeper:
        run = dateline(web, no_proxy="127.0.0.1")
        run.knows()
        first = page(1)
        url = f"http://harbour.example{first.path}"
        run("crawl", url, "--delay", "0")
        run("follow", url, "--name", STORY, "--alone")
        told = run("crawl", "--due", "--delay", "0", "--contact", "desk@harbour.example")
        assert "deposit" not in told.stdout + told.stderr
        assert keeper.asked == [], "nothing is sent unless a user wants it"

        keeper.refuses = 503, {}
        service = f"wayback={keeper.base}"
        told = run("crawl", "--due", "--deposit", service, "--contact", "desk@harbour.example")
        assert "0 articles deposited at the Wayback Machine, 1 waiting" in told.stdout
        assert keeper.agents == [keeper.agents[0]]
        assert "contact: desk@harbour.example" in (keeper.agents[0] or "")
        assert "not asked before" in run("status").stdout

        keeper.refuses = None
        run.environment["DATELINE_CRAWL_DEPOSIT"] = service
        with Archive(run.folder) as archive:
            archive.db.execute("UPDATE deposit_services SET paused_until = NULL")
        told = run("crawl", "--due")
        assert "1 article deposited at the Wayback Machine." in told.stdout
        assert keeper.asked == [url]
        assert keeper.snapshot(url) in run("story", STORY, "--format", "json").stdout
        assert "1 at wayback, 0 waiting" in run("status").stdout


def test_a_mistake_in_what_to_deposit_is_told_before_anything_is_fetched(dateline) -> None:
    with serve(world()) as web:
        run = dateline(web)
        run.knows()
        for words in (["crawl"], ["schedule", "--cron"], ["watch"]):
            refused = run(*words, "--deposit", "internet", code=2)
            assert refused.stderr.count("\n") == 1
            assert "choose from wayback" in refused.stderr
        run.environment["DATELINE_WAYBACK_KEY"] = "abc"
        assert "go together" in run("crawl", "--deposit", "wayback", code=2).stderr
        assert web.asked() == []
