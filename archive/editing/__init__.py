"""What people change in an archive by hand: stories, notes, outlets and saved searches."""
