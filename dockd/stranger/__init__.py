"""What travels with a copy that leaves, for people who have no dockd."""
