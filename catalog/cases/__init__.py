"""Cases, what lies under them, and how recordings are found by what they are about."""
