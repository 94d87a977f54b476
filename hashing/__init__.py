"""Bytes in, digests out: copying that is a proof, manifests, chains, signatures."""
