"""The archive's tables, as a page to read.

`archive.db` is what people browse and what the crawler needs, in one file, so that an article and
the word that its URL is done are written in one transaction. `captures.db` holds the pages as they
came.

A released step is never edited: a change is a new one at the end, with a line in the changelog.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

TABLES = """
-- A news publication, known by its host.
CREATE TABLE outlets (
  id INTEGER PRIMARY KEY,
  host TEXT NOT NULL UNIQUE,
  name TEXT,
  language TEXT,              -- ISO 639-1
  country TEXT,               -- ISO 3166-1
  added_at TEXT NOT NULL
);

-- One row an article; nothing is dropped as a duplicate, copies are related in `relations`.
CREATE TABLE articles (
  id INTEGER PRIMARY KEY,
  outlet_id INTEGER NOT NULL REFERENCES outlets(id),
  url TEXT NOT NULL,          -- where it was read
  canonical_url TEXT,         -- as the page declares it; another domain's is a hint and no more
  headline TEXT,
  page_title TEXT,            -- the HTML title
  standfirst TEXT,            -- where the page shows it above its text, the text begins with it too
  byline TEXT,                -- as printed
  authors TEXT NOT NULL DEFAULT '[]',   -- as parsed: a JSON list of people; a body where nobody else is named
  agency TEXT,                -- AP, Reuters, AFP, Yonhap …
  dateline TEXT,              -- "SEOUL, South Korea (AP)"
  section TEXT,
  language TEXT,              -- ISO 639-1
  published_at TEXT,          -- UTC with Z; without it the page's own clock; a day alone if no more is known
  published_raw TEXT,         -- as the page writes it
  modified_at TEXT,
  modified_raw TEXT,
  fetched_at TEXT NOT NULL,   -- UTC
  text TEXT NOT NULL,         -- paragraphs parted by a line feed
  word_count INTEGER NOT NULL DEFAULT 0,
  image_url TEXT,
  free INTEGER,               -- isAccessibleForFree: 0 marks a paywall
  digest TEXT,                -- the capture that it was read from: bodies.digest in captures.db
  extractor TEXT,             -- what read it
  fingerprint TEXT NOT NULL DEFAULT '',  -- of the text; equal texts have equal ones
  bigrams TEXT                -- Chinese, Japanese, Korean and Thai as pairs of characters, for the search
);
CREATE INDEX articles_by_outlet ON articles(outlet_id, published_at);
CREATE INDEX articles_by_published_at ON articles(published_at);
CREATE INDEX articles_by_fetched_at ON articles(fetched_at);
CREATE INDEX articles_by_fingerprint ON articles(fingerprint);

-- Every address seen: what it is to which article, and the frontier of the crawls.
CREATE TABLE urls (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL UNIQUE,   -- as it is fetched
  url_key TEXT NOT NULL,      -- by which it is looked up; never fetched
  kind TEXT NOT NULL DEFAULT 'page' CHECK (kind IN ('page', 'feed', 'sitemap')),
  outlet_id INTEGER NOT NULL REFERENCES outlets(id),
  article_id INTEGER REFERENCES articles(id),
  role TEXT NOT NULL DEFAULT 'requested',  -- requested, redirect, canonical, og:url, amphtml …
  via TEXT,                   -- feed, news sitemap, sitemap, given, link, import, or a search service
  found_on TEXT,              -- the feed, sitemap or page that named it
  listed_as TEXT,             -- as the lead had it, where url leaves out what only tracks
  found_at TEXT NOT NULL,
  headline TEXT,              -- what the lead said before the page was fetched
  published_at TEXT,
  modified_at TEXT,           -- a sitemap's lastmod, a feed's updated
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'leased', 'done', 'failed')),
  due_at TEXT,                -- when it is to be looked at again; NULL: when somebody points to it
  tries INTEGER NOT NULL DEFAULT 0,  -- failures in a row
  checked_at TEXT,            -- the newest check, in short: its moment, outcome, status and reason
  outcome TEXT,
  status INTEGER,
  reason TEXT,
  etag TEXT,                  -- validators for the next request
  last_modified TEXT,
  digest TEXT                 -- of the newest body
);
CREATE INDEX urls_by_key ON urls(url_key);
CREATE INDEX urls_by_article ON urls(article_id);
CREATE INDEX urls_waiting ON urls(outlet_id, id) WHERE state IN ('pending', 'leased');
CREATE INDEX urls_due ON urls(due_at) WHERE due_at IS NOT NULL;
CREATE INDEX urls_amiss ON urls(outcome, checked_at) WHERE outcome IN ('failed', 'refused', 'gone', 'not article');
CREATE INDEX urls_of_sources ON urls(kind, outlet_id) WHERE kind <> 'page';

