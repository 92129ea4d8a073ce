"""The tables of the archive, written as a page to read.

`archive.db` holds what people browse and the state of the crawler in one file, so that an article
and the mark that its URL is done are written in one transaction. `captures.db` holds the fetched
pages.

The comments become the descriptions of tables and columns in docs/tables.md and in Datasette. A
released step is never edited, except for the wording of its comments: a change is a new step at the
end, with a line in the changelog. The first steps use names that step m017 changes; the comments use
the new ones.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

FIRST_TABLES = """
-- A news publication, known by its host.
CREATE TABLE outlets (
  id INTEGER PRIMARY KEY,
  host TEXT NOT NULL UNIQUE,
  name TEXT,
  language TEXT,              -- ISO 639-1
  country TEXT,               -- ISO 3166-1
  added_at TEXT NOT NULL
);

-- One row for each article. Duplicates are kept too; `relations` says which articles are copies.
CREATE TABLE articles (
  id INTEGER PRIMARY KEY,
  outlet_id INTEGER NOT NULL REFERENCES outlets(id),
  url TEXT NOT NULL,          -- the URL that it was extracted from
  canonical_url TEXT,         -- as the page declares it; a URL of another domain is only a hint
  headline TEXT,
  page_title TEXT,            -- the HTML title
  standfirst TEXT,            -- if the page shows it above the text, `text` begins with it as well
  byline TEXT,                -- as printed
  authors TEXT NOT NULL DEFAULT '[]',   -- JSON list of people; an organisation if no person is named
  agency TEXT,                -- AP, Reuters, AFP, Yonhap …
  dateline TEXT,              -- "SEOUL, South Korea (AP)"
  section TEXT,
  language TEXT,              -- ISO 639-1
  published_at TEXT,          -- UTC if it ends in Z, else local time; a day if no time is known
  published_raw TEXT,         -- the date as printed on the page
  modified_at TEXT,
  modified_raw TEXT,
  fetched_at TEXT NOT NULL,   -- UTC
  text TEXT NOT NULL,         -- paragraphs separated by line feeds
  word_count INTEGER NOT NULL DEFAULT 0,
  image_url TEXT,
  free INTEGER,               -- schema.org's isAccessibleForFree: 0 marks a paywall
  digest TEXT,                -- of the extracted capture: bodies.digest in captures.db
  extractor TEXT,             -- name and version of the extractor
  fingerprint TEXT NOT NULL DEFAULT '',  -- hash of the text; equal texts have equal fingerprints
  bigrams TEXT                -- pairs of characters, for scripts without spaces
);
CREATE INDEX articles_by_outlet ON articles(outlet_id, published_at);
CREATE INDEX articles_by_published_at ON articles(published_at);
CREATE INDEX articles_by_fetched_at ON articles(fetched_at);
CREATE INDEX articles_by_fingerprint ON articles(fingerprint);

-- Every URL that was seen, with its article and role; also the queue of URLs to fetch.
CREATE TABLE urls (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL UNIQUE,   -- as requested
  url_key TEXT NOT NULL,      -- normalised URL for look-ups; never fetched
  kind TEXT NOT NULL DEFAULT 'page' CHECK (kind IN ('page', 'feed', 'sitemap')),
  outlet_id INTEGER NOT NULL REFERENCES outlets(id),
  article_id INTEGER REFERENCES articles(id),
  role TEXT NOT NULL DEFAULT 'requested',  -- requested, redirect, canonical, og:url, amphtml …
  via TEXT,                   -- feed, news sitemap, sitemap, given, link, import, or a search service
  found_on TEXT,              -- the feed, sitemap or page that listed it
  listed_as TEXT,             -- as the source listed it, if `url` omits tracking parameters
  found_at TEXT NOT NULL,
  headline TEXT,              -- from the feed or sitemap, before the page was fetched
  published_at TEXT,
  modified_at TEXT,           -- a sitemap's lastmod, a feed's updated
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'leased', 'done', 'failed')),
  due_at TEXT,                -- when to fetch it again; NULL: only if it is listed again
  tries INTEGER NOT NULL DEFAULT 0,  -- consecutive failures
  checked_at TEXT,            -- this and the next three columns repeat the newest row in `fetches`
  outcome TEXT,
  status INTEGER,
  reason TEXT,
  etag TEXT,                  -- this and `last_modified`: validators for the next request
  last_modified TEXT,
  digest TEXT                 -- SHA-256 of the newest body
);
CREATE INDEX urls_by_key ON urls(url_key);
CREATE INDEX urls_by_article ON urls(article_id);
CREATE INDEX urls_waiting ON urls(outlet_id, id) WHERE state IN ('pending', 'leased');
CREATE INDEX urls_due ON urls(due_at) WHERE due_at IS NOT NULL;
CREATE INDEX urls_amiss ON urls(outcome, checked_at) WHERE outcome IN ('failed', 'refused', 'gone', 'not article');
CREATE INDEX urls_of_sources ON urls(kind, outlet_id) WHERE kind <> 'page';

-- One row for each attempt to fetch a URL, successful or not.
CREATE TABLE checks (
  id INTEGER PRIMARY KEY,
  url_id INTEGER NOT NULL REFERENCES urls(id),
  crawl_id INTEGER REFERENCES crawls(id),
  checked_at TEXT NOT NULL,
  outcome TEXT NOT NULL,      -- new, changed, unchanged, listed, not article, gone, failed, refused
  status INTEGER,             -- HTTP status
  reason TEXT,
  final_url TEXT,             -- where redirects ended
  etag TEXT,
  last_modified TEXT,
  digest TEXT,
  size INTEGER,               -- of the body, in bytes
  seconds REAL
);
CREATE INDEX checks_by_url ON checks(url_id, checked_at);
CREATE INDEX checks_by_crawl ON checks(crawl_id);

-- Pairs of articles that share text.
CREATE TABLE relations (
  article_id INTEGER NOT NULL REFERENCES articles(id),
  other_id INTEGER NOT NULL REFERENCES articles(id),  -- of the two, the one archived earlier
  kind TEXT NOT NULL,         -- identical, copy, excerpt, extends, template, overlap
  found_at TEXT NOT NULL,
  PRIMARY KEY (article_id, other_id)
) WITHOUT ROWID;
CREATE INDEX relations_by_other ON relations(other_id);

-- One row for each run of the crawler.
CREATE TABLE crawls (
  id INTEGER PRIMARY KEY,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  state TEXT NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'finished', 'stopped', 'interrupted')),
  command TEXT,               -- the command line
  reason TEXT                 -- why it stopped early
);

-- Full-text index of headline, standfirst, byline and text; bigrams for scripts without spaces.
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

-- Every article with its outlet, without the long columns; made for browsing.
CREATE VIEW coverage AS
SELECT a.id, a.published_at, o.host AS outlet, a.headline, a.byline, a.agency, a.section, a.language, a.word_count,
       a.url, a.fetched_at
