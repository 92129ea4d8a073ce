"""Keep an archive for years: backups, their restoration, and captures moved to WARC files."""
