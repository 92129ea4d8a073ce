"""An article's text: which lines of the page belong to it."""
