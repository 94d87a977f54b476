"""The command line's words, one module each, loaded only when used."""
