"""Manifests: checked by the tools that an archivist would use."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hashing.digest import Algorithm, Digest, digest_of
from hashing.errors import MalformedManifest, UnfitPath
from hashing.manifest import ManifestEntry, parse, render, why_unfit

B3 = digest_of(b"")

HOSTILE = [
    "plain.mp4",
    "clips/0000001_123456_20261121013500.mp4",
    "new\nline",
    "\n",
    "\\",
    "back\\slash",
    "\\n",
    "both\\\nof them\\\\",
    "carriage\rreturn",
    "\r\n.",
    "*star",
    " lead",
    "trail ",
    "  ",
    "tab\t",
    "#comment",
    "-dash",
    "--check",
    "quote'\"$(x)`",
    "BLAKE3 (a) = b",
    "SHA256 (a) = b",
    "clips/\u6267\u6cd5\u8bb0\u5f55 (1)/\u00e9/e\u0301.jpg",
    "\x01\x1b[31m\x7f",
    "\x85\u2028\u2029\x0b\x0c\x1c",
    "\U0001f4f7",
    "clips/-",
    "...",
    "l" * 255,
]

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0\ufffd"), min_size=1, max_size=40)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join).filter(lambda path: why_unfit(path) is None)

TOOLS = {
    Algorithm.BLAKE3: ["b3sum", "--check"],
    Algorithm.SHA256: ["sha256sum", "--check", "--strict"],
    Algorithm.SM3: ["cksum", "-a", "sm3", "--check", "--strict"],
}


def check(folder: Path, manifest: bytes, algorithm: Algorithm) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*TOOLS[algorithm], "-"], input=manifest, cwd=folder, capture_output=True, check=False)


def fill(folder: Path, paths: list[str], algorithm: Algorithm) -> bytes:
    entries = []
    for path in paths:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        content = b"the bytes of " + path.encode()
        target.write_bytes(content)
        entries.append(ManifestEntry(path, digest_of(content, algorithm)))
    return render(entries)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_the_tool_finds_every_hostile_name_and_every_changed_file(tmp_path: Path, algorithm: Algorithm) -> None:
    manifest = fill(tmp_path, HOSTILE, algorithm)
    done = check(tmp_path, manifest, algorithm)
    assert (done.returncode, done.stdout.count(b": OK\n"), done.stderr) == (0, len(HOSTILE), b"")
    for path in HOSTILE:
        original = (tmp_path / path).read_bytes()
        (tmp_path / path).write_bytes(original + b"!")
        done = check(tmp_path, manifest, algorithm)
        assert done.returncode != 0
        assert done.stdout.count(b": OK\n") == len(HOSTILE) - 1
        (tmp_path / path).write_bytes(original)


@settings(max_examples=25, deadline=None)
@given(name=NAMES.filter(lambda name: why_unfit(name) is None and len(os.fsencode(name)) <= 255))
def test_b3sum_and_sha256sum_open_any_name_that_render_takes(name: str) -> None:
    for algorithm in (Algorithm.BLAKE3, Algorithm.SHA256):
        with tempfile.TemporaryDirectory() as folder:
            manifest = fill(Path(folder), [name], algorithm)
            done = check(Path(folder), manifest, algorithm)
            assert done.returncode == 0, (manifest, done)


def test_what_b3sum_writes_is_what_render_writes(tmp_path: Path) -> None:
    manifest = fill(tmp_path, HOSTILE, Algorithm.BLAKE3)
    written = subprocess.run(["b3sum", "--", *sorted(HOSTILE)], cwd=tmp_path, capture_output=True, check=True).stdout
    assert written == manifest


def test_the_sm3_lines_of_openssl_are_in_the_manifest(tmp_path: Path) -> None:
    manifest = fill(tmp_path, ["a", "b"], Algorithm.SM3)
    for name in ("a", "b"):
        line = subprocess.run(["openssl", "dgst", "-sm3", "-r", name], cwd=tmp_path, capture_output=True, check=True)
        assert line.stdout.replace(b" *", b"  ", 1) in manifest


@given(st.dictionaries(PATHS, st.binary(min_size=32, max_size=32), max_size=8), st.sampled_from(Algorithm))
@example(dict.fromkeys(HOSTILE, bytes(32)), Algorithm.BLAKE3)
@example({}, Algorithm.SM3)
def test_entries_come_back_sorted_from_their_text(files: dict[str, bytes], algorithm: Algorithm) -> None:
    entries = [ManifestEntry(path, Digest(algorithm, value)) for path, value in files.items()]
    text = render(entries)
    assert parse(text, algorithm) == sorted(entries, key=lambda entry: entry.path)
    assert render(parse(text, algorithm)) == text
    assert text.count(b"\n") == len(entries)


UNFIT = ["", "-", "/absolute", "a//b", "a/", "../up", "a/../b", "..", ".", "./a", "a/.", "nul\0", "\ufffd"]


@pytest.mark.parametrize("path", [*UNFIT, "end\r", "new\nline\r", "not\udc80utf8"], ids=ascii)
def test_a_path_that_some_tool_would_not_open_is_refused(path: str) -> None:
    with pytest.raises(UnfitPath) as caught:
        render([ManifestEntry("good", B3), ManifestEntry(path, B3)])
    assert caught.value.path == path
    raw = path.encode(errors="surrogateescape").replace(b"\n", b"\\n")
    mark = b"\\" if "\n" in path else b""
    with pytest.raises(MalformedManifest) as refused:
        parse(f"{B3.hex}  good\n".encode() + mark + B3.hex.encode() + b"  " + raw + b"\n", Algorithm.BLAKE3)
    assert refused.value.line_no == 2


def test_a_path_given_twice_is_refused() -> None:
    with pytest.raises(UnfitPath):
        render([ManifestEntry("a", B3), ManifestEntry("b", B3), ManifestEntry("a", digest_of(b"other"))])
    with pytest.raises(MalformedManifest) as caught:
        parse(f"{B3.hex}  a\n{B3.hex}  b\n\\{B3.hex}  a\n".encode(), Algorithm.BLAKE3)
    assert (caught.value.line_no, caught.value.line) == (3, f"\\{B3.hex}  a")


def test_digests_by_two_algorithms_are_refused() -> None:
    with pytest.raises(ValueError, match="different algorithms"):
        render([ManifestEntry("a", B3), ManifestEntry("b", digest_of(b"", Algorithm.SHA256))])


@pytest.mark.parametrize(
    "line",
    [
        *("", " ", B3.hex, f"{B3.hex} a", f"{B3.hex} *a", f"{B3.hex}  ", f"{B3.hex.upper()}  a", f" {B3.hex}  a"),
        *(f"{B3.hex[:-1]}  a", f"{B3.hex}0  a", f"b3:{B3.hex}  a", f"\\{B3.hex}  a\\", f"\\{B3.hex}  a\\t"),
        *(f"\\{B3.hex}  a\\r", f"\\\\{B3.hex}  a", f"# {B3.hex}  a", f"BLAKE3 (a) = {B3.hex}", f"{B3.hex}  a\r"),
    ],
)
def test_a_line_that_is_no_entry_is_named(line: str) -> None:
    with pytest.raises(MalformedManifest) as caught:
        parse(f"{B3.hex}  first\n{line}\n{B3.hex}  last\n".encode(), Algorithm.BLAKE3)
    assert (caught.value.line_no, caught.value.line) == (2, line)


def test_the_last_newline_may_be_missing_as_it_may_for_b3sum() -> None:
    assert parse(f"{B3.hex}  a\n{B3.hex}  b".encode(), Algorithm.BLAKE3) == [
        ManifestEntry("a", B3),
        ManifestEntry("b", B3),
    ]


@given(st.binary(max_size=200))
def test_any_bytes_are_entries_or_a_malformed_manifest(data: bytes) -> None:
    for text in (data, B3.hex.encode() + b"  " + data):
        try:
            parse(text, Algorithm.BLAKE3)
        except MalformedManifest:
            pass
