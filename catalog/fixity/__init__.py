"""When originals were read again, what was damaged, and where second copies lie."""
