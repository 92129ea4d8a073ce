"""Everything between a URL and its response: guard, robots.txt, delays, redirects, download."""
