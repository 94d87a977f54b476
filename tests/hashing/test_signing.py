"""Signatures: ours are good to ssh-keygen, those of ssh-keygen are good to us, and no others are."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from hashing.errors import BadSignature, MalformedKey
from hashing.signing import SigningKey, allowed_signers, verify

KEY = SigningKey.generate()
DATA = '{"session":"2026-11-21-0001","text":"\u6267\u6cd5\u8bb0\u5f55"}'.encode()
NAMESPACE = "dockd-session"
IDENTITY = "st-7f3a91c2"


def ssh_keygen(*arguments: str | Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["ssh-keygen", *map(str, arguments)], input=data, capture_output=True, check=False)


def stored(folder: Path, key: SigningKey) -> Path:
    path = folder / "station"
    path.touch(mode=0o600)
    path.write_bytes(key.to_openssh())
    return path


def keygen_verifies(folder: Path, data: bytes, signature: bytes, namespace: str, signers: str, who: str) -> bool:
    (folder / "signature").write_bytes(signature)
    (folder / "allowed_signers").write_text(signers)
    arguments = ["-Y", "verify", "-n", namespace, "-I", who]
    done = ssh_keygen(*arguments, "-f", folder / "allowed_signers", "-s", folder / "signature", data=data)
    return done.returncode == 0


def flips(value: bytes) -> list[bytes]:
    """`value` with each of its bits changed, one at a time."""
    changed = []
    for bit in range(len(value) * 8):
        other = bytearray(value)
        other[bit // 8] ^= 1 << bit % 8
        changed.append(bytes(other))
    return changed


def armored(blob: bytes) -> bytes:
    return b"-----BEGIN SSH SIGNATURE-----\n" + base64.b64encode(blob) + b"\n-----END SSH SIGNATURE-----\n"


def blob_of(signature: bytes) -> bytes:
    return base64.b64decode(b"".join(signature.splitlines()[1:-1]))


def refused(signature: bytes, data: bytes = DATA, namespace: str = NAMESPACE, line: str | None = None) -> str:
    with pytest.raises(BadSignature) as caught:
        verify(KEY.public_line() if line is None else line, data, signature, namespace)
    return caught.value.reason


def test_ssh_keygen_verifies_what_we_sign(tmp_path: Path) -> None:
    signers = allowed_signers(IDENTITY, KEY.public_line("a comment"), [NAMESPACE, "dockd-checkpoint"])
    for data in (b"", b"\n", DATA, bytes(range(256)) * 5000):
        for namespace in (NAMESPACE, "dockd-checkpoint"):
            signature = KEY.sign(data, namespace)
            assert keygen_verifies(tmp_path, data, signature, namespace, signers, IDENTITY)
            done = ssh_keygen("-Y", "check-novalidate", "-n", namespace, "-s", tmp_path / "signature", data=data)
            assert done.returncode == 0
            assert KEY.fingerprint().encode() in done.stdout
            assert not keygen_verifies(tmp_path, data + b" ", signature, namespace, signers, IDENTITY)


def test_the_allowed_signers_line_allows_one_name_one_key_and_its_namespaces(tmp_path: Path) -> None:
    other = SigningKey.generate()
    signers = allowed_signers(IDENTITY, KEY.public_line(), [NAMESPACE])
    assert signers == f'{IDENTITY} namespaces="{NAMESPACE}" {KEY.public_line()}\n'
    assert keygen_verifies(tmp_path, DATA, KEY.sign(DATA, NAMESPACE), NAMESPACE, signers, IDENTITY)
    assert not keygen_verifies(tmp_path, DATA, KEY.sign(DATA, NAMESPACE), NAMESPACE, signers, "st-other")
    assert not keygen_verifies(tmp_path, DATA, KEY.sign(DATA, "git"), "git", signers, IDENTITY)
    assert not keygen_verifies(tmp_path, DATA, other.sign(DATA, NAMESPACE), NAMESPACE, signers, IDENTITY)


def test_we_verify_what_ssh_keygen_signs(tmp_path: Path) -> None:
    path = tmp_path / "key"
    assert ssh_keygen("-q", "-t", "ed25519", "-N", "", "-C", "st-1 of the north dock", "-f", path).returncode == 0
    line = (tmp_path / "key.pub").read_text()
    for options in ([], ["-O", "hashalg=sha256"], ["-O", "hashalg=sha512"]):
        done = ssh_keygen("-Y", "sign", "-n", NAMESPACE, "-f", path, *options, data=DATA)
        assert done.returncode == 0, done.stderr
        verify(line, DATA, done.stdout, NAMESPACE)
        assert refused(done.stdout, DATA + b"\n", line=line) == "over other bytes"
        assert refused(done.stdout, namespace="git", line=line) == "for another namespace"


def test_our_signature_is_the_one_ssh_keygen_makes_with_our_key(tmp_path: Path) -> None:
    done = ssh_keygen("-Y", "sign", "-n", NAMESPACE, "-f", stored(tmp_path, KEY), data=DATA)
    assert done.stdout == KEY.sign(DATA, NAMESPACE)


def test_ssh_keygen_and_we_read_each_others_keys(tmp_path: Path) -> None:
    path = stored(tmp_path, KEY)
    assert ssh_keygen("-y", "-f", path).stdout.decode().strip() == KEY.public_line()
    (tmp_path / "station.pub").write_text(KEY.public_line("st-1 dock") + "\n")
    listed = ssh_keygen("-l", "-f", tmp_path / "station.pub").stdout.decode()
    assert listed == f"256 {KEY.fingerprint()} st-1 dock (ED25519)\n"
    assert ssh_keygen("-q", "-t", "ed25519", "-N", "", "-C", "c", "-f", tmp_path / "theirs").returncode == 0
    theirs = SigningKey.from_openssh((tmp_path / "theirs").read_bytes())
    assert theirs.public_line("c") + "\n" == (tmp_path / "theirs.pub").read_text()


def test_a_key_comes_back_from_its_file() -> None:
    again = SigningKey.from_openssh(KEY.to_openssh())
    assert again.public_line() == KEY.public_line()
    assert again.sign(DATA, NAMESPACE) == KEY.sign(DATA, NAMESPACE)


def test_a_private_key_does_not_show_in_its_repr() -> None:
    assert repr(KEY) == "SigningKey()"


def test_two_generated_keys_are_not_the_same() -> None:
    assert SigningKey.generate().fingerprint() != SigningKey.generate().fingerprint()


def test_every_changed_bit_of_a_signature_file_is_refused() -> None:
    signature = KEY.sign(DATA, NAMESPACE)
    verify(KEY.public_line(), DATA, signature, NAMESPACE)
    for changed in flips(signature):
        refused(changed)


def test_every_changed_bit_inside_the_armor_is_refused() -> None:
    blob = blob_of(KEY.sign(DATA, NAMESPACE))
    verify(KEY.public_line(), DATA, armored(blob), NAMESPACE)
    for changed in flips(blob):
        refused(armored(changed))


def test_every_changed_bit_of_the_data_is_refused() -> None:
    signature = KEY.sign(DATA, NAMESPACE)
    for changed in flips(DATA):
        assert refused(signature, changed) == "over other bytes"


def test_every_changed_bit_of_the_namespace_is_refused() -> None:
    signature = KEY.sign(DATA, NAMESPACE)
    for changed in flips(NAMESPACE.encode()):
        assert refused(signature, namespace=changed.decode("latin-1")) == "for another namespace"
    with pytest.raises(ValueError, match="namespace"):
        KEY.sign(DATA, "")


def test_another_key_is_said_to_be_another_key() -> None:
    signature = SigningKey.generate().sign(DATA, NAMESPACE)
    assert refused(signature) == "by another key"


def test_a_signature_moved_under_another_key_is_refused() -> None:
    other = SigningKey.generate()
    own, others = blob_of(KEY.sign(DATA, NAMESPACE)), blob_of(other.sign(DATA, NAMESPACE))
    assert refused(armored(own[:-64] + others[-64:])) == "over other bytes"


@given(st.data())
@settings(deadline=None)
def test_a_signature_cut_or_grown_anywhere_is_refused(data: st.DataObject) -> None:
    signature = KEY.sign(DATA, NAMESPACE)
    blob = blob_of(signature)
    at, extra = data.draw(st.integers(0, len(blob))), data.draw(st.binary(min_size=1, max_size=8))
    if at < len(blob):
        refused(armored(blob[:at]))
    refused(armored(blob[:at] + extra + blob[at:]))
    # Only the last newline may be missing: it says nothing.
    at = data.draw(st.integers(0, len(signature) - 2))
    refused(signature[:at])


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_as_a_signature(noise: bytes) -> None:
    refused(noise)
    refused(armored(noise))
    refused(armored(b"SSHSIG\x00\x00\x00\x01" + noise))


def test_a_signature_written_another_way_is_refused() -> None:
    signature = KEY.sign(DATA, NAMESPACE)
    for changed in (
        signature + b"\n",
        b"\n" + signature,
        signature.replace(b"\n", b"\r\n"),
        signature.replace(b"\n", b" \n"),
        signature + signature,
        b"Comment: x\n" + signature,
    ):
        assert refused(changed) == "not armored"
    verify(KEY.public_line(), DATA, signature.removesuffix(b"\n"), NAMESPACE)


def test_a_hash_or_a_key_type_we_do_not_know_is_refused() -> None:
    blob = blob_of(KEY.sign(DATA, NAMESPACE))
    assert refused(armored(blob.replace(b"sha512", b"sha384"))) == "malformed"
    assert refused(armored(blob[:-83] + blob[-83:].replace(b"ssh-ed25519", b"ssh-ed25518"))) == "not Ed25519"
    reserved = blob.replace(b"dockd-session\0\0\0\0", b"dockd-session\0\0\0\1x")
    assert refused(armored(reserved)) == "malformed"


@pytest.mark.parametrize(
    "line",
    [
        *("", "ssh-ed25519", "ssh-ed25519 ", "ssh-ed25519 !!!!", "ssh-ed25519 AAAA", "ssh-ed25519 \u00e9"),
        *(KEY.public_line()[:-4], KEY.public_line()[:-1] + "=", "cert-authority " + KEY.public_line()),
        *("ssh-rsa " + KEY.public_line().split()[1], "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAA=="),
    ],
    ids=range(11),
)
def test_a_line_that_is_no_ed25519_key_is_said_to_be_none(line: str) -> None:
    with pytest.raises(MalformedKey):
        verify(line, DATA, KEY.sign(DATA, NAMESPACE), NAMESPACE)
    with pytest.raises(MalformedKey):
        allowed_signers(IDENTITY, line, [NAMESPACE])


def test_a_key_file_that_is_none_of_ours_is_refused(tmp_path: Path) -> None:
    for kind, phrase in (("ecdsa", ""), ("ed25519", "a long phrase")):
        path = tmp_path / (kind + phrase[:1])
        assert ssh_keygen("-q", "-t", kind, "-N", phrase, "-f", path).returncode == 0
        with pytest.raises(MalformedKey) as caught:
            SigningKey.from_openssh(path.read_bytes())
        assert caught.value.reason == ("under a passphrase" if phrase else "not Ed25519")
    pkcs8 = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for data in (b"", b"noise", pkcs8, KEY.to_openssh()[:200], KEY.public_line().encode()):
        with pytest.raises(MalformedKey):
            SigningKey.from_openssh(data)


@pytest.mark.parametrize("name", ["", "two words", "*", "a,b", 'a"b', "!x", "#x", "a\nb", "st?", "-x"])
def test_a_name_that_ssh_keygen_would_read_as_more_than_one_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="plain name"):
        allowed_signers(name, KEY.public_line(), [NAMESPACE])
    with pytest.raises(ValueError, match="plain name"):
        allowed_signers(IDENTITY, KEY.public_line(), [name])


def test_a_key_allowed_for_no_namespace_would_be_allowed_for_all_and_is_refused() -> None:
    with pytest.raises(ValueError, match="no namespace"):
        allowed_signers(IDENTITY, KEY.public_line(), [])


def test_a_comment_cannot_add_a_second_line() -> None:
    with pytest.raises(ValueError, match="one line"):
        KEY.public_line("a\nssh-ed25519 AAAA")
