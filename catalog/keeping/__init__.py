"""What is kept and how long: holds and what lies under them, the rule pack that counts, terms of single clips."""