FROM articles a JOIN outlets o ON o.id = a.outlet_id;
"""

COPY_TABLES = """
-- Hashes of passages, an index for finding copies. A passage in eight articles is boilerplate
-- and is not added again.
CREATE TABLE shingles (
  hash INTEGER NOT NULL,      -- 32 bits, signed
  article_id INTEGER NOT NULL,
  PRIMARY KEY (hash, article_id)
) WITHOUT ROWID;

-- Version of the method that computed the hashes in `shingles`; without a row none exist yet.
CREATE TABLE sketches (
  version INTEGER PRIMARY KEY
);

ALTER TABLE relations ADD COLUMN coverage REAL;        -- share of the article that the other has too
ALTER TABLE relations ADD COLUMN other_coverage REAL;  -- share of the other that the article has too
ALTER TABLE relations ADD COLUMN facts REAL;           -- share of numbers and names that agree

-- Texts that were published more than once. An article that shares no text has no row here.
CREATE TABLE texts (
  id INTEGER PRIMARY KEY,
  original_id INTEGER NOT NULL REFERENCES articles(id)  -- the agency's own, else the earliest
);

-- Articles that are versions of the same text.
CREATE TABLE versions (
  article_id INTEGER PRIMARY KEY REFERENCES articles(id),
  text_id INTEGER NOT NULL REFERENCES texts(id),
  outlet_id INTEGER NOT NULL  -- the article's outlet, repeated here to count outlets quickly
);
CREATE INDEX versions_by_text ON versions(text_id, outlet_id);

-- Every article with its original (itself, if it is not a copy) and the number of other
-- outlets that published the text.
CREATE VIEW folded(id, original_id, other_outlets) AS
SELECT a.id, coalesce(t.original_id, a.id),
       CASE WHEN t.id IS NULL THEN 0 ELSE (
         SELECT count(DISTINCT w.outlet_id) - 1 FROM versions w WHERE w.text_id = t.id
       ) END
FROM articles a LEFT JOIN versions v ON v.article_id = a.id LEFT JOIN texts t ON t.id = v.text_id;
"""

REVISION_HISTORY_TABLES = """
-- All versions of the articles that changed. An article that never changed has no row here.
-- The newest version is in `articles` as well.
CREATE TABLE revisions (
  id INTEGER PRIMARY KEY,
  article_id INTEGER NOT NULL REFERENCES articles(id),
  number INTEGER NOT NULL,    -- 1 for the first version
  seen_at TEXT NOT NULL,      -- when this version was first fetched, UTC
  kinds TEXT NOT NULL DEFAULT '[]',  -- JSON list: headline, body, correction, cut, gone, restored …
  stealth INTEGER NOT NULL DEFAULT 0,  -- 1: changed without a new modification date on the page
  restores INTEGER,           -- number of the earlier revision that it returns to
  words_added INTEGER,        -- in the text; characters in scripts without spaces
  words_removed INTEGER,
  headline TEXT,
  standfirst TEXT,
  byline TEXT,                -- as printed
  authors TEXT NOT NULL DEFAULT '[]', -- JSON list of people; an organisation if no person is named
  text TEXT NOT NULL,         -- paragraphs separated by line feeds; empty if the article was gone
  fingerprint TEXT NOT NULL DEFAULT '',
  published_at TEXT,          -- as stated by the page at that time
  modified_at TEXT,
  digest TEXT,                -- of the extracted capture: bodies.digest in captures.db
  extractor TEXT,             -- name and version of the extractor
  UNIQUE (article_id, number)
);
CREATE INDEX revisions_by_seen_at ON revisions(seen_at);

-- Suspiciously short versions of known articles; one is accepted once a second fetch confirms it.
CREATE TABLE held (
  article_id INTEGER PRIMARY KEY REFERENCES articles(id),
  seen_at TEXT NOT NULL,
  text TEXT NOT NULL,
  digest TEXT                 -- of the capture that it was extracted from
);
"""

EVENT_TABLES = """
-- Number of articles for each language; with `term_counts` it gives the rarity of terms.
CREATE TABLE languages (
  language TEXT PRIMARY KEY,  -- ISO 639-1; '' if unknown
  articles INTEGER NOT NULL
) WITHOUT ROWID;

-- Number of articles with a term: a stem, or a pair of characters in scripts without spaces.
CREATE TABLE vocabulary (
  language TEXT NOT NULL,
  term TEXT NOT NULL,
  articles INTEGER NOT NULL,
  PRIMARY KEY (language, term)
) WITHOUT ROWID;

-- Version of the method that computed the terms; without a row, all events are rebuilt.
CREATE TABLE term_versions (
  version INTEGER PRIMARY KEY
);

-- The most informative terms of an article, used to compare articles.
CREATE TABLE article_words (
  article_id INTEGER PRIMARY KEY REFERENCES articles(id),
  language TEXT,              -- ISO 639-1; the language under which the terms were counted
  weights TEXT NOT NULL       -- JSON: term → frequency; in the headline each counts five times
);

-- Index of the strongest terms of each article. Copies are found through their original.
CREATE TABLE strong_terms (
  term TEXT NOT NULL,
  day INTEGER NOT NULL,       -- of publication, in days since 1970; -1000000 if unknown
  article_id INTEGER NOT NULL,
  PRIMARY KEY (term, day, article_id)
) WITHOUT ROWID;

-- Events: groups of articles that report the same occurrence.
CREATE TABLE events (
  id INTEGER PRIMARY KEY REFERENCES articles(id),  -- the first article's id
  articles INTEGER NOT NULL,
  texts INTEGER NOT NULL,     -- articles without the copies
  dated INTEGER NOT NULL,     -- texts with a known date
  day REAL,                   -- mean date of these texts, in days since 1970
  first_at TEXT NOT NULL,     -- publication of the first article; fetch if undated
  last_at TEXT NOT NULL,
  length REAL NOT NULL,       -- Euclidean length of `terms` as a vector
  terms TEXT NOT NULL,        -- JSON: strongest terms → their weights, summed over the texts
  tidied INTEGER NOT NULL DEFAULT 0  -- 1: tidied since the last article joined
);
CREATE INDEX events_by_last_at ON events(last_at);
CREATE INDEX events_untidied ON events(texts) WHERE tidied = 0;

-- The event of each article, and why the article joined it.
CREATE TABLE event_articles (
  article_id INTEGER PRIMARY KEY REFERENCES articles(id),
  event_id INTEGER NOT NULL REFERENCES events(id),
  joined TEXT NOT NULL,       -- first, words, keys, copy, tidy
  score REAL,                 -- similarity to the event; NULL for the first article and for copies
  terms TEXT NOT NULL DEFAULT '[]'  -- JSON list of terms shared with the event, strongest first
);
CREATE INDEX event_articles_by_event ON event_articles(event_id);

