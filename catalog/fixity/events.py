"""What happened to fixity: the kinds of entries of this room, each documented at its class."""

from __future__ import annotations
