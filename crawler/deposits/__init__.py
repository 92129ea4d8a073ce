"""Other archives are asked to keep the new articles of followed stories, if a user wants it."""
