"""The state of one running crawl, made when it starts and handed to its parts."""
