"""Changes that people make by hand: stories, notes, outlets and saved searches."""
