"""What many dockings say of a recorder: its clock, when a clip was really recorded, what is missing, its health."""
