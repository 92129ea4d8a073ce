"""When to fetch a source or a page again."""
