"""Decides which type a page is: an article, a live report, or something that only looks like one."""
