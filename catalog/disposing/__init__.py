"""What becomes of recordings whose term is over: proposed, approved, set aside, destroyed, spared."""
