"""What the station knows and can prove: clips, sessions, custody."""
