"""Recorders that can be spoken to: one small interface, a driver a protocol, transports behind their own interface.

Nothing is invented: what no public source states, a driver does not do, and says so (`NotStated`).
"""

from __future__ import annotations

from .control import Ability, Control, DriverFault, Identified, NotStated, Refusal
from .finding import Speaks, control_for

__all__ = ["Ability", "Control", "DriverFault", "Identified", "NotStated", "Refusal", "Speaks", "control_for"]
