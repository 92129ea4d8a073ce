"""What is measured, and against what; `make bench` prints it as one table."""
