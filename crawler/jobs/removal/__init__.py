"""Jobs that remove and prune articles, and that refuse to fetch removed ones."""
