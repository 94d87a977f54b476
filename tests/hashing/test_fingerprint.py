"""A fingerprint is the same whichever way it is taken: from the stream of a copy, or from head and tail of a file."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hashing.filecalls import OsFileCalls
from hashing.fingerprint import EDGE_BYTES, FingerprintStream, fingerprint_of
from tests.simulators.recorder_files import RecorderFiles, engine_threads, open_descriptors, run


@pytest.fixture
def place(tmp_path: Path) -> Iterator[RecorderFiles]:
    """A recorder and a vault; afterwards no thread and no descriptor may be left."""
    before = open_descriptors()
    yield RecorderFiles(tmp_path)
    assert engine_threads() == []
    assert open_descriptors() == before


def content(size: int, seed: int = 7) -> bytes:
    return random.Random(seed * 1_000_003 + size).randbytes(size)


def by_definition(data: bytes) -> bytes:
    from blake3 import blake3

    parts = data if len(data) <= 2 * EDGE_BYTES else data[:EDGE_BYTES] + data[-EDGE_BYTES:]
    return blake3(len(data).to_bytes(8, "little") + parts).digest()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edge=st.sampled_from([0, EDGE_BYTES, 2 * EDGE_BYTES, 3 * EDGE_BYTES, 5 * EDGE_BYTES]),
    off=st.integers(-3, 3),
    piece=st.integers(1000, 3 * EDGE_BYTES),
)
def test_a_fingerprint_is_the_same_from_the_stream_and_from_the_file(
    tmp_path: Path, edge: int, off: int, piece: int
) -> None:
    data = content(max(edge + off, 0))
    stream = FingerprintStream(len(data))
    for start in range(0, len(data), piece):
        stream.update(memoryview(data)[start : start + piece])
    path = tmp_path / "clip"
    path.write_bytes(data)
    with path.open("rb") as file:
        assert fingerprint_of(OsFileCalls(), file.fileno(), len(data)) == stream.value()
    assert stream.value().value == by_definition(data)


def test_the_engine_gives_the_same_fingerprint(place: RecorderFiles) -> None:
    for size in (0, 5, 2 * EDGE_BYTES, 2 * EDGE_BYTES + 1, 5 * EDGE_BYTES + 77):
        place.put(f"{size}", content(size))
    files = OsFileCalls()
    done = run(files, [place.task(files, path.name) for path in sorted(place.source.iterdir())])
    assert len(done.verified) == 5
    for copy in done.verified:
        assert copy.fingerprint.value == by_definition(content(copy.size_bytes))


def test_a_shorter_file_has_no_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(b"short")
    with path.open("rb") as file, pytest.raises(EOFError):
        fingerprint_of(OsFileCalls(), file.fileno(), 6)
