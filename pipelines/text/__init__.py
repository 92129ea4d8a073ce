"""Representations of a text: terms, vectors, fingerprints and word counts."""
