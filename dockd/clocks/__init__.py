"""A recorder's clock, and when its recordings were made."""