-- Runs of the job that compares small events again and merges them into others.
CREATE TABLE tidies (
  tidied_at TEXT NOT NULL,
  events INTEGER NOT NULL,
  moved INTEGER NOT NULL
);

-- The articles of each event, with the reason why they joined.
CREATE VIEW event_coverage AS
SELECT m.event_id, a.id, a.published_at, o.host AS outlet, a.headline, m.joined, m.score, m.terms
FROM event_articles m JOIN articles a ON a.id = m.article_id JOIN outlets o ON o.id = a.outlet_id;
"""

STORY_TABLES = """
-- Stories that a person follows. The profile is made of the articles that certainly belong.
CREATE TABLE stories (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,  -- as in commands: lower-case letters, digits, hyphens
  title TEXT NOT NULL,        -- for display
  words TEXT,                 -- search words that the person added to the articles
  languages TEXT NOT NULL DEFAULT '[]',  -- restriction, a JSON list of ISO 639-1; empty: any
  since TEXT,                 -- this and `until`: only articles published in this period
  until TEXT,
  hosts TEXT NOT NULL DEFAULT '[]',  -- restriction to outlets, a JSON list; empty: all
  terms TEXT NOT NULL DEFAULT '[]',  -- JSON list of the profile's strongest stems
  newest_id INTEGER NOT NULL DEFAULT 0,  -- newest article when last compared
  created_at TEXT NOT NULL
);

-- The articles of each story, and why they belong to it. A person's verdict is final.
CREATE TABLE story_articles (
  story_id INTEGER NOT NULL REFERENCES stories(id),
  article_id INTEGER NOT NULL REFERENCES articles(id),
  score REAL,                 -- similarity to the story's profile, 0 to 1
  strong INTEGER NOT NULL DEFAULT 0,  -- 1: the score is high
  terms TEXT NOT NULL DEFAULT '[]',  -- JSON list of stems shared with the story, strongest first
  verdict TEXT CHECK (verdict IN ('belongs', 'not')),  -- of a person; NULL: no verdict
  judged_at TEXT,             -- when the verdict was given
  found_at TEXT NOT NULL,
  vector TEXT,                -- JSON: term → weight, the article's share of the story's profile
  PRIMARY KEY (story_id, article_id)
) WITHOUT ROWID;
CREATE INDEX story_articles_by_article ON story_articles(article_id, verdict);

-- Verdicts about pages that are not in the archive yet.
CREATE TABLE story_urls (
  story_id INTEGER NOT NULL REFERENCES stories(id),
  url_key TEXT NOT NULL,      -- normalised URL for look-ups
  url TEXT NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('belongs', 'not')),
  PRIMARY KEY (story_id, url_key)
) WITHOUT ROWID;
CREATE INDEX story_urls_by_key ON story_urls(url_key);

-- The coverage of each story; versions of one text share an `original_id`. Articles that a person
-- rejected are left out, as are versions of their text without a verdict.
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

LEDE_TABLES = """
ALTER TABLE urls ADD COLUMN lede TEXT;  -- summary from the feed, before the page was fetched

-- Number of recent leads that contain a term; counted again by each crawl for a story.
CREATE TABLE lead_vocabulary (
  language TEXT NOT NULL,     -- ISO 639-1; '' if unknown
  term TEXT NOT NULL,         -- '' holds the number of all leads of the language
  leads INTEGER NOT NULL,
  PRIMARY KEY (language, term)
) WITHOUT ROWID;
"""

PAUSE_TABLES = """
-- Sites that asked for a pause or did not answer; they get no requests before `until`.
CREATE TABLE pauses (
  site TEXT PRIMARY KEY,      -- scheme, host and port: https://www.harbour.example
  until TEXT NOT NULL,        -- UTC
  reason TEXT NOT NULL
) WITHOUT ROWID;
"""

SCHEDULE_COLUMNS = """
ALTER TABLE urls ADD COLUMN interval_seconds INTEGER;  -- of feeds and sitemaps, between two fetches
ALTER TABLE urls ADD COLUMN due_why TEXT;  -- reason for the next `due_at` of a feed or sitemap
CREATE INDEX urls_by_found_on ON urls(found_on, id) WHERE found_on IS NOT NULL;
"""

BOILERPLATE_TABLES = """
-- Boilerplate of an outlet: lines that appeared in three different articles. They are removed
-- from texts.
CREATE TABLE habits (
  outlet_id INTEGER NOT NULL REFERENCES outlets(id),
  line INTEGER NOT NULL,      -- hash of the line; all numbers count as equal
  text TEXT NOT NULL,         -- as it appeared in the third article
  article_id INTEGER NOT NULL,  -- the third article
  PRIMARY KEY (outlet_id, line)
) WITHOUT ROWID;

-- Lines that appeared in only one or two articles of an outlet so far.
CREATE TABLE seen_lines (
  outlet_id INTEGER NOT NULL,
  line INTEGER NOT NULL,      -- hash, as in `boilerplate_lines`
  article_id INTEGER NOT NULL,
  PRIMARY KEY (outlet_id, line, article_id)
) WITHOUT ROWID;

-- Lines that were removed from an article's text, and their places.
CREATE TABLE left_out (
  article_id INTEGER NOT NULL,
  place INTEGER NOT NULL,     -- line number in the extracted text, from 0
  line INTEGER NOT NULL,      -- hash; `boilerplate_lines` has its text
  PRIMARY KEY (article_id, place)
) WITHOUT ROWID;
"""

IDENTITY_TABLES = """
ALTER TABLE urls ADD COLUMN leads_to INTEGER REFERENCES articles(id);  -- the article found there now, if not `article_id`
CREATE INDEX urls_by_leads_to ON urls(leads_to) WHERE leads_to IS NOT NULL;

ALTER TABLE urls ADD COLUMN hinted_by TEXT;  -- the feed or sitemap whose newer date queued the page
CREATE INDEX urls_by_hint ON urls(hinted_by) WHERE hinted_by IS NOT NULL;

-- Feeds and sitemaps that gave newer dates for unchanged pages.
CREATE TABLE hints (
  source TEXT PRIMARY KEY,    -- URL of the feed, or of the outlet's sitemap or sitemap index
  wrong INTEGER NOT NULL      -- consecutive wrong dates; from 6 on only a sample is fetched
) WITHOUT ROWID;

ALTER TABLE revisions ADD COLUMN how TEXT;  -- if it is gone: the HTTP status, or where its URL leads

-- The publication date on the page itself, without a feed's.
ALTER TABLE articles ADD COLUMN stated_at TEXT;  -- date on the page itself; '': none, NULL: unknown
ALTER TABLE revisions ADD COLUMN stated_at TEXT;  -- as in `articles`
"""

