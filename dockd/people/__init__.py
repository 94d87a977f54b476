"""Who acts here, and who is in the registers."""