-- A row for every look at a URL, whatever came of it.
CREATE TABLE checks (
  id INTEGER PRIMARY KEY,
  url_id INTEGER NOT NULL REFERENCES urls(id),
  crawl_id INTEGER REFERENCES crawls(id),
  checked_at TEXT NOT NULL,
  outcome TEXT NOT NULL,      -- new, changed, unchanged, listed, not article, gone, failed, refused
  status INTEGER,             -- HTTP
  reason TEXT,
  final_url TEXT,             -- where redirects led
  etag TEXT,
  last_modified TEXT,
  digest TEXT,
  size INTEGER,               -- bytes of the body
  seconds REAL
);
CREATE INDEX checks_by_url ON checks(url_id, checked_at);
CREATE INDEX checks_by_crawl ON checks(crawl_id);

-- Which articles are one text, or share it.
CREATE TABLE relations (
  article_id INTEGER NOT NULL REFERENCES articles(id),
  other_id INTEGER NOT NULL REFERENCES articles(id),  -- the earlier in the archive
  kind TEXT NOT NULL,         -- identical, copy, excerpt, extends, template, overlap
  found_at TEXT NOT NULL,
  PRIMARY KEY (article_id, other_id)
) WITHOUT ROWID;
CREATE INDEX relations_by_other ON relations(other_id);

-- One run of the crawler.
CREATE TABLE crawls (
  id INTEGER PRIMARY KEY,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  state TEXT NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'finished', 'stopped', 'interrupted')),
  command TEXT,               -- what was asked for
  reason TEXT                 -- why it stopped before its end
);

-- Full text search: the words of headline, standfirst, byline and text; bigrams where words have no spaces.
CREATE VIRTUAL TABLE articles_fts USING fts5(
  headline, standfirst, byline, text, bigrams,
  content="articles", content_rowid="id", tokenize="unicode61 remove_diacritics 2 categories 'L* N* Co M*'"
);
CREATE TRIGGER articles_fts_insert AFTER INSERT ON articles BEGIN
  INSERT INTO articles_fts(rowid, headline, standfirst, byline, text, bigrams)
  VALUES (new.id, new.headline, new.standfirst, new.byline, new.text, new.bigrams);
END;
CREATE TRIGGER articles_fts_delete AFTER DELETE ON articles BEGIN
  INSERT INTO articles_fts(articles_fts, rowid, headline, standfirst, byline, text, bigrams)
  VALUES ('delete', old.id, old.headline, old.standfirst, old.byline, old.text, old.bigrams);
END;
CREATE TRIGGER articles_fts_update AFTER UPDATE OF headline, standfirst, byline, text, bigrams ON articles
WHEN (old.headline, old.standfirst, old.byline, old.text, old.bigrams)
  IS NOT (new.headline, new.standfirst, new.byline, new.text, new.bigrams)
BEGIN
  INSERT INTO articles_fts(articles_fts, rowid, headline, standfirst, byline, text, bigrams)
  VALUES ('delete', old.id, old.headline, old.standfirst, old.byline, old.text, old.bigrams);
  INSERT INTO articles_fts(rowid, headline, standfirst, byline, text, bigrams)
  VALUES (new.id, new.headline, new.standfirst, new.byline, new.text, new.bigrams);
END;

-- What people look through: every article with its outlet, without the long columns.
CREATE VIEW coverage AS
SELECT a.id, a.published_at, o.host AS outlet, a.headline, a.byline, a.agency, a.section, a.language, a.word_count,
       a.url, a.fetched_at
