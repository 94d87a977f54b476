"""Cases and what lies under them."""
