"""Digests against the vectors their makers publish."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashing.digest import Algorithm, Digest, digest_of, new_hasher
from hashing.errors import MalformedDigest

# The input of BLAKE3's test_vectors.json: 0, 1, 2 … 250, 0, 1 …
PATTERN = bytes(range(251)) * 5

VECTORS = [
    (Algorithm.BLAKE3, b"", "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
    (Algorithm.BLAKE3, PATTERN[:1], "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"),
    (Algorithm.BLAKE3, PATTERN[:1024], "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"),
    (Algorithm.BLAKE3, b"abc", "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"),
    # FIPS 180-4, examples of NIST
    (Algorithm.SHA256, b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (Algorithm.SHA256, b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    # GB/T 32905-2016, annex A
    (Algorithm.SM3, b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
    (Algorithm.SM3, b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
]


@pytest.mark.parametrize(("algorithm", "data", "expected"), VECTORS)
def test_digests_equal_the_published_vectors(algorithm: Algorithm, data: bytes, expected: str) -> None:
    assert digest_of(data, algorithm).hex == expected


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_digest_does_not_depend_on_how_the_bytes_arrive(algorithm: Algorithm) -> None:
    data = PATTERN * 300
    hasher = new_hasher(algorithm)
    for start in range(0, len(data), 4099):
        hasher.update(memoryview(data)[start : start + 4099])
    assert hasher.value() == digest_of(data, algorithm).value == digest_of(bytearray(data), algorithm).value


@pytest.mark.parametrize("algorithm", Algorithm)
def test_asking_for_the_value_does_not_end_a_hasher(algorithm: Algorithm) -> None:
    hasher = new_hasher(algorithm)
    hasher.update(b"first")
    assert hasher.value() == hasher.value() == digest_of(b"first", algorithm).value
    hasher.update(b"second")
    assert hasher.value() == digest_of(b"firstsecond", algorithm).value


@given(st.sampled_from(Algorithm), st.binary(min_size=32, max_size=32))
def test_text_becomes_the_same_digest_again(algorithm: Algorithm, value: bytes) -> None:
    digest = Digest(algorithm, value)
    assert Digest.parse(str(digest)) == digest
    assert str(digest) == f"{algorithm.value}:{value.hex()}"


HEX = hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize(
    "text",
    [
        *("", "b3", "b3:", HEX, f":{HEX}", f"b4:{HEX}", f"B3:{HEX}", f"b3::{HEX}", f"b3:{HEX[:-2]}", f"b3:{HEX}00"),
        *(f"b3:{HEX.upper()}", f"b3:{HEX[:-1]}g", f"b3: {HEX}", f"b3:{HEX}\n", f"b3:{HEX[:32]} {HEX[32:]}"),
    ],
)
def test_any_other_text_is_no_digest(text: str) -> None:
    with pytest.raises(MalformedDigest) as caught:
        Digest.parse(text)
    assert caught.value.text == text
