"""Changes that would make recordings due: proposed by one person, confirmed by another."""
