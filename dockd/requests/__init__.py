"""Asking to look and to copy."""
