"""Text and languages: encodings, entities, URLs, language detection."""