FOLDING_UPDATE = """
-- Makes words searchable without soft hyphens, vowel signs and the like: `bigrams` holds them
-- folded.
UPDATE articles SET bigrams = search_bigrams(searched(headline, standfirst, byline, text))
WHERE search_differs(searched(headline, standfirst, byline, text));
"""
"""The SQL functions in this step are defined by `archive.storage.database` during migrations."""

OUTLET_LOOKUP_TABLES = """
-- Results of looking up outlets; they correct the catalogue.
CREATE TABLE outlet_lookups (
  host TEXT PRIMARY KEY,      -- the host that was looked up, without www.
  looked_up_at TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('works', 'moved', 'gone', 'unreachable')),
  found_host TEXT,            -- the host that answers; a different one if the outlet moved
  feeds TEXT NOT NULL DEFAULT '[]',     -- JSON list of the feed URLs that worked
  sitemaps TEXT NOT NULL DEFAULT '[]',
  reason TEXT                 -- why the outlet was not found
) WITHOUT ROWID;

-- Outlets whose pages search services found for a story.
CREATE TABLE story_outlets (
  story_id INTEGER NOT NULL REFERENCES stories(id),
  host TEXT NOT NULL,         -- without www.
  service TEXT NOT NULL,      -- name of the search service
  pages INTEGER NOT NULL,     -- number of pages that the service found
  PRIMARY KEY (story_id, host, service)
) WITHOUT ROWID;
"""

LANGUAGE_KEY_TABLES = """
-- Language-independent features of each article: places, names by sound, numbers, and words of
-- common origin.
CREATE TABLE article_keys (
  article_id INTEGER PRIMARY KEY REFERENCES articles(id),
  language TEXT NOT NULL,     -- ISO 639-1; '' if unknown
  day INTEGER NOT NULL,       -- as in `strong_keys`
  counted INTEGER NOT NULL,   -- 0: a copy, whose original is counted instead
  keys TEXT NOT NULL          -- JSON: key → frequency; in the headline each counts twice
);

-- Index of the strongest keys of each article. Copies are found through their original.
CREATE TABLE strong_keys (
  key TEXT NOT NULL,          -- begins with @ (place), ~ (sound), # (number) or = (root)
  day INTEGER NOT NULL,       -- of publication, in days since 1970; -1000000 if unknown
  article_id INTEGER NOT NULL,
  language TEXT NOT NULL,     -- of the article, ISO 639-1
  PRIMARY KEY (key, day, article_id)
) WITHOUT ROWID;

-- Number of articles, in all languages, that contain a key.
CREATE TABLE key_counts (
  key TEXT PRIMARY KEY,       -- '' holds the number of all articles
  articles INTEGER NOT NULL
) WITHOUT ROWID;

-- Version of the method that computed the keys; without a row, all are rebuilt.
CREATE TABLE key_versions (
  version INTEGER PRIMARY KEY
);
"""

STORY_SEARCH_TABLES = """
-- Outlets searched for a story: the result of the last crawl, and outlets that were only suggested.
CREATE TABLE story_searches (
  story_id INTEGER NOT NULL REFERENCES stories(id) ON DELETE CASCADE,
  host TEXT NOT NULL,         -- without www.
  state TEXT NOT NULL CHECK (state IN ('answered', 'failed', 'not asked')),
  reason TEXT,                -- what failed, or a remark
  suggested TEXT,             -- why it was suggested; NULL: already in the archive
  since TEXT,                 -- first day for which the outlet's lists were read
  until TEXT,                 -- last day; NULL: the day of the search
  requests INTEGER NOT NULL DEFAULT 0,  -- sum over all crawls for the story
  searched_at TEXT NOT NULL,
  PRIMARY KEY (story_id, host)
) WITHOUT ROWID;

-- The end of the last crawl for each story.
CREATE TABLE story_ends (
  story_id INTEGER PRIMARY KEY REFERENCES stories(id) ON DELETE CASCADE,
  ended_at TEXT NOT NULL,
  reason TEXT,                -- why it stopped
  next TEXT                   -- suggestion for the user
);
"""

CAPTURE_TABLES = """
-- Bodies of responses; equal bodies are stored once.
CREATE TABLE bodies (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,  -- SHA-256 in hexadecimal, after content decoding
  size INTEGER NOT NULL,      -- in bytes, before compression
  body BLOB NOT NULL          -- compressed with Zstandard
);

-- Responses as received.
CREATE TABLE captures (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL,          -- as requested
  fetched_at TEXT NOT NULL,
  status INTEGER NOT NULL,
  final_url TEXT,
  redirects TEXT NOT NULL DEFAULT '[]',  -- JSON list of the URLs between `url` and `final_url`
  headers TEXT NOT NULL DEFAULT '[]',    -- JSON: [[name, value], …] as received
  digest TEXT NOT NULL REFERENCES bodies(digest)
);
CREATE INDEX captures_by_url ON captures(url, fetched_at);
"""


DELTA_COLUMNS = """
-- A body that others are based on is stored in full and must not be deleted.
ALTER TABLE bodies ADD COLUMN base TEXT REFERENCES bodies(digest);  -- of a delta; NULL: not a delta
CREATE INDEX bodies_by_base ON bodies(base) WHERE base IS NOT NULL;
"""


WAITING_INDEXES = """
-- Indexes that find the next pages of an outlet, and those being fetched, without scanning
-- the queue.
CREATE INDEX urls_next ON urls(outlet_id, published_at DESC, id) WHERE state = 'pending';
CREATE INDEX urls_leased ON urls(outlet_id) WHERE state = 'leased';
CREATE INDEX urls_under_way ON urls(url_key) WHERE state = 'leased';
CREATE INDEX urls_read ON urls(url_key) WHERE article_id IS NOT NULL;
"""


@dataclass(frozen=True, slots=True)
class DatabaseSchema:
    """The tables of one file, as the steps that create them: a name, and SQL that runs once."""

    name: str
    steps: tuple[tuple[str, str], ...]
    cache: int = 2_000
    """Size in KiB of the page cache of a connection that writes."""


