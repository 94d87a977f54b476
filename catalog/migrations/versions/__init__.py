"""One module a step; each is applied once and never changed after a release."""
