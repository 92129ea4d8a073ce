"""An article's headline, authors, dates and other fields."""
