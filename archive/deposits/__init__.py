"""Deposits: the articles that other archives were asked to keep, and what they answered."""