FROM articles a JOIN outlets o ON o.id = a.outlet_id;
"""

COPIES = """
-- By which an article's text is found again: some hashes of it; one that eight texts hold is boilerplate and not added.
CREATE TABLE shingles (
  hash INTEGER NOT NULL,      -- 32 bits, signed
  article_id INTEGER NOT NULL,
  PRIMARY KEY (hash, article_id)
) WITHOUT ROWID;

-- Which way of making hashes they were made; without a row, none were made yet.
CREATE TABLE sketches (
  version INTEGER PRIMARY KEY
);

-- How much two articles share.
ALTER TABLE relations ADD COLUMN coverage REAL;        -- share of the article's text that the other has
ALTER TABLE relations ADD COLUMN other_coverage REAL;  -- share of the other's text that the article has
ALTER TABLE relations ADD COLUMN facts REAL;           -- share of numbers and names that agree

-- Reports that went round: the versions of one text, whoever printed them. An article with a text of its own has none.
CREATE TABLE texts (
  id INTEGER PRIMARY KEY,
  original_id INTEGER NOT NULL REFERENCES articles(id)  -- the agency's own, else the earliest
);

-- Which article is a version of which text.
CREATE TABLE versions (
  article_id INTEGER PRIMARY KEY REFERENCES articles(id),
  text_id INTEGER NOT NULL REFERENCES texts(id),
  outlet_id INTEGER NOT NULL  -- the article's, to count the outlets without reading the articles
);
CREATE INDEX versions_by_text ON versions(text_id, outlet_id);

