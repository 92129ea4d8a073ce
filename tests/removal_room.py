"""An archive in which one article is mentioned in every table that can mention one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archive.archive import Archive
from archive.articles.stories import record_verdict, save_story
from archive.editing.notes import NoteSubject, add_note
from archive.frontier.urls import queue_leads
from archive.records import Article, Capture, Check, Lead
from archive.removal.remove_articles import RemovalOrder
from archive.storage.database import transaction
from pipelines.identity import identify_lead
from pipelines.keep import CheckBatches
from pipelines.policies import archive_policies
from pipelines.stages import run_stages
from pipelines.topics.stories import STORY_POLICY
from tests.news import NEWS, STRIKE

DECISIONS = archive_policies()
ORDER = RemovalOrder("letter of 3 March", "command", "mara")

STRIKE_TEXT = "\n".join(STRIKE)
BOX = "Zuvorkommend steht dieser Kasten unter jedem Bericht"
SECRET_WORDS = {
    "headline": "Kranzwimmel",
    "standfirst": "Dorfglimmer",
    "byline": "Ottokar Pfeilsang",
    "text": "Schluchtenquark",
    "the new text": "Wolkenmurmel",
    "the headline in the feed": "Vorabglocke",
    "the summary in the feed": "Kurzfassungel",
    "a note": "Randbemerkling",
}
"""Words that only the removed article has, by the place in which they are."""
SECRET_URL = "https://harbour.example/news/dockers-strike-471101"
COPY_URLS = ("https://ridge.example/a", "https://minato.example/b")


@dataclass(frozen=True)
class Told:
    """An article at an outlet."""

    url: str
    headline: str
    text: str
    at: str = "2024-02-15T10:00:00Z"
    canonical: str | None = None
    agency: str | None = None
    final_url: str | None = None
    standfirst: str | None = None
    byline: str | None = None

    @property
    def page(self) -> bytes:
        """The page that was served."""
        return f"<html><h1>{self.headline}</h1><p>{self.text}</p><!-- {self.at} --></html>".encode()

    def check(self) -> Check:
        """The check of a fetch of it."""
        capture = Capture(self.url, self.page, fetched_at=self.at, final_url=self.final_url)
        article = Article(
            self.final_url or self.url,
            canonical_url=self.canonical,
            headline=self.headline,
            standfirst=self.standfirst,
            byline=self.byline,
            agency=self.agency,
            language="en",
            text=self.text,
            word_count=len(self.text.split()),
            published_at=self.at,
            fetched_at=self.at,
            digest=capture.digest,
        )
        return run_stages(
            Check(
                self.url,
                "new",
                self.at,
                status=200,
                digest=capture.digest,
                capture=capture,
                article=article,
                final_url=self.final_url,
            )
        )


SECRET = Told(
    SECRET_URL,
    f"Dockers strike at {SECRET_WORDS['headline']}",
    f"{STRIKE_TEXT}\nThe {SECRET_WORDS['text']} was heard.\n{BOX}",
    canonical="https://harbour.example/2024/02/15/dockers-strike-471101",
    agency="AP",
    standfirst=f"A day in {SECRET_WORDS['standfirst']}",
    byline=SECRET_WORDS["byline"],
)
CHANGED = Told(
    SECRET_URL,
    SECRET.headline,
    f"{STRIKE_TEXT}\nThe {SECRET_WORDS['the new text']} was heard instead, and nobody left.\n{BOX}",
    at="2024-02-15T18:00:00Z",
    canonical=SECRET.canonical,
    agency="AP",
    standfirst=SECRET.standfirst,
    byline=SECRET.byline,
)
COPIES = tuple(
    Told(
        url, f"Cranes stand still, says paper {number}", STRIKE_TEXT, f"2024-02-15T1{number}:00:00Z"
    )
    for number, url in enumerate(COPY_URLS, 1)
)
OTHERS = tuple(
    Told(f"https://harbour.example/news/{number}", f"Report {number}", f"{text}\n{BOX}",
         f"2024-02-1{number + 1}T08:00:00Z")
    for number, text in enumerate(NEWS)
)  # fmt: skip
OLDER_OTHERS, NEWER_OTHERS = OTHERS[:2], OTHERS[2:]


def arrive(archive: Archive, *told: Told) -> list[str]:
    """Write the checks of articles one by one; return their outcomes."""
    batches, outcomes = CheckBatches(archive), []
    batches.on_written = lambda _, outcome: outcomes.append(outcome)
    for each in told:
        batches.add(each.check())
        batches.flush()
    return outcomes


def article_id(archive: Archive, url: str) -> int | None:
    """The id of the article at a URL."""
    row = archive.db.execute("SELECT article_id FROM urls WHERE url = ?", (url,)).fetchone()
    return row["article_id"] if row else None


def fill_with_secret(folder: Path) -> int:
    """Fill an archive so that every table mentions one article; return its id."""
    with Archive(folder) as archive:
        lead = Lead(SECRET_URL, via="feed", headline=SECRET_WORDS["the headline in the feed"],
                    lede=SECRET_WORDS["the summary in the feed"])  # fmt: skip
        with transaction(archive.db) as db:
            queue_leads(db, [identify_lead(lead)])
        arrive(archive, *OLDER_OTHERS, SECRET, *COPIES, *NEWER_OTHERS, CHANGED)
        secret = article_id(archive, SECRET_URL)
        assert secret is not None
        with transaction(archive.db) as db:
            _mention(db, secret)
    return secret


def _mention(db, secret: int) -> None:  # type: ignore[no-untyped-def]
    """Mention the article where arriving does not."""
    [other] = db.execute("SELECT id FROM articles WHERE url = ?", (OTHERS[0].url,)).fetchone()
    [event] = db.execute(
        "SELECT event_id FROM event_articles WHERE article_id = ?", (secret,)
    ).fetchone()
    story = save_story(db, "dock-strike", [secret, other], STORY_POLICY)
    record_verdict(db, story, [other], True, STORY_POLICY)
    db.execute("UPDATE story_articles SET nearest_id = ? WHERE article_id = ?", (secret, other))
    add_note(db, NoteSubject("article", secret), f"My {SECRET_WORDS['a note']}", "mara")
    add_note(db, NoteSubject("event", event), "The event of the strike", "mara")
    db.execute("UPDATE notes SET article_id = ? WHERE subject = 'event'", (secret,))
    # of an earlier text and date
    db.execute("INSERT INTO shingles VALUES (99, ?)", (secret,))
    db.execute("INSERT INTO strong_terms VALUES (?, 1, ?)", (SECRET_WORDS["text"].lower(), secret))
    db.execute("INSERT INTO relations VALUES (?, ?, 'template', '', 0, 0, 0)", (secret, other))
    db.execute("UPDATE shared_texts SET original_id = ?", (secret,))
    db.execute(
        "INSERT INTO unconfirmed_revisions (article_id, seen_at, text) VALUES (?, '', ?)",
        (secret, SECRET_WORDS["text"]),
    )
    db.execute("UPDATE urls SET leads_to = ? WHERE article_id = ? AND url = ?",
               (secret, other, OTHERS[0].url))  # fmt: skip
    db.execute(
        """INSERT INTO alerts (kind, created_at, after_article_id, after_revision_id)
        VALUES ('search', '', 0, 0)"""
    )
    db.execute("INSERT INTO alert_targets (alert_id, label) VALUES (1, 'mail')")
    db.execute("INSERT INTO alert_items (alert_id, kind, subject_id, found_at) VALUES (1, 'article', ?, '')",
               (secret,))  # fmt: skip
    db.execute("INSERT INTO alert_deliveries (target_id, item_id) VALUES (1, 1)")
    db.execute("INSERT INTO deposits (article_id, service, url, state) VALUES (?, 'wayback', ?, 'waiting')",
               (secret, SECRET_URL))  # fmt: skip
    db.execute("INSERT OR IGNORE INTO boilerplate_candidates (outlet_id, line_hash, article_id) VALUES (1, 7, ?)",
               (secret,))  # fmt: skip
    db.execute("INSERT OR IGNORE INTO removed_lines (article_id, line_number, line_hash) VALUES (?, 90, 7)",
               (secret,))  # fmt: skip
    db.execute("INSERT OR IGNORE INTO boilerplate_lines (outlet_id, line_hash, text, article_id) VALUES (1, 8, ?, ?)",
               (SECRET_WORDS["text"], secret))  # fmt: skip
