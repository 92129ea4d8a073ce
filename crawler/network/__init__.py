"""Requests and responses: guards, robots.txt, politeness, redirects."""
