"""What root does for the station: mount read-only, let go, clear. It trusts no word of the daemon's."""
