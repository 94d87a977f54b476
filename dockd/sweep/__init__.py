"""What is due goes: proposed, approved, destroyed, told."""
