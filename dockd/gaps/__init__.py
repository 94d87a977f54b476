"""What is missing between recordings."""