MEMBERSHIP_COLUMNS = """
DROP VIEW story_coverage;
ALTER TABLE story_articles ADD COLUMN probability REAL;  -- of belonging; NULL: not computed
ALTER TABLE story_articles ADD COLUMN tier TEXT CHECK (tier IN ('sure', 'likely', 'perhaps'));
ALTER TABLE story_articles ADD COLUMN part TEXT CHECK (part IN ('event', 'development', 'background'));
ALTER TABLE story_articles ADD COLUMN nearest_id INTEGER;  -- the most similar article of the story
UPDATE story_articles SET tier = CASE WHEN strong THEN 'sure' ELSE 'likely' END WHERE score IS NOT NULL;
ALTER TABLE story_articles DROP COLUMN score;
ALTER TABLE story_articles DROP COLUMN strong;
ALTER TABLE stories ADD COLUMN learnt TEXT;  -- JSON: classifier for new articles and leads
ALTER TABLE stories ADD COLUMN stale INTEGER NOT NULL DEFAULT 1;  -- 1: to be recomputed
ALTER TABLE article_words ADD COLUMN opening TEXT;  -- JSON: term → frequency in the opening

-- The coverage of each story; versions of one text share an `original_id`. Articles that a person
-- rejected are left out, as are versions of their text without a verdict. Uncertain articles are
-- in `story_perhaps`.
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

-- Articles just below the threshold of `story_coverage`, for a person to decide.
CREATE VIEW story_perhaps(story_id, story, id, probability, terms, nearest_id, outlet, outlet_name, headline,
  published_at, language, url) AS
SELECT s.id, s.name, a.id, m.probability, m.terms, m.nearest_id, o.host, o.name, a.headline, a.published_at,
       a.language, a.url
FROM story_articles m JOIN stories s ON s.id = m.story_id JOIN articles a ON a.id = m.article_id
JOIN outlets o ON o.id = a.outlet_id
WHERE m.verdict IS NULL AND m.tier = 'perhaps';
"""

BOILERPLATE_NAME_CHANGES = """
ALTER TABLE habits RENAME TO boilerplate_lines;
ALTER TABLE boilerplate_lines RENAME COLUMN line TO line_hash;
ALTER TABLE seen_lines RENAME TO boilerplate_candidates;
ALTER TABLE boilerplate_candidates RENAME COLUMN line TO line_hash;
ALTER TABLE left_out RENAME TO removed_lines;
ALTER TABLE removed_lines RENAME COLUMN line TO line_hash;
ALTER TABLE removed_lines RENAME COLUMN place TO line_number;
"""

BOILERPLATE_SCHEMA_SQL = BOILERPLATE_TABLES + BOILERPLATE_NAME_CHANGES
"""The tables of boilerplate alone, for a database that has no others."""

NAME_CHANGES = """
-- Gives tables and columns names that say what they hold. SQLite changes foreign keys, triggers and
-- views that refer to them, also views that a user has added.
ALTER TABLE checks RENAME TO fetches;
ALTER TABLE fetches RENAME COLUMN checked_at TO fetched_at;
DROP INDEX checks_by_url;
DROP INDEX checks_by_crawl;
CREATE INDEX fetches_by_url ON fetches(url_id, fetched_at);
CREATE INDEX fetches_by_crawl ON fetches(crawl_id);

ALTER TABLE urls RENAME COLUMN checked_at TO fetched_at;
ALTER TABLE urls RENAME COLUMN tries TO failures;
ALTER TABLE urls RENAME COLUMN due_why TO due_reason;
ALTER TABLE urls RENAME COLUMN hinted_by TO queued_by;
DROP INDEX urls_amiss;
DROP INDEX urls_by_hint;
CREATE INDEX urls_failed ON urls(outcome, fetched_at) WHERE outcome IN ('failed', 'refused', 'gone', 'not article');
CREATE INDEX urls_by_queued_by ON urls(queued_by) WHERE queued_by IS NOT NULL;
ALTER TABLE hints RENAME TO unreliable_sources;
ALTER TABLE unreliable_sources RENAME COLUMN source TO source_url;
ALTER TABLE unreliable_sources RENAME COLUMN wrong TO wrong_dates;

ALTER TABLE texts RENAME TO shared_texts;
ALTER TABLE versions RENAME TO shared_text_articles;
DROP INDEX versions_by_text;
CREATE INDEX shared_text_articles_by_text ON shared_text_articles(text_id, outlet_id);
ALTER TABLE sketches RENAME TO shingle_versions;

ALTER TABLE revisions RENAME COLUMN how TO gone_reason;
ALTER TABLE held RENAME TO unconfirmed_revisions;
ALTER TABLE languages RENAME TO language_counts;
ALTER TABLE vocabulary RENAME TO term_counts;
ALTER TABLE article_words RENAME TO article_terms;
ALTER TABLE tidies RENAME TO tidy_runs;

ALTER TABLE stories RENAME COLUMN learnt TO classifier;
ALTER TABLE lead_vocabulary RENAME TO lead_term_counts;
ALTER TABLE story_ends RENAME TO story_crawl_ends;
ALTER TABLE story_crawl_ends RENAME COLUMN next TO next_step;

DROP VIEW folded;

-- Every article with its original (itself, if it is not a copy) and the number of other
-- outlets that published the text.
CREATE VIEW originals(id, original_id, other_outlets) AS
SELECT a.id, coalesce(t.original_id, a.id),
       CASE WHEN t.id IS NULL THEN 0 ELSE (
         SELECT count(DISTINCT w.outlet_id) - 1 FROM shared_text_articles w WHERE w.text_id = t.id
       ) END
FROM articles a LEFT JOIN shared_text_articles v ON v.article_id = a.id
LEFT JOIN shared_texts t ON t.id = v.text_id;
"""

NOTE_TABLES = """
-- Notes that people wrote on articles, events and stories.
CREATE TABLE notes (
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL CHECK (subject IN ('article', 'event', 'story')),
  article_id INTEGER REFERENCES articles(id),  -- of an event, one of its articles; ids of events change
  story_id INTEGER REFERENCES stories(id) ON DELETE CASCADE,
  author TEXT,                -- who wrote it; NULL if unknown
  text TEXT NOT NULL,
  created_at TEXT NOT NULL,
  edited_at TEXT,
  CHECK ((article_id IS NULL) = (subject = 'story') AND (story_id IS NULL) = (subject <> 'story'))
);
CREATE INDEX notes_by_article ON notes(article_id) WHERE article_id IS NOT NULL;
CREATE INDEX notes_by_story ON notes(story_id) WHERE story_id IS NOT NULL;

-- Searches that people saved under a name.
CREATE TABLE saved_searches (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  words TEXT NOT NULL,
  filters TEXT NOT NULL DEFAULT '{}',  -- JSON: name of a filter → value
  author TEXT,                -- who saved it; NULL if unknown
  created_at TEXT NOT NULL
);

ALTER TABLE outlets ADD COLUMN paused_at TEXT;  -- since when it is paused and gets no requests; NULL: it is read
"""

