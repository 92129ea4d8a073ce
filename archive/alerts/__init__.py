"""Alerts: what to report, the news found for them, and the queue of messages to send."""
