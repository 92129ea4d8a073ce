"""`python -m crawler` is the `dateline` command."""

from crawler.cli import main

main()
