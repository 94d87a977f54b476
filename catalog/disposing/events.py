"""What happened to disposing: the kinds of entries of this room, each documented at its class."""

from __future__ import annotations
