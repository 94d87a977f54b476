"""Changes that would make recordings due."""