STORED_VECTOR_COLUMNS = """
ALTER TABLE article_terms ADD COLUMN vector BLOB;  -- for stories: hashes of terms, then weights
ALTER TABLE article_terms ADD COLUMN counted_among INTEGER;  -- articles and leads known at that time

ALTER TABLE article_keys ADD COLUMN length REAL;  -- Euclidean length of the keys as a vector
ALTER TABLE article_keys ADD COLUMN counted_among INTEGER;  -- articles known at that time

-- Column of `stories` that tells a program whether a profile that it keeps in memory is valid.
ALTER TABLE stories ADD COLUMN edition INTEGER NOT NULL DEFAULT 0;  -- random; renewed by triggers
UPDATE stories SET edition = random();
CREATE TRIGGER stories_edition_insert AFTER INSERT ON stories BEGIN
  UPDATE stories SET edition = random() WHERE id = new.id;
END;
CREATE TRIGGER stories_edition_update AFTER UPDATE OF words, languages, since, until, hosts, classifier ON stories BEGIN
  UPDATE stories SET edition = random() WHERE id = new.id;
END;
CREATE TRIGGER story_articles_edition_insert AFTER INSERT ON story_articles
WHEN new.verdict IS NOT NULL BEGIN
  UPDATE stories SET edition = random() WHERE id = new.story_id;
END;
CREATE TRIGGER story_articles_edition_update AFTER UPDATE OF verdict, vector ON story_articles
WHEN (old.verdict, old.vector) IS NOT (new.verdict, new.vector) BEGIN
  UPDATE stories SET edition = random() WHERE id = new.story_id;
END;
CREATE TRIGGER story_articles_edition_delete AFTER DELETE ON story_articles
WHEN old.verdict IS NOT NULL BEGIN
  UPDATE stories SET edition = random() WHERE id = old.story_id;
END;
"""

ALERT_TABLES = """
-- News to report (`dateline notify`): of a story, a search, changes of articles, or outlets that
-- fell silent. The addresses to which it goes are in the file `notify.json`, as they hold passwords.
CREATE TABLE alerts (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('story', 'search', 'changes', 'outlets')),
  subject TEXT NOT NULL DEFAULT '',  -- name of the story, words of the search, or kind of change
  filters TEXT NOT NULL DEFAULT '{}',  -- JSON: outlet, language or story to which it is limited
  digest_at TEXT,             -- time of day of a daily message, 08:00; NULL: at once
  quiet TEXT,                 -- hours without messages, 22:00-07:00; NULL: none
  timezone TEXT NOT NULL DEFAULT 'UTC',  -- of these times, by its name in the IANA database
  created_at TEXT NOT NULL,
  after_article_id INTEGER NOT NULL,  -- articles up to this id are older than the alert
  after_revision_id INTEGER NOT NULL  -- revisions up to this id are older, or were queued before
);

-- Where the news of an alert goes.
CREATE TABLE alert_targets (
  id INTEGER PRIMARY KEY,
  alert_id INTEGER NOT NULL REFERENCES alerts(id) ON DELETE CASCADE,
  label TEXT NOT NULL,        -- service and host, without anything secret
  failures INTEGER NOT NULL DEFAULT 0,  -- consecutive failures
  error TEXT,                 -- what failed last
  retry_at TEXT,              -- when to try again after a failure
  sent_at TEXT                -- when a message last arrived
);
CREATE INDEX alert_targets_by_alert ON alert_targets(alert_id);

-- News that was found for an alert, each once.
CREATE TABLE alert_items (
  id INTEGER PRIMARY KEY,
  alert_id INTEGER NOT NULL REFERENCES alerts(id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('article', 'revision', 'outlet')),
  subject_id INTEGER NOT NULL,  -- id in `articles`, `revisions` or `outlets`
  since TEXT NOT NULL DEFAULT '',  -- of an outlet: when its last article was found
  found_at TEXT NOT NULL,
  UNIQUE (alert_id, kind, subject_id, since)
);
CREATE INDEX alert_items_by_subject ON alert_items(kind, subject_id);

-- News that waits for a target. A row is removed once the target has taken the message.
CREATE TABLE alert_deliveries (
  target_id INTEGER NOT NULL REFERENCES alert_targets(id) ON DELETE CASCADE,
  item_id INTEGER NOT NULL REFERENCES alert_items(id) ON DELETE CASCADE,
  PRIMARY KEY (target_id, item_id)
) WITHOUT ROWID;
CREATE INDEX alert_deliveries_by_item ON alert_deliveries(item_id);

-- SQLite gives the id of the newest row again after that row was removed.
CREATE TRIGGER alerts_article_delete AFTER DELETE ON articles BEGIN
  DELETE FROM alert_items WHERE kind = 'article' AND subject_id = old.id;
  UPDATE alerts SET after_article_id = (SELECT coalesce(max(id), 0) FROM articles)
  WHERE after_article_id >= old.id AND after_article_id > (SELECT coalesce(max(id), 0) FROM articles);
END;
CREATE TRIGGER alerts_revision_delete AFTER DELETE ON revisions BEGIN
  DELETE FROM alert_items WHERE kind = 'revision' AND subject_id = old.id;
  UPDATE alerts SET after_revision_id = (SELECT coalesce(max(id), 0) FROM revisions)
  WHERE after_revision_id >= old.id AND after_revision_id > (SELECT coalesce(max(id), 0) FROM revisions);
END;
"""

LIST_INDEXES = """
-- Indexes for the lists of events and of changes, which read no row that they do not show.
CREATE INDEX events_of_several ON events(last_at, articles) WHERE articles > 1;
CREATE INDEX events_by_articles ON events(articles) WHERE articles > 1;
CREATE INDEX revisions_listed ON revisions(seen_at, kinds, stealth, article_id, number)
  WHERE number > 1;
"""

DIGEST_INDEXES = """
-- Indexes by which a permanent link finds the article of a capture by its digest alone. A quarter of
-- the digest suffices to find a row.
CREATE INDEX articles_by_digest ON articles(substr(digest, 1, 16)) WHERE digest IS NOT NULL;
CREATE INDEX revisions_by_digest ON revisions(substr(digest, 1, 16)) WHERE digest IS NOT NULL;
CREATE INDEX fetches_by_digest ON fetches(substr(digest, 1, 16)) WHERE digest IS NOT NULL;
"""

REMOVAL_TABLES = """
-- Articles that a person removed. No crawl and no import archives them again.
CREATE TABLE removals (
  id INTEGER PRIMARY KEY,
  article_id INTEGER NOT NULL UNIQUE,  -- the id that the article had
  reason TEXT NOT NULL,       -- as given; empty in a published copy
  removed_at TEXT NOT NULL,
  method TEXT NOT NULL,       -- how: command, outlet or page
  removed_by TEXT,            -- who removed it; NULL if unknown
  kept_out_at TEXT            -- when a crawl or import last left it out
);

-- URLs of removed articles.
CREATE TABLE removed_urls (
  removal_id INTEGER NOT NULL REFERENCES removals(id) ON DELETE CASCADE,
  url_digest TEXT NOT NULL,   -- SHA-256 of the URL
  url_key TEXT NOT NULL,      -- normalised URL for look-ups
  fingerprint TEXT,           -- only this text is kept out, as the URL is another article's too; NULL: any
  PRIMARY KEY (removal_id, url_digest)
) WITHOUT ROWID;
CREATE INDEX removed_urls_by_key ON removed_urls(url_key);

-- Work left by removing and pruning. Without rows, the texts are gone from both files.
CREATE TABLE erasures (
  kind TEXT NOT NULL CHECK (kind IN ('url', 'body', 'page', 'index')),
  value TEXT NOT NULL,        -- of captures to delete: URL, digest, or both; '' for the search index
  PRIMARY KEY (kind, value)
) WITHOUT ROWID;

-- Bodies that were deleted from captures.db to save space; their articles stay.
CREATE TABLE pruned_bodies (
  digest TEXT PRIMARY KEY,    -- SHA-256 of the body
  pruned_at TEXT NOT NULL
) WITHOUT ROWID;

-- The highest id of a deleted article. No id is given twice, because links contain it.
CREATE TABLE retired_articles (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  highest_id INTEGER NOT NULL
);
CREATE TRIGGER articles_retire AFTER DELETE ON articles BEGIN
  INSERT INTO retired_articles (only_row, highest_id) VALUES (1, old.id)
  ON CONFLICT (only_row) DO UPDATE SET highest_id = max(highest_id, excluded.highest_id);
END;
"""

