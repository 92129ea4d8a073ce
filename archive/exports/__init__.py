"""Files that leave the archive: articles, WARC, dossiers, story definitions."""
