"""The decisions: each stage takes an article and returns an article or a decision about one."""

import os

# A story's matrices are small: with several threads these would wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