MOVED_PAGE_TABLES = """
-- WARC files to which stored pages were moved (`dateline captures`).
CREATE TABLE warc_files (
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,  -- where it was written
  sha256 TEXT NOT NULL,       -- of the file, in hexadecimal
  bytes INTEGER NOT NULL,
  captures INTEGER NOT NULL,  -- number of captures in it
  written_at TEXT NOT NULL
);

-- Pages that are in a WARC file and no longer in captures.db.
CREATE TABLE moved_pages (
  digest TEXT PRIMARY KEY,    -- as in `bodies` of captures.db
  warc_file_id INTEGER NOT NULL REFERENCES warc_files(id)
) WITHOUT ROWID;
"""

CAPTURE_INDEXES = """
-- Index that finds the captures of a body, to see whether others share it.
CREATE INDEX captures_by_digest ON captures(digest);
"""

OUTLET_TEMPLATE_TABLES = """
-- Where the articles of each outlet stand on its pages, learnt from the pages themselves. Elements are
-- known by a hash of the end of their path; nothing of a page's text is in here.
CREATE TABLE outlet_templates (
  outlet_id INTEGER PRIMARY KEY REFERENCES outlets(id) ON DELETE CASCADE,
  learnt_at TEXT NOT NULL,  -- the newest page was learnt from
  pages INTEGER NOT NULL,   -- pages learnt from since the outlet's present design was first seen
  digest TEXT,              -- of the template, as in `articles.extractor`; NULL while too few pages are known
  template TEXT,            -- JSON: what further pages are read by
  evidence TEXT NOT NULL    -- JSON: for each element its path, the pages that have it, and what stands in it
);
"""

PRINTED_DAY_COLUMNS = """
-- The day of publication as the outlet printed it, beside `published_at` in UTC. Older rows get it
-- from `published_raw` where that states an offset that fits, else from `published_at`.
ALTER TABLE articles ADD COLUMN published_day TEXT;  -- YYYY-MM-DD on the outlet's clock; in UTC if that is not known
ALTER TABLE articles ADD COLUMN published_offset INTEGER;  -- minutes of that clock ahead of UTC; NULL: not stated
ALTER TABLE urls ADD COLUMN published_offset INTEGER;  -- the same for `published_at`, as the source stated it
UPDATE articles SET published_day = substr(published_at, 1, 10) WHERE published_at IS NOT NULL;
UPDATE articles SET published_offset = stated.minutes, published_day = date(published_at, stated.minutes || ' minutes')
FROM (
  SELECT id, (CASE substr(zone, 1, 1) WHEN '-' THEN -1 ELSE 1 END) * (substr(zone, 2, 2) * 60 + substr(zone, -2))
         AS minutes
  FROM (
    SELECT id, CASE WHEN published_raw GLOB '*[0-9][+-][0-9][0-9]:[0-9][0-9]' THEN substr(published_raw, -6)
                    WHEN published_raw GLOB '*[0-9 ][+-][0-9][0-9][0-9][0-9]' THEN substr(published_raw, -5) END AS zone
    FROM articles WHERE published_at GLOB '*Z'
  ) WHERE zone IS NOT NULL
) AS stated
WHERE articles.id = stated.id AND abs(stated.minutes) <= 840
  AND instr(published_raw, strftime('%H:%M', published_at, stated.minutes || ' minutes')) > 0;
CREATE INDEX articles_by_published_day ON articles(published_day, outlet_id);
CREATE INDEX articles_by_outlet_day ON articles(outlet_id, published_day);

-- Rows that are written without the day get that of `published_at`; so do rows whose date is
-- changed to another one.
CREATE TRIGGER articles_day_insert AFTER INSERT ON articles
WHEN new.published_day IS NULL AND new.published_at IS NOT NULL BEGIN
  UPDATE articles SET published_day = substr(new.published_at, 1, 10) WHERE id = new.id;
END;
CREATE TRIGGER articles_day_update AFTER UPDATE OF published_at, published_day ON articles
WHEN (new.published_at IS NULL) <> (new.published_day IS NULL)
  OR abs(julianday(new.published_day) - julianday(substr(new.published_at, 1, 10))) > 1 BEGIN
  UPDATE articles SET published_day = substr(new.published_at, 1, 10), published_offset = NULL WHERE id = new.id;
END;

DROP VIEW coverage;
DROP VIEW event_coverage;
DROP VIEW story_coverage;

-- Every article with its outlet, without the long columns; made for browsing.
CREATE VIEW coverage AS
SELECT a.id, a.published_at, o.host AS outlet, a.headline, a.byline, a.agency, a.section, a.language, a.word_count,
       a.url, a.fetched_at, a.published_day, a.published_offset
FROM articles a JOIN outlets o ON o.id = a.outlet_id;

-- The articles of each event, with the reason why they joined.
CREATE VIEW event_coverage AS
SELECT m.event_id, a.id, a.published_at, o.host AS outlet, a.headline, m.joined, m.score, m.terms, a.published_day,
       a.published_offset
FROM event_articles m JOIN articles a ON a.id = m.article_id JOIN outlets o ON o.id = a.outlet_id;

-- The coverage of each story; versions of one text share an `original_id`. Articles that a person
-- rejected are left out, as are versions of their text without a verdict. Uncertain articles are
-- in `story_perhaps`.
CREATE VIEW story_coverage(story_id, story, id, original_id, probability, tier, part, verdict, terms, nearest_id,
  outlet, outlet_name, headline, published_at, language, url, published_day, published_offset) AS
SELECT s.id, s.name, a.id, coalesce(t.original_id, a.id), m.probability, m.tier, m.part, m.verdict, m.terms,
       m.nearest_id, o.host, o.name, a.headline, a.published_at, a.language, a.url, a.published_day, a.published_offset
FROM story_articles m JOIN stories s ON s.id = m.story_id JOIN articles a ON a.id = m.article_id
JOIN outlets o ON o.id = a.outlet_id
LEFT JOIN shared_text_articles v ON v.article_id = a.id LEFT JOIN shared_texts t ON t.id = v.text_id
WHERE m.verdict = 'belongs' OR (m.verdict IS NULL AND m.tier IN ('sure', 'likely') AND NOT EXISTS (
  SELECT 1 FROM shared_text_articles w JOIN story_articles n ON n.article_id = w.article_id
  WHERE w.text_id = v.text_id AND n.story_id = m.story_id AND n.verdict = 'not'
));
"""