-- Every article with its original (itself, if it is nobody's copy) and in how many other outlets that text stands.
CREATE VIEW folded(id, original_id, other_outlets) AS
SELECT a.id, coalesce(t.original_id, a.id),
       CASE WHEN t.id IS NULL THEN 0 ELSE (
         SELECT count(DISTINCT w.outlet_id) - 1 FROM versions w WHERE w.text_id = t.id
       ) END
FROM articles a LEFT JOIN versions v ON v.article_id = a.id LEFT JOIN texts t ON t.id = v.text_id;
"""

REVISIONS = """
-- Every text of the articles that changed. What never changed has no row here; the newest text is in articles too.
CREATE TABLE revisions (
  id INTEGER PRIMARY KEY,
  article_id INTEGER NOT NULL REFERENCES articles(id),
  number INTEGER NOT NULL,    -- 1 as first seen
  seen_at TEXT NOT NULL,      -- when it was first seen so, UTC
  kinds TEXT NOT NULL DEFAULT '[]',  -- what changed: a JSON list; headline, body, correction, cut, gone, restored …
  stealth INTEGER NOT NULL DEFAULT 0,  -- 1: it changed while the date that the page gives did not
  restores INTEGER,           -- the number of the earlier revision that it is again
  words_added INTEGER,        -- in the text; characters where blanks do not part words
  words_removed INTEGER,
  headline TEXT,
  standfirst TEXT,
  byline TEXT,                -- as printed
  authors TEXT NOT NULL DEFAULT '[]', -- as parsed: a JSON list of people; a body where nobody else is named
  text TEXT NOT NULL,         -- paragraphs parted by a line feed; nothing where the article was gone
  fingerprint TEXT NOT NULL DEFAULT '',
  published_at TEXT,          -- as the page said then
  modified_at TEXT,
  digest TEXT,                -- the capture that it was read from: bodies.digest in captures.db
  extractor TEXT,             -- what read it
  UNIQUE (article_id, number)
);
CREATE INDEX revisions_by_seen_at ON revisions(seen_at);

-- Readings that lack most of an article's text: they count once a second look brings the same.
CREATE TABLE held (
  article_id INTEGER PRIMARY KEY REFERENCES articles(id),
  seen_at TEXT NOT NULL,
  text TEXT NOT NULL,
  digest TEXT                 -- the capture that it was read from
);
"""

EVENTS = """
-- How many articles of a language there are, by which rare terms are told from common ones.
CREATE TABLE languages (
  language TEXT PRIMARY KEY,  -- ISO 639-1; '' where it was not found
  articles INTEGER NOT NULL
) WITHOUT ROWID;

-- How many of them hold a term: a stem, or a pair of characters where words have no spaces.
CREATE TABLE vocabulary (
  language TEXT NOT NULL,
  term TEXT NOT NULL,
  articles INTEGER NOT NULL,
  PRIMARY KEY (language, term)
) WITHOUT ROWID;

-- Which way of making terms they were made; without a row, the events are made anew.
CREATE TABLE term_versions (
  version INTEGER PRIMARY KEY
);

-- The best terms of an article, by which it is compared.
CREATE TABLE article_words (
  article_id INTEGER PRIMARY KEY REFERENCES articles(id),
  language TEXT,              -- under which they were counted
  weights TEXT NOT NULL       -- JSON: term → how often, five times as much in the headline
);

-- By which an article is found again: its strongest terms. Copies are found through their original.
CREATE TABLE strong_terms (
  term TEXT NOT NULL,
  day INTEGER NOT NULL,       -- published, in days since 1970; -1000000 where that is not known
  article_id INTEGER NOT NULL,
  PRIMARY KEY (term, day, article_id)
) WITHOUT ROWID;

-- Articles of one happening: what it is about, and when.
CREATE TABLE events (
  id INTEGER PRIMARY KEY REFERENCES articles(id),  -- of the article that started it
  articles INTEGER NOT NULL,
  texts INTEGER NOT NULL,     -- articles that are no copies
  dated INTEGER NOT NULL,     -- texts that have a date
  day REAL,                   -- their middle, in days since 1970
  first_at TEXT NOT NULL,     -- of the articles: published, else fetched
  last_at TEXT NOT NULL,
  length REAL NOT NULL,       -- of the next, as a vector
  terms TEXT NOT NULL,        -- JSON: the strongest terms, their weights summed over the texts
  tidied INTEGER NOT NULL DEFAULT 0  -- 1: looked at by a tidy since the last article joined
);
CREATE INDEX events_by_last_at ON events(last_at);
CREATE INDEX events_untidied ON events(texts) WHERE tidied = 0;

-- Which event an article belongs to, and why.
CREATE TABLE event_articles (
  article_id INTEGER PRIMARY KEY REFERENCES articles(id),
  event_id INTEGER NOT NULL REFERENCES events(id),
  joined TEXT NOT NULL,       -- first, words, keys, copy, tidy
  score REAL,                 -- how well it fitted; NULL: it was the first, or a copy
  terms TEXT NOT NULL DEFAULT '[]'  -- JSON: what it had in common with the event, the strongest first
);
CREATE INDEX event_articles_by_event ON event_articles(event_id);

-- When small events were last looked at again, and how many went into others.
CREATE TABLE tidies (
  tidied_at TEXT NOT NULL,
  events INTEGER NOT NULL,
  moved INTEGER NOT NULL
);

-- The articles of each event, with the reason.
CREATE VIEW event_coverage AS
SELECT m.event_id, a.id, a.published_at, o.host AS outlet, a.headline, m.joined, m.score, m.terms
FROM event_articles m JOIN articles a ON a.id = m.article_id JOIN outlets o ON o.id = a.outlet_id;
"""

STORIES = """
-- What a person follows: a profile made of the articles that belong for certain.
CREATE TABLE stories (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,  -- as commands call it: small letters, digits, hyphens
  title TEXT NOT NULL,        -- as people read it
  words TEXT,                 -- that a person gave besides the articles
  languages TEXT NOT NULL DEFAULT '[]',  -- only these: a JSON list of ISO 639-1; empty: any
  since TEXT,                 -- only what was published in this window
  until TEXT,
  hosts TEXT NOT NULL DEFAULT '[]',  -- only these outlets: a JSON list; empty: all
  terms TEXT NOT NULL DEFAULT '[]',  -- the profile's best: a JSON list of stems, by which articles are found
  newest_id INTEGER NOT NULL DEFAULT 0,  -- the newest article when all of the archive was last held against it
  created_at TEXT NOT NULL
);

-- Which articles belong to which story, and why. What a person said of them is final.
CREATE TABLE story_articles (
  story_id INTEGER NOT NULL REFERENCES stories(id),
  article_id INTEGER NOT NULL REFERENCES articles(id),
  score REAL,                 -- how well it fits the profile, 0 to 1
  strong INTEGER NOT NULL DEFAULT 0,  -- 1: the score leaves little doubt
  terms TEXT NOT NULL DEFAULT '[]',  -- what they have in common, the strongest first: a JSON list of stems
  verdict TEXT CHECK (verdict IN ('belongs', 'not')),  -- a person's; NULL: listed by its score
  judged_at TEXT,             -- when the person said so
  found_at TEXT NOT NULL,
  vector TEXT,                -- of an article that belongs: what the profile takes of it, JSON, term → weight
  PRIMARY KEY (story_id, article_id)
) WITHOUT ROWID;
CREATE INDEX story_articles_by_article ON story_articles(article_id, verdict);

-- Pages of which a person said that they belong or do not, and that the archive does not have yet.
CREATE TABLE story_urls (
  story_id INTEGER NOT NULL REFERENCES stories(id),
  url_key TEXT NOT NULL,      -- by which it is looked up
  url TEXT NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('belongs', 'not')),
  PRIMARY KEY (story_id, url_key)
) WITHOUT ROWID;
CREATE INDEX story_urls_by_key ON story_urls(url_key);

