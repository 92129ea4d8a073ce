"""Sending of alerts through Apprise, after a crawl or on demand."""
