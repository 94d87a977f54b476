"""Names of recorders in a vault, a manifest and on a screen."""

from __future__ import annotations

import os
import subprocess
import unicodedata
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from dockd.naming import NAME_LIMIT_BYTES, PATH_LIMIT_BYTES, folder_name, raw, shown, vault_path
from tests.simulators.hostile import DEEP_PATH, NAMES

# What a file system can hand out: any byte but NUL and the slash; and those that are most likely to make trouble.
TROUBLE = st.sampled_from(
    [
        *(b".", b"..", b"...", b" ", b"%", b"%41", b"~", b"~" + b"0" * 32, b".mp4", b"deep", b"\n", b"\\", b"\xff"),
        *("重".encode(), "\u202e".encode(), "\u200b".encode(), "\ufffd".encode(), b"a" * 130, b"\xff" * 90),
    ]
)
COMPONENT = st.lists(
    st.one_of(
        TROUBLE,
        st.binary(min_size=1, max_size=8),
        st.text(min_size=1, max_size=8).map(lambda text: text.encode("utf-8", "replace")),
    ),
    min_size=1,
    max_size=6,
).map(lambda parts: b"".join(parts).replace(b"/", b"_").replace(b"\0", b"_"))
PATH = st.lists(COMPONENT, min_size=1, max_size=5).map(b"/".join)


@given(PATH, PATH)
@settings(max_examples=600)
def test_two_names_never_become_one(one: bytes, other: bytes) -> None:
    assert (vault_path(one) == vault_path(other)) == (one == other)
    assert (shown(one) == shown(other)) == (one == other)


@given(PATH)
@settings(max_examples=600)
def test_a_name_that_looks_like_anothers_safe_form_does_not_take_its_place(one: bytes) -> None:
    for form in (vault_path, shown):
        other = form(one).encode()
        assert (form(other) == form(one)) == (other == one)


@given(PATH)
@settings(max_examples=600)
def test_every_path_stays_inside_and_every_component_fits_a_file_system(path: bytes) -> None:
    safe = vault_path(path)
    parts = safe.split("/")
    assert len(safe.encode()) <= PATH_LIMIT_BYTES + NAME_LIMIT_BYTES
    for part in parts:
        assert part not in ("", ".", "..")
        assert len(part.encode()) <= NAME_LIMIT_BYTES
        assert part == part.strip(" .")
    assert os.path.normpath(os.path.join("/vault/clips", safe)).startswith("/vault/clips/")
    assert all(unicodedata.category(sign)[0] not in "CZ" or sign == " " for sign in safe)
    assert "\\" not in safe and "\ufffd" not in safe


@given(PATH)
def test_what_is_shown_can_be_turned_back(path: bytes) -> None:
    assert raw(shown(path)) == path


@given(PATH)
def test_a_folder_and_what_is_in_it_agree_about_the_folder(path: bytes) -> None:
    inside = vault_path(path + b"/clip.mp4")
    if not inside.startswith("deep/"):
        assert inside.split("/")[-1] == "clip.mp4"
        assert inside.split("/")[0] == vault_path(path.split(b"/")[0] + b"/x").split("/")[0]


@given(st.text(max_size=80), st.text(max_size=80))
def test_folder_names_are_single_and_different(one: str, other: str) -> None:
    one, other = (text.encode("utf-8", "replace").decode() for text in (one, other))
    for text in (one, other):
        name = folder_name(text)
        assert name not in ("", ".", "..") and "/" not in name and len(name.encode()) <= NAME_LIMIT_BYTES
        assert not name.startswith(".")
    assert (folder_name(one) == folder_name(other)) == (one == other)


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("城关中队/重点文件 1.mp4".encode(), "城关中队/重点文件 1.mp4"),
        (b"DCIM/100MEDIA/DSC_0001.MP4", "DCIM/100MEDIA/DSC_0001.MP4"),
        (b"a\nb\\c%d.mp4", "a%0Ab%5Cc%25d.mp4"),
        (b"\xff\xfe.mp4", "%FF%FE.mp4"),
        (b"../../etc/passwd", "%2E%2E/%2E%2E/etc/passwd"),
        (b".DS_Store", "%2EDS_Store"),
        (b" a. ", "%20a%2E%20"),
        ("x\u202ey".encode(), "x%E2%80%AEy"),
        (b"deep/x.mp4", "%64eep/x.mp4"),
        (b"a//b", "a/%/b"),
        (b"/etc/passwd", "%/etc/passwd"),
        (b"", "%"),
    ],
)
def test_examples_of_safe_names(path: bytes, safe: str) -> None:
    assert vault_path(path) == safe


def test_a_name_that_grows_too_long_keeps_its_beginning_and_extension() -> None:
    name = "长".encode() * 84 + b".mp4"
    safe = vault_path(name)
    assert len(name) == 256
    assert safe.startswith("长长长") and safe.endswith(f"~{blake3(name).hexdigest()[:32]}.mp4")
    assert len(safe.encode()) <= NAME_LIMIT_BYTES


def test_a_name_that_pretends_to_be_a_shortened_one_is_marked_and_still_fits() -> None:
    long = b"n" * 300 + b".mp4"
    shortened = vault_path(long)
    assert vault_path(shortened.encode()) != shortened
    assert len(vault_path(shortened.encode()).encode()) <= NAME_LIMIT_BYTES


def test_a_path_too_deep_for_a_vault_gets_a_folder_of_its_own() -> None:
    assert vault_path(DEEP_PATH) == f"deep/{blake3(DEEP_PATH).hexdigest()[:32]}/at-the-bottom.mp4"
    levels = b"/".join([b"x"] * 65)
    assert vault_path(levels).startswith("deep/")


@pytest.mark.parametrize("text", ["100%", "%4", "%zz", "a%/b"])
def test_a_text_that_was_never_shown_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        raw(text)


def test_folder_names_of_departments_are_readable() -> None:
    assert folder_name("城关执法中队") == "城关执法中队"
    assert folder_name("a/b") == "a%2Fb"
    assert folder_name("\udcff") == "%FF"


def test_b3sum_checks_every_hostile_name(tmp_path: Path) -> None:
    lines = []
    for path in (*NAMES, DEEP_PATH, b"../up.mp4", b"a//b"):
        safe = f"clips/{vault_path(path)}"
        target = tmp_path / safe
        target.parent.mkdir(parents=True, exist_ok=True)
        assert not target.exists()
        target.write_bytes(path)
        lines.append(f"{blake3(path).hexdigest()}  {safe}\n")
    (tmp_path / "manifest.b3").write_text("".join(lines), encoding="utf-8")
    subprocess.run(["b3sum", "--quiet", "--check", "manifest.b3"], cwd=tmp_path, check=True)