-- The coverage of each story: all that belongs, versions of one text by one `original_id`. What a person rejected is
-- left out, and so are versions of it of which nobody said anything.
CREATE VIEW story_coverage(story_id, story, id, original_id, score, strong, verdict, terms, outlet, outlet_name,
  headline, published_at, language, url) AS
SELECT s.id, s.name, a.id, coalesce(t.original_id, a.id), m.score, m.strong, m.verdict, m.terms, o.host, o.name,
       a.headline, a.published_at, a.language, a.url
FROM story_articles m JOIN stories s ON s.id = m.story_id JOIN articles a ON a.id = m.article_id
JOIN outlets o ON o.id = a.outlet_id
LEFT JOIN versions v ON v.article_id = a.id LEFT JOIN texts t ON t.id = v.text_id
WHERE m.verdict = 'belongs' OR (m.verdict IS NULL AND m.score IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM versions w JOIN story_articles n ON n.article_id = w.article_id
  WHERE w.text_id = v.text_id AND n.story_id = m.story_id AND n.verdict = 'not'
));
"""

LEDES = """
ALTER TABLE urls ADD COLUMN lede TEXT;  -- the first words, as the lead gave them

-- How many of the newest leads hold a term, counted anew by a crawl that follows a story.
CREATE TABLE lead_vocabulary (
  language TEXT NOT NULL,     -- ISO 639-1; '' where it is not known
  term TEXT NOT NULL,         -- '' counts all leads of the language
  leads INTEGER NOT NULL,
  PRIMARY KEY (language, term)
) WITHOUT ROWID;
"""

PAUSES = """
-- Sites that asked to be left alone, or did not answer: nothing is asked of them before that moment.
CREATE TABLE pauses (
  site TEXT PRIMARY KEY,      -- scheme, host and port: https://www.harbour.example
  until TEXT NOT NULL,        -- UTC
  reason TEXT NOT NULL
) WITHOUT ROWID;
"""

SCHEDULE = """
-- Of a feed or sitemap: how long it is left alone as a rule, and why it is due when it is.
ALTER TABLE urls ADD COLUMN interval_seconds INTEGER;
ALTER TABLE urls ADD COLUMN due_why TEXT;
CREATE INDEX urls_by_found_on ON urls(found_on, id) WHERE found_on IS NOT NULL;
"""

HABITS = """
-- Lines that an outlet repeats around its articles: they stood in three different pieces of news, and are left out.
CREATE TABLE habits (
  outlet_id INTEGER NOT NULL REFERENCES outlets(id),
  line INTEGER NOT NULL,      -- a hash of the line, in which all numbers are one
  text TEXT NOT NULL,         -- as it stood in the article that made it a habit
  article_id INTEGER NOT NULL,  -- that article
  PRIMARY KEY (outlet_id, line)
) WITHOUT ROWID;

