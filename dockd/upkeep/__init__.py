"""The vault read again, and its second copies."""
