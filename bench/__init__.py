"""Benchmarks; `make bench` prints all figures as one table."""
