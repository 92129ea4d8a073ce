"""A person signs in with a password and works in the pages of `dateline serve`, in a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.web import serve
from tests.chromium import CHROMIUM, Browser, Tab
from tests.conftest import Dateline
from tests.end_to_end.test_investigate import world
from tests.paths import ROOT
from tests.patience import until
from tests.servers import running_server

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no chromium here: apt-get install chromium"
)
SCREENSHOTS = ROOT / "tests" / "screenshots"
PASSWORD = "herring and fog"


@dataclass
class Desk:
    """An archive that is served, and a tab in which nobody is signed in."""

    run: Dateline
    address: str
    tab: Tab

    def open(self, path: str) -> None:
        self.tab.open(self.address + path)

    def fill(self, selector: str, text: str) -> None:
        """Type into a field, in place of what stands there."""
        self.tab.run(
            f"(() => {{ const field = document.querySelector({json.dumps(selector)});"
            " field.closest('details')?.setAttribute('open', '');"
            f" field.value = {json.dumps(text)} }})()"
        )

    def keep(self, name: str) -> None:
        assert not self.tab.scrolls_sideways(), name
        self.tab.screenshot(SCREENSHOTS / f"working-{name}.png")

    def says(self, *texts: str) -> None:
        page = self.tab.text()
        assert [text for text in texts if text not in page] == [], page

    def focused(self) -> str:
        return str(
            self.tab.run(
                "document.activeElement.name || document.activeElement.getAttribute('href')"
            )
        )


@pytest.fixture
def desk(dateline, browser: Browser, tmp_path: Path) -> Iterator[Desk]:
    passwords = tmp_path / "passwords.txt"
    with serve(world()) as web:
        run = dateline(web, no_proxy="127.0.0.1")
        run.knows("harbour.example", "ridge.example", "courier.example")
        run.crawl()
        run("password", "mara", passwords, stdin=PASSWORD + "\n")
        command = run.command("serve", "--password-file", passwords)
        with running_server(command, run.environ()) as server, browser.tab(1280) as tab:
            yield Desk(run, server.address, tab)


def sign_in(desk: Desk) -> None:
    desk.open("/-/login")
    desk.fill("[name=username]", "mara")
    desk.fill("[name=password]", PASSWORD)
    desk.tab.click("[name=password] ~ input[type=submit], form [type=submit]:not(.search *)")


def shown_text(desk: Desk) -> str:
    """What a page shows that may be loading itself again at this moment."""
    return str(desk.tab.run("document.body ? document.body.innerText : ''"))


def article_number(desk: Desk) -> int:
    return int(desk.run.column("SELECT min(id) FROM articles")[0])


@pytest.mark.timeout(300)
def test_a_person_follows_a_story_writes_a_note_manages_an_outlet_and_saves_a_search(
    desk: Desk,
) -> None:
    number = article_number(desk)
    desk.open(f"/archive/articles/{number}")
    assert desk.tab.run("document.querySelectorAll('main form').length") == 0  # a stranger
    sign_in(desk)
    name = follow_from_an_article(desk, number)
    write_notes(desk, number, name)
    add_the_outlet_that_was_looked_up(desk)
    pause_resume_and_remove_the_outlet(desk)
    save_a_search(desk)
    assert desk.tab.problems == []


def follow_from_an_article(desk: Desk, number: int) -> str:
    """Follow a story under the proposed name, which is returned."""
    desk.open(f"/archive/articles/{number}")
    desk.keep("article-1280")
    desk.tab.run("document.querySelector('.work').open = true")
    name = str(desk.tab.run("document.querySelector('.work [name=name]').value"))
    assert name
    desk.tab.click("form[action$='/-/follow'] button")
    desk.says(f"You follow {name}")
    assert desk.tab.address().endswith(f"/-/story/{name}")
    return name


def write_notes(desk: Desk, number: int, name: str) -> None:
    """Write a note on an article and one on its story, which the commands then print."""
    desk.open(f"/archive/articles/{number}")
    desk.fill(".notes textarea", "The harbour office confirms.")
    desk.tab.click("form[action$='/-/note'] button")
    desk.says("Your note is saved.", "The harbour office confirms.", "mara")
    desk.keep("note-1280")
    desk.open(f"/archive/-/story/{name}")
    desk.fill(".notes textarea", "Deadline on Friday.")
    desk.tab.click("form[action$='/-/note'] button")
    desk.says("Deadline on Friday.")
    desk.keep("story-1280")
    shown = desk.run("story", name).stdout
    assert "Deadline on Friday." in shown
    assert "The harbour office confirms." in shown
    assert "The harbour office confirms." in desk.run("show", number).stdout


def add_the_outlet_that_was_looked_up(desk: Desk) -> None:
    """Look an outlet up on its own site, and add it."""
    desk.open("/archive/-/outlets")
    desk.fill("[name=host]", "phare.example")
    desk.tab.click("form[action$='/outlets/look'] button")
    until(lambda: "Nothing is added" in shown_text(desk), "nothing was looked up", 100)
    desk.keep("look-1280")
    desk.says("phare.example", "Feeds and sitemaps that work")
    assert desk.run.column("SELECT count(*) FROM outlets WHERE host = 'phare.example'") == [0]
    desk.tab.click("form.preview button")
    desk.says("phare.example is added with")


def pause_resume_and_remove_the_outlet(desk: Desk) -> None:
    """Pause an outlet, which a crawl then leaves alone, resume it, and remove it."""
    desk.tab.click("form[action$='/pause'] button")
    desk.says("Paused since")
    desk.keep("paused-1280")
    desk.run.crawl()
    asked = (
        "SELECT count(*) FROM fetches c JOIN urls u ON u.id = c.url_id WHERE u.url LIKE '%phare%'"
    )
    assert desk.run.column(asked) == [0]
    desk.open("/archive/-/outlet/phare.example")
    desk.tab.click("form[action$='/resume'] button")
    desk.says("phare.example is read again")
    desk.tab.click("form[action$='/remove'] button")
    desk.says("phare.example is removed")
    assert desk.run.column("SELECT count(*) FROM outlets WHERE host = 'phare.example'") == [0]


def save_a_search(desk: Desk) -> None:
    """Save a search, which the home page and the command then know."""
    desk.open("/archive/-/search?words=ferry&outlet=harbour.example")
    desk.fill("form[action$='/searches/save'] [name=name]", "Harbour news")
    desk.tab.click("form[action$='/searches/save'] button")
    desk.says("The search is saved as Harbour news.")
    desk.keep("saved-1280")
    desk.open("/archive/-/home")
    desk.says("Harbour news")
    desk.keep("home-1280")
    assert "harbour.example" in desk.run("search", "--saved", "Harbour news").stdout.lower()


KEY_CODES = {"j": 74, "k": 75, "o": 79, "s": 83, "n": 78, "/": 191, "?": 191, "Escape": 27}


def press(desk: Desk, key: str) -> None:
    text = {"text": key} if len(key) == 1 else {}
    code = {"key": key, "code": key, "windowsVirtualKeyCode": KEY_CODES[key]}
    desk.tab.send("Input.dispatchKeyEvent", type="keyDown", **code, **text)
    desk.tab.send("Input.dispatchKeyEvent", type="keyUp", **code)


def close_help(desk: Desk) -> None:
    """Close the help, which a browser does some time after the key."""
    press(desk, "Escape")
    until(lambda: not desk.tab.run("document.querySelector('dialog').open"), "the help stays open")


@pytest.mark.timeout(300)
def test_keys_move_among_the_articles_and_never_act_while_somebody_types(desk: Desk) -> None:
    sign_in(desk)
    desk.open("/archive/-/home")
    links = desk.tab.run(
        "[...document.querySelectorAll('main li a')].map(a => a.getAttribute('href'))"
        ".filter(path => /articles.[0-9]+$/.test(path))"
    )
    press(desk, "j")
    assert desk.focused() == links[0]
    press(desk, "j")
    assert desk.focused() == links[1]
    press(desk, "k")
    assert desk.focused() == links[0]
    press(desk, "/")
    assert desk.focused() == "words"
    press(desk, "j")  # typed
    assert desk.tab.run("document.activeElement.value") == "j"
    desk.tab.run("document.activeElement.blur()")
    press(desk, "?")
    assert desk.tab.run("document.querySelector('dialog').open")
    desk.keep("keys-1280")
    press(desk, "j")  # the dialog is open
    assert desk.tab.run("document.activeElement.closest('dialog') !== null")
    desk.tab.run("document.querySelector('dialog input').click()")  # off
    close_help(desk)
    press(desk, "/")
    assert desk.focused() != "words"
    desk.open("/archive/-/home")
    press(desk, "j")
    assert desk.focused() != links[0]
    desk.tab.run("[...document.querySelectorAll('footer button')].at(-1).click()")
    desk.tab.run("document.querySelector('dialog input').click()")  # on again
    close_help(desk)
    press(desk, "j")
    desk.tab.loaded = False
    press(desk, "o")
    desk.tab.wait_until_loaded()
    assert desk.tab.address().endswith(links[0])
    press(desk, "s")
    assert desk.focused() == "name"
    desk.tab.run("document.activeElement.blur()")
    press(desk, "n")
    assert desk.focused() == "text"
    assert desk.tab.problems == []


@pytest.mark.timeout(300)
def test_a_wrong_password_signs_nobody_in_and_no_page_shows_the_hashes(desk: Desk) -> None:
    desk.open("/-/login")
    desk.fill("[name=username]", "mara")
    desk.fill("[name=password]", "fog and herring")
    desk.tab.click("[name=password] ~ input[type=submit], form [type=submit]:not(.search *)")
    desk.says("Invalid username or password")
    sign_in(desk)
    for path in ("/-/metadata.json", "/-/plugins.json?all=1", "/-/config.json", "/-/settings.json"):
        desk.open(path)
        assert "pbkdf2" not in shown_text(desk), path