-- Lines that stood in one or two pieces of news of an outlet so far, and in which.
CREATE TABLE seen_lines (
  outlet_id INTEGER NOT NULL,
  line INTEGER NOT NULL,      -- as in habits
  article_id INTEGER NOT NULL,
  PRIMARY KEY (outlet_id, line, article_id)
) WITHOUT ROWID;

-- What was left out of an article's text, and where it stood.
CREATE TABLE left_out (
  article_id INTEGER NOT NULL,
  place INTEGER NOT NULL,     -- the number of the line in the text as it was read, from 0
  line INTEGER NOT NULL,      -- its words stand in habits
  PRIMARY KEY (article_id, place)
) WITHOUT ROWID;
"""

IDENTITY = """
-- The article that the address leads to now, where that is another one than article_id, which stood there before.
ALTER TABLE urls ADD COLUMN leads_to INTEGER REFERENCES articles(id);
CREATE INDEX urls_by_leads_to ON urls(leads_to) WHERE leads_to IS NOT NULL;

-- The feed or sitemap whose date of a change made the page wait.
ALTER TABLE urls ADD COLUMN hinted_by TEXT;
CREATE INDEX urls_by_hint ON urls(hinted_by) WHERE hinted_by IS NOT NULL;

-- How often in a row a page was looked at because a feed or sitemap gave it a newer date, and had not changed.
CREATE TABLE hints (
  source TEXT PRIMARY KEY,    -- the address of the feed, or of the sitemap or index that is listed for the outlet
  wrong INTEGER NOT NULL      -- from six on its dates count no more, save for a sample; a right one begins anew
) WITHOUT ROWID;

-- How an article was gone: the status, or where its address leads.
ALTER TABLE revisions ADD COLUMN how TEXT;

-- What the page itself says of its publication, whatever a feed adds; '' if nothing, NULL if that is not known.
ALTER TABLE articles ADD COLUMN stated_at TEXT;
ALTER TABLE revisions ADD COLUMN stated_at TEXT;
"""

FOLDING = """
-- Words are found without soft hyphens, vowel signs and the like: they stand folded beside the pairs of characters.
UPDATE articles SET bigrams = search_bigrams(searched(headline, standfirst, byline, text))
WHERE search_differs(searched(headline, standfirst, byline, text));
"""
"""The functions are `archive.storage.database`'s own, known while it migrates."""

FOUND_OUT = """
-- What was found out about outlets when they were looked up, by which a catalogue's facts are mended.
CREATE TABLE outlet_lookups (
  host TEXT PRIMARY KEY,      -- that was looked up, without www.
  looked_up_at TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('works', 'moved', 'gone', 'unreachable')),
  found_host TEXT,            -- where it answers; another one, where it moved
  feeds TEXT NOT NULL DEFAULT '[]',     -- that worked: a JSON list of addresses
  sitemaps TEXT NOT NULL DEFAULT '[]',
  reason TEXT                 -- why it is not there
) WITHOUT ROWID;

-- Outlets that search services named for a story.
CREATE TABLE story_outlets (
  story_id INTEGER NOT NULL REFERENCES stories(id),
  host TEXT NOT NULL,         -- without www.
  service TEXT NOT NULL,      -- as people call it
  pages INTEGER NOT NULL,     -- that it named
  PRIMARY KEY (story_id, host, service)
) WITHOUT ROWID;
"""

