"""Benchmarks; `make bench` prints all figures as one table."""

import os

# as in `pipelines`, whose setting comes too late where a benchmark imports numpy first
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
