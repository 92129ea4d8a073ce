"""What a command runs: a crawl, an import, an extraction, a schedule."""