KEYS = """
-- What an article is known by in any language: places, names by their sound, numbers, words of common origin.
CREATE TABLE article_keys (
  article_id INTEGER PRIMARY KEY REFERENCES articles(id),
  language TEXT NOT NULL,     -- ISO 639-1; '' where it was not found
  day INTEGER NOT NULL,       -- as in strong_keys
  counted INTEGER NOT NULL,   -- 0: it is a copy, and the article that is counted stands for it
  keys TEXT NOT NULL          -- JSON: key → how often, twice as much in the headline
);

-- By which an article is found again: its strongest keys. Copies are found through their original.
CREATE TABLE strong_keys (
  key TEXT NOT NULL,          -- @ a place, ~ a sound, # a number, = a root
  day INTEGER NOT NULL,       -- published, in days since 1970; -1000000 where that is not known
  article_id INTEGER NOT NULL,
  language TEXT NOT NULL,     -- of the article
  PRIMARY KEY (key, day, article_id)
) WITHOUT ROWID;

-- How many articles hold a key, in any language.
CREATE TABLE key_counts (
  key TEXT PRIMARY KEY,       -- '' counts all articles
  articles INTEGER NOT NULL
) WITHOUT ROWID;

-- Which way of making keys they were made; without a row, all are made anew.
CREATE TABLE key_versions (
  version INTEGER PRIMARY KEY
);
"""

SEARCHED = """
-- Where a story was looked for: each outlet as the last crawl for it found it, and those that were only suggested.
CREATE TABLE story_searches (
  story_id INTEGER NOT NULL REFERENCES stories(id) ON DELETE CASCADE,
  host TEXT NOT NULL,         -- without www.
  state TEXT NOT NULL CHECK (state IN ('answered', 'failed', 'not asked')),
  reason TEXT,                -- what was wrong, or what else is to be said of it
  suggested TEXT,             -- why it was suggested; NULL: the archive had it already
  since TEXT,                 -- the days for which its lists were read
  until TEXT,                 -- NULL: to the day of the search
  requests INTEGER NOT NULL DEFAULT 0,  -- in all crawls for the story
  searched_at TEXT NOT NULL,
  PRIMARY KEY (story_id, host)
) WITHOUT ROWID;

-- How the last crawl for a story ended.
CREATE TABLE story_ends (
  story_id INTEGER PRIMARY KEY REFERENCES stories(id) ON DELETE CASCADE,
  ended_at TEXT NOT NULL,
  reason TEXT,                -- why it stopped
  next TEXT                   -- what a person could do next
);
"""

CAPTURE_TABLES = """
-- Bodies by their digest: one that comes again is kept once.
CREATE TABLE bodies (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,  -- SHA-256 in hexadecimal, of the body as it was served, content encoding undone
  size INTEGER NOT NULL,      -- bytes before compression
  body BLOB NOT NULL          -- zstandard
);

-- Responses as they came.
CREATE TABLE captures (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL,          -- as requested
  fetched_at TEXT NOT NULL,
  status INTEGER NOT NULL,
  final_url TEXT,
  redirects TEXT NOT NULL DEFAULT '[]',  -- the URLs hopped through, a JSON list
  headers TEXT NOT NULL DEFAULT '[]',    -- [[name, value], …] as they came
  digest TEXT NOT NULL REFERENCES bodies(digest)
);
CREATE INDEX captures_by_url ON captures(url, fetched_at);
"""


DELTAS = """
-- The body that this one is a delta to, kept whole; NULL: it is whole itself. What others refer to is not deleted.
ALTER TABLE bodies ADD COLUMN base TEXT REFERENCES bodies(digest);
CREATE INDEX bodies_by_base ON bodies(base) WHERE base IS NOT NULL;
"""


