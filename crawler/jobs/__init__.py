"""Jobs behind the commands: a crawl, an import, an extraction, a schedule."""
