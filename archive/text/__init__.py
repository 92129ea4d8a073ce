"""Text for search, comparison and display."""
