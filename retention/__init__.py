"""What may go, when, and why."""
