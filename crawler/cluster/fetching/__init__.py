"""Fetching on workers: shares of hosts, the processes that fetch them, and the driver's side."""