DEPOSIT_TABLES = """
-- Articles of followed stories that another archive was asked to keep (`crawl --deposit`).
CREATE TABLE deposits (
  id INTEGER PRIMARY KEY,
  article_id INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
  service TEXT NOT NULL,      -- the other archive: wayback
  url TEXT NOT NULL,          -- the page that it is asked to save
  state TEXT NOT NULL CHECK (state IN ('waiting', 'asked', 'done', 'refused')),  -- refused: not tried again
  job TEXT,                   -- its name for the work, while it is asked
  asked_at TEXT,              -- when it was last asked
  snapshot_url TEXT,          -- where it keeps the page
  snapshot_at TEXT,           -- when it saved the page
  failures INTEGER NOT NULL DEFAULT 0,  -- consecutive failures
  error TEXT,                 -- what failed last, or why it is not tried
  retry_at TEXT,              -- when to try again after a failure
  UNIQUE (article_id, service)
);
CREATE INDEX deposits_by_state ON deposits(service, state);

-- The archives that are asked, with their limits.
CREATE TABLE deposit_services (
  name TEXT PRIMARY KEY,
  day TEXT NOT NULL,          -- the day (UTC) of the newest request …
  requests INTEGER NOT NULL,  -- … and the captures that were asked for on it
  failures INTEGER NOT NULL DEFAULT 0,  -- consecutive refusals
  error TEXT,                 -- what it refused last
  paused_until TEXT           -- it is not asked before
) WITHOUT ROWID;
"""

IMPORTED_FILE_TABLES = """
-- Files of many pages that `dateline import` reads, with how far it has come; written together with
-- the articles.
CREATE TABLE imported_files (
  id INTEGER PRIMARY KEY,
  address TEXT NOT NULL,       -- path or URL
  selection TEXT NOT NULL,     -- what was wanted of it, in words; empty: all
  version TEXT NOT NULL,       -- size, and ETag or time of change; if it differs, the file is read from its beginning
  bytes INTEGER NOT NULL,
  bytes_done INTEGER NOT NULL,
  records INTEGER NOT NULL,    -- number of records done
  position TEXT NOT NULL,      -- where the next import goes on, as JSON
  left_out TEXT NOT NULL,      -- numbers of pages that were excluded, by the reason, as JSON
  started_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  finished_at TEXT,
  UNIQUE (address, selection)
);
"""

STORY_EDITION_INDEXES = """
-- Each new article asks for the editions of all stories, whose rows are long.
CREATE INDEX stories_by_edition ON stories(id, edition, newest_id);
"""

PAGE_TYPE_COLUMNS = """
ALTER TABLE articles ADD COLUMN page_type TEXT NOT NULL DEFAULT 'article';  -- article, liveblog or gallery
CREATE INDEX articles_of_other_types ON articles(page_type) WHERE page_type <> 'article';

-- Pages that are not articles, with the type that the reader found and its reason.
CREATE VIEW other_pages AS
SELECT id, outlet, page_type, reason, fetched_at, url
FROM (
  SELECT *, CASE
    WHEN named = 'section' THEN 'listing'  -- of earlier versions
    WHEN named IN ('gallery', 'video', 'listing', 'product', 'forum', 'document', 'error', 'empty', 'broken')
    THEN named ELSE 'other' END AS page_type
  FROM (
    SELECT u.id, o.host AS outlet, substr(u.reason, 1, instr(u.reason || ':', ':') - 1) AS named,
           u.reason, u.fetched_at, u.url
    FROM urls u JOIN outlets o ON o.id = u.outlet_id
    WHERE u.outcome IN ('failed', 'refused', 'gone', 'not article')  -- as the index has it
      AND u.outcome = 'not article'
  )
);
"""

ARCHIVE_SCHEMA = DatabaseSchema(
    "dateline.archive",
    (
        ("m001_first_tables", FIRST_TABLES),
        ("m002_copies", COPY_TABLES),
        ("m003_revisions", REVISION_HISTORY_TABLES),
        ("m004_events", EVENT_TABLES),
        ("m005_stories", STORY_TABLES),
        ("m006_ledes", LEDE_TABLES),
        ("m007_politeness", PAUSE_TABLES),
        ("m008_schedule", SCHEDULE_COLUMNS),
        ("m009_habits", BOILERPLATE_TABLES),
        ("m010_identity", IDENTITY_TABLES),
        ("m011_folding", FOLDING_UPDATE),
        ("m012_what_waits", WAITING_INDEXES),
        ("m013_outlet_lookups", OUTLET_LOOKUP_TABLES),
        ("m014_keys", LANGUAGE_KEY_TABLES),
        ("m015_story_searches", STORY_SEARCH_TABLES),
        ("m016_membership", MEMBERSHIP_COLUMNS),
        ("m017_names", BOILERPLATE_NAME_CHANGES + NAME_CHANGES),
        ("m018_notes_and_searches", NOTE_TABLES),
        ("m019_lists", LIST_INDEXES),
        ("m020_notifications", ALERT_TABLES),
        ("m021_stored_vectors", STORED_VECTOR_COLUMNS),
        ("m022_digests", DIGEST_INDEXES),
        ("m023_removals", REMOVAL_TABLES),
        ("m024_moved_pages", MOVED_PAGE_TABLES),
        ("m025_printed_days", PRINTED_DAY_COLUMNS),
        ("m026_deposits", DEPOSIT_TABLES),
        ("m027_imported_files", IMPORTED_FILE_TABLES),
        ("m028_outlet_templates", OUTLET_TEMPLATE_TABLES),
        ("m029_story_editions", STORY_EDITION_INDEXES),
        ("m030_page_types", PAGE_TYPE_COLUMNS),
    ),
    cache=24_000,  # reads of the index of shared passages are scattered over the file
)
CAPTURES_SCHEMA = DatabaseSchema(
    "dateline.captures",
    (
        ("c001_first_tables", CAPTURE_TABLES),
        ("c002_deltas", DELTA_COLUMNS),
        ("c003_shared_bodies", CAPTURE_INDEXES),
    ),
)


def split_statements(script: str) -> Iterator[str]:
    """Yield the statements of a script one by one.

    `executescript` cannot be used, since it would commit the transaction that it runs in.
    """
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
