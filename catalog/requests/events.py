"""What happened to requests: the kinds of entries of this room, each documented at its class."""

from __future__ import annotations