WAITING = """
-- By which the next pages of an outlet are found without a look at all that wait, and those under way.
CREATE INDEX urls_next ON urls(outlet_id, published_at DESC, id) WHERE state = 'pending';
CREATE INDEX urls_leased ON urls(outlet_id) WHERE state = 'leased';
CREATE INDEX urls_under_way ON urls(url_key) WHERE state = 'leased';
CREATE INDEX urls_read ON urls(url_key) WHERE article_id IS NOT NULL;
"""


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of one file, as the steps that led to them: a name, and SQL that is run once."""

    name: str
    steps: tuple[tuple[str, str], ...]
    cache: int = 2_000
    """KiB of the file that a writer keeps in memory."""


MEMBERSHIP = """
DROP VIEW story_coverage;
ALTER TABLE story_articles ADD COLUMN probability REAL;  -- that it belongs, 0 to 1; NULL: not judged yet
ALTER TABLE story_articles ADD COLUMN tier TEXT CHECK (tier IN ('sure', 'likely', 'perhaps'));
ALTER TABLE story_articles ADD COLUMN part TEXT CHECK (part IN ('event', 'development', 'background'));
ALTER TABLE story_articles ADD COLUMN nearest_id INTEGER;  -- the listed article that it is most like
UPDATE story_articles SET tier = CASE WHEN strong THEN 'sure' ELSE 'likely' END WHERE score IS NOT NULL;
ALTER TABLE story_articles DROP COLUMN score;
ALTER TABLE story_articles DROP COLUMN strong;
ALTER TABLE stories ADD COLUMN learnt TEXT;  -- by which the next arrivals and leads are judged: JSON
ALTER TABLE stories ADD COLUMN stale INTEGER NOT NULL DEFAULT 1;  -- 1: to be listed again after the next crawl
ALTER TABLE article_words ADD COLUMN opening TEXT;  -- the terms of its opening, counted when a story first asks: JSON

-- The coverage of each story: all that belongs, versions of one text by one `original_id`. What a person rejected is
-- left out, and so are versions of it of which nobody said anything. What only perhaps belongs is in `story_perhaps`.
CREATE VIEW story_coverage(story_id, story, id, original_id, probability, tier, part, verdict, terms, nearest_id,
  outlet, outlet_name, headline, published_at, language, url) AS
SELECT s.id, s.name, a.id, coalesce(t.original_id, a.id), m.probability, m.tier, m.part, m.verdict, m.terms,
       m.nearest_id, o.host, o.name, a.headline, a.published_at, a.language, a.url
FROM story_articles m JOIN stories s ON s.id = m.story_id JOIN articles a ON a.id = m.article_id
JOIN outlets o ON o.id = a.outlet_id
LEFT JOIN versions v ON v.article_id = a.id LEFT JOIN texts t ON t.id = v.text_id
WHERE m.verdict = 'belongs' OR (m.verdict IS NULL AND m.tier IN ('sure', 'likely') AND NOT EXISTS (
  SELECT 1 FROM versions w JOIN story_articles n ON n.article_id = w.article_id
  WHERE w.text_id = v.text_id AND n.story_id = m.story_id AND n.verdict = 'not'
));

-- What lies just below what is listed, for a person to say.
CREATE VIEW story_perhaps(story_id, story, id, probability, terms, nearest_id, outlet, outlet_name, headline,
  published_at, language, url) AS
SELECT s.id, s.name, a.id, m.probability, m.terms, m.nearest_id, o.host, o.name, a.headline, a.published_at,
       a.language, a.url
FROM story_articles m JOIN stories s ON s.id = m.story_id JOIN articles a ON a.id = m.article_id
JOIN outlets o ON o.id = a.outlet_id
WHERE m.verdict IS NULL AND m.tier = 'perhaps';
"""

ARCHIVE = Schema(
    "dateline.archive",
    (
        ("m001_first_tables", TABLES),
        ("m002_copies", COPIES),
        ("m003_revisions", REVISIONS),
        ("m004_events", EVENTS),
        ("m005_stories", STORIES),
        ("m006_ledes", LEDES),
        ("m007_politeness", PAUSES),
        ("m008_schedule", SCHEDULE),
        ("m009_habits", HABITS),
        ("m010_identity", IDENTITY),
        ("m011_folding", FOLDING),
        ("m012_what_waits", WAITING),
        ("m013_outlet_lookups", FOUND_OUT),
        ("m014_keys", KEYS),
        ("m015_story_searches", SEARCHED),
        ("m016_membership", MEMBERSHIP),
    ),
    cache=24_000,  # the index of shared passages is asked at random
)
CAPTURES = Schema(
    "dateline.captures", (("c001_first_tables", CAPTURE_TABLES), ("c002_deltas", DELTAS))
)


def statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one: `executescript` would commit the transaction that it
    runs in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
