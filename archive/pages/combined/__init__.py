"""The content of pages about several archives: each is asked, and its rows are merged."""
