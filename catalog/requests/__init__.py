"""Requests to view, to copy out, to provide: asked, decided, used, closed."""
