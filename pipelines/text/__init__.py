"""What texts are made of: terms, vectors, fingerprints, words."""
