"""Copies that leave: made on an approved request, proven to whoever gets them, and kept."""
