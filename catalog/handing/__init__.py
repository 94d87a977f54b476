"""Hand-overs between custodians: batches, receipts, differences."""
