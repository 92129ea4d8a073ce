"""What the pages about several archives together show: each is asked, and its rows are merged."""
