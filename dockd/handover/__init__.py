"""Hand-over between custodians (交接)."""
