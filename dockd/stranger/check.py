"""Checks a copy of recordings that a dockd station gave out: offline, without dockd, with Python 3.9 or newer alone.

    python3 proof/check.py                            the copy that this file lies in
    python3 proof/check.py COPY                       another one
    python3 proof/check.py --fingerprint SHA256:…     and that it was signed with the key you know

Exit code 0: all is well. 1: something is wrong. 2: wrong usage. 3: nothing wrong was found, but not all could be
checked. What the files of a copy say, and how to check them by hand, stands in READ-ME.txt beside this file.

不需要 dockd，不需要联网。退出码：0 全部相符；1 有不符；2 用法有误；3 未发现不符，但有的项目无法核对。
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
from typing import Any

NAMESPACES = {"copy.json": "dockd-copy", "checkpoint.txt": "dockd-checkpoint", "session.json": "dockd-session"}
UNFINISHED = "UNFINISHED-未完成.txt"
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
# BLAKE3 of more than this is left to the program b3sum where there is one: Python alone takes seconds for each MB.
SMALL_BYTES = 1 << 18
MARKS = {"well": "[ OK ]", "note": "[ 注 ]", "wrong": "[不符]", "unchecked": "[未核]", "end": "\n结论  "}


class Report:
    """Says what was checked, as it goes: in Chinese and English."""

    def __init__(self) -> None:
        self.count = {"wrong": 0, "unchecked": 0}

    def say(self, how: str, zh: str, en: str, what: str = "") -> None:
        if how in self.count:
            self.count[how] += 1
        sys.stdout.write(f"{MARKS[how]} {zh}\n       {en}\n" + (f"       {what}\n" if what else ""))

    def wrong(self, zh: str, en: str, what: str = "") -> None:
        self.say("wrong", zh, en, what)

    def verdict(self) -> int:
        """The last line, and the exit code."""
        if wrong := self.count["wrong"]:
            self.say("end", f"有 {wrong} 处不符，此副本不可采信", f"NOT WELL, wrong: {wrong}")
            return 1
        if self.count["unchecked"]:
            self.say("end", "未发现不符，但未能全部核对", "NOT COMPLETE: nothing wrong, not all was checked")
            return 3
        self.say("end", "全部相符", "ALL IS WELL")
        return 0


# --- BLAKE3, by section 2 of its paper
_MASK = 0xFFFFFFFF
_IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
_PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
_COLUMNS = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15))
_DIAGONALS = ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
_START, _END, _PARENT, _ROOT, _CHUNK_BYTES = 1, 2, 4, 8, 1024


def blake3(data: bytes) -> bytes:
    """The 32 bytes of BLAKE3."""
    return struct.pack("<8I", *_subtree(data, 0, _ROOT))


def _subtree(data: bytes, counter: int, flags: int) -> list[int]:
    if len(data) <= _CHUNK_BYTES:
        return _chunk(data, counter, flags)
    left = 1 << ((-(-len(data) // _CHUNK_BYTES) - 1).bit_length() - 1)
    cut = left * _CHUNK_BYTES
    words = _subtree(data[:cut], counter, 0) + _subtree(data[cut:], counter + left, 0)
    return _compress(_IV, struct.pack("<16I", *words), 0, 64, _PARENT | flags)


def _chunk(data: bytes, counter: int, flags: int) -> list[int]:
    value: Any = _IV
    last = max(0, (len(data) - 1) // 64)
    for number in range(last + 1):
        block = data[64 * number : 64 * number + 64]
        here = (_START if number == 0 else 0) | (_END | flags if number == last else 0)
        value = _compress(value, block, counter, len(block), here)
    return list(value)


def _compress(value: Any, block: bytes, counter: int, length: int, flags: int) -> list[int]:
    words = list(struct.unpack("<16I", block.ljust(64, b"\0")))
    s = [*value, *_IV[:4], counter & _MASK, counter >> 32, length, flags]
    for _round in range(7):
        for lane, (a, b, c, d) in enumerate(_COLUMNS + _DIAGONALS):
            for word, one, two in ((words[2 * lane], 16, 12), (words[2 * lane + 1], 8, 7)):
                s[a] = (s[a] + s[b] + word) & _MASK
                turned = s[d] ^ s[a]
                s[d] = (turned >> one | turned << (32 - one)) & _MASK
                s[c] = (s[c] + s[d]) & _MASK
                turned = s[b] ^ s[c]
                s[b] = (turned >> two | turned << (32 - two)) & _MASK
        words = [words[place] for place in _PERMUTATION]
    return [s[place] ^ s[place + 8] for place in range(8)]


def b3_text(data: bytes) -> str:
    """`b3:…` of bytes; by b3sum where there are many."""
    program = shutil.which("b3sum") if len(data) > SMALL_BYTES else None
    if program is not None:
        ran = subprocess.run([program, "--no-names"], input=data, capture_output=True, check=False)
        if ran.returncode == 0:
            return "b3:" + ran.stdout.decode().strip()
    return "b3:" + blake3(data).hex()


def root_from(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root of the Merkle tree (RFC 6962) that an audit path leads to, by the walk of RFC 9162 §2.1.3.2."""
    position, last, node = index, size - 1, leaf
    for neighbour in path:
        if last == 0 or len(neighbour) != 32:
            return None
        if position & 1 or position == last:
            node = blake3(b"\x01" + neighbour + node)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            node = blake3(b"\x01" + node + neighbour)
        position >>= 1
        last >>= 1
    return node if last == 0 else None


# --- files and manifests
def files_in(folder: str, report: Report) -> dict[str, int]:
    """Every plain file by its path with `/`, and its size. Anything else does not belong into a copy."""
    found: dict[str, int] = {}
    for where, folders, names in os.walk(folder):
        for name in [*names, *(one for one in folders if os.path.islink(os.path.join(where, one)))]:
            path = os.path.relpath(os.path.join(where, name), folder).replace(os.sep, "/")
            status = os.lstat(os.path.join(where, name))
            if stat.S_ISREG(status.st_mode):
                found[path] = status.st_size
            else:
                report.wrong("不是普通文件", "not a plain file", path)
    return found


def read(bag: str, path: str) -> bytes:
    with open(os.path.join(bag, *path.split("/")), "rb") as file:
        return file.read()


def sha256_of(bag: str, path: str) -> str:
    hashed = hashlib.sha256()
    with open(os.path.join(bag, *path.split("/")), "rb") as file:
        while block := file.read(1 << 20):
            hashed.update(block)
    return hashed.hexdigest()


def listed_files(bag: str, name: str, files: dict[str, int], report: Report) -> dict[str, str]:
    """Every file of a manifest against its SHA-256. Gives what it says; ValueError for a line that is none."""
    said: dict[str, str] = {}
    wrong = 0
    for line in read(bag, name).decode().splitlines():
        found = re.fullmatch(r"([0-9a-f]{64}) +(\S.*)", line)
        if found is None or found[2] in said or ".." in found[2].split("/") or found[2].startswith("/"):
            raise ValueError(f"{name}: {line}")
        said[found[2]] = found[1]
        if found[2] not in files:
            wrong += 1
            report.wrong("缺少文件", "a file is missing", found[2])
        elif sha256_of(bag, found[2]) != found[1]:
            wrong += 1
            report.wrong("文件被改动", "a file was changed", found[2])
    if not wrong:
        report.say("well", f"{name}：{len(said)} 个文件的 SHA-256 相符", f"{name}: SHA-256 of {len(said)} files")
    return said


def info(bag: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in read(bag, "bag-info.txt").decode().splitlines() if ": " in line)


def bag_itself(bag: str, files: dict[str, int], report: Report) -> dict[str, str]:
    """Both manifests, what they leave out, and the sum in bag-info.txt. Gives the payload's digests."""
    if read(bag, "bagit.txt") != BAGIT:
        report.wrong("bagit.txt 不是应有的内容", "bagit.txt is not what it should be")
    tags = listed_files(bag, "tagmanifest-sha256.txt", files, report)
    payload = listed_files(bag, "manifest-sha256.txt", files, report)
    for needed in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "proof/copy.json", "proof/custody.jsonl"):
        if needed not in tags:
            report.wrong("清单中没有此文件", "no manifest lists this file", needed)
    for path in sorted(set(files) - set(payload) - set(tags) - {"tagmanifest-sha256.txt"}):
        if path.startswith("data/"):
            report.wrong("多出的文件，不属于此副本", "a file that is not part of this copy", path)
        else:
            report.say("note", f"此文件不属于本副本：{path}", f"not part of this copy: {path}")
    oxum = f"{sum(files.get(path, 0) for path in payload)}.{len(payload)}"
    if info(bag).get("Payload-Oxum") != oxum:
        report.wrong("bag-info.txt 中的字节数和文件数不符", "bag-info.txt: another sum of bytes and files", oxum)
    return payload


# --- signatures
class Signatures:
    """The station's key as the copy has it, and `ssh-keygen` to check with."""

    def __init__(self, bag: str, report: Report) -> None:
        self.bag, self.report, self.program = bag, report, shutil.which("ssh-keygen")
        words = read(bag, "proof/allowed_signers").decode().split(" ")
        if len(words) != 4 or words[2] != "ssh-ed25519" or words[3].count("\n") != 1:
            raise ValueError("allowed_signers")
        key = words[3].strip()
        hashed = hashlib.sha256(base64.b64decode(key, validate=True)).digest()
        self.fingerprint = "SHA256:" + base64.b64encode(hashed).decode().rstrip("=")
        self.station = words[0]
        if self.station != "st-" + hashlib.sha256(f"ssh-ed25519 {key}".encode()).hexdigest()[:8]:
            report.wrong("密钥与采集站编号不符", "the key is not the station's own", self.station)
        if self.program is None:
            self._cannot("本机没有 ssh-keygen", "there is no ssh-keygen here")

    def _cannot(self, zh: str, en: str) -> None:
        self.program = None
        self.report.say("unchecked", f"{zh}，签名未核对", f"{en}: signatures were not checked (OpenSSH 8.1 or newer)")

    def check(self, path: str) -> None:
        """One signed file."""
        if self.program is None:
            return
        signed, signers = os.path.join(self.bag, *path.split("/")), os.path.join(self.bag, "proof", "allowed_signers")
        words = ["-Y", "verify", "-f", signers, "-I", self.station, "-n", NAMESPACES[path.rpartition("/")[2]]]
        with open(signed, "rb") as file:
            words = [self.program, *words, "-s", f"{signed}.sig"]
            ran = subprocess.run(words, stdin=file, capture_output=True, check=False)
        said = (ran.stderr or ran.stdout).decode(errors="replace").strip()
        if ran.returncode == 0:
            self.report.say("well", f"签名有效：{path}", f"the signature holds: {path}")
        elif re.search(r"(unknown|illegal) option", said):
            self._cannot("本机的 ssh-keygen 太旧", "this ssh-keygen is too old")
        else:
            self.report.wrong("签名无效", "the signature does not hold", f"{path}: {said}")

    def known(self, fingerprint: str | None) -> None:
        """Whoever made a whole copy up also made its key up: only a fingerprint from elsewhere tells."""
        if fingerprint is None:
            zh, en = "请与采集站另行告知的密钥指纹比对：", "compare with what the station told you otherwise: "
            self.report.say("note", zh + self.fingerprint, en + self.fingerprint)
        elif fingerprint == self.fingerprint:
            self.report.say("well", "密钥指纹与您给出的一致", "the key has the fingerprint that you gave")
        else:
            self.report.wrong("密钥指纹与您给出的不一致", "another key than the one you know", self.fingerprint)


# --- what the station states, and what its log says
def statement(bag: str, files: dict[str, int], payload: dict[str, str], report: Report) -> dict[str, Any]:
    """proof/copy.json, which binds recordings, request and proof to each other by one signature."""
    said: dict[str, Any] = json.loads(read(bag, "proof/copy.json"))
    stated = {one["path"]: one["sha256"] for one in said["files"]}
    proof = {f"proof/{name}": digest for name, digest in said["proof"].items()}
    wrong = [path for path in sorted({*stated, *payload}) if stated.get(path) != f"sha256:{payload.get(path)}"]
    wrong += [path for path in sorted(proof) if path not in files or f"sha256:{sha256_of(bag, path)}" != proof[path]]
    for path in wrong:
        report.wrong("与采集站签名的给付清单不符", "not what the station signed for this copy", path)
    number, recipient = said["request"]["number"], said["request"]["recipient"]
    if said["format"] != "dockd copy 1" or info(bag).get("External-Identifier") != number:
        report.wrong("bag-info.txt 写的是另一份申请", "bag-info.txt names another request", number)
    if not wrong:
        zh = f"给付清单：申请 {number}，领取人 {recipient}，{len(stated)} 个文件"
        report.say("well", zh, f"the station states: request {number}, for {recipient}, {len(stated)} files")
    return said


def custody(bag: str, station: str, report: Report) -> list[dict[str, Any]]:
    """Every entry of the extract against the signed checkpoint. Gives the entries."""
    stated = dict(line.split(" ", 1) for line in read(bag, "proof/checkpoint.txt").decode().splitlines())
    size, wrong = int(stated["size"]), 0
    if stated["station"] != station:
        report.wrong("检查点属于另一采集站", "a checkpoint of another station", stated["station"])
    proofs = {one["seq"]: one["path"] for one in json.loads(read(bag, "proof/inclusion.json"))["proofs"]}
    before = (0, "b3:" + "0" * 64)
    entries: list[dict[str, Any]] = []
    for line in read(bag, "proof/custody.jsonl").split(b"\n")[:-1]:
        entry = json.loads(line)
        text = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        seq = entry["seq"]
        path = [bytes.fromhex(one) for one in proofs.pop(seq, [])]
        reached = root_from(blake3(b"\0" + line), seq - 1, size, path) if before[0] < seq <= size else None
        linked = before[0] + 1 != seq or entry["prev"] == before[1]
        before = (seq, "b3:" + blake3(line).hex())
        ended = seq != size or before[1] == stated["head"]
        proven = reached is not None and f"b3:{reached.hex()}" == stated["root"] and linked and ended
        if not proven or text != line or entry["station"] != station:
            wrong += 1
            report.wrong("日志条目与签名的检查点不符", "an entry of the log is not under the checkpoint", f"seq {seq}")
        entries.append(entry)
    for seq in sorted(proofs):
        wrong += 1
        report.wrong("少了一条日志", "an entry of the log was taken out", f"seq {seq}")
    if not wrong:
        zh = f"保管链日志：{len(entries)} 条均在检查点（共 {size} 条）之内"
        report.say("well", zh, f"the custody log: {len(entries)} entries, all under the checkpoint over {size}")
    return entries


def recordings(bag: str, said: dict[str, Any], entries: list[dict[str, Any]], report: Report) -> None:
    """Every recording against the entry of its intake and the seal of its docking; the request against its entries."""
    taken = {one["data"]["clip"]: one["data"] for one in entries if one["kind"] == "clip-ingested"}
    derived = json.loads(read(bag, "proof/derived.json"))["derived"] if "derived.json" in said["proof"] else []
    source = {one["path"]: one["original"] for one in derived}
    given = [one for one in said["files"] if one["what"] != "note"]
    faults = 0
    for one in given:
        entry = taken.get(one["clip"], {})
        original = one["b3"] if one["what"] == "original" else source.get(one["path"])
        if entry.get("session") != one["session"] or entry["digests"]["b3"] != original:
            faults += 1
            report.wrong("录像与其入库记录不符", "a recording is not what the log says was taken in", one["path"])
    for session in sorted({one["session"] for one in given}):
        clips = {clip: data["digests"] for clip, data in taken.items() if data["session"] == session}
        for fault in seal_faults(bag, session, clips, entries):
            faults += 1
            report.wrong("封存记录与日志不符", "the seal of a docking is not what the log says", f"{session}: {fault}")
    about = [one["data"] for one in entries if one["data"].get("request") == said["request"]["request"]]
    if not any(one.get("number") == said["request"]["number"] for one in about):
        faults += 1
        report.wrong("日志中没有这份申请", "the log does not know this request", said["request"]["number"])
    if not faults:
        zh = f"{len(given)} 份录像与入库记录、封存记录和申请一致"
        report.say("well", zh, f"{len(given)} recordings agree with the log, the seals and the request")


def seal_faults(bag: str, session: str, clips: dict[str, Any], entries: list[dict[str, Any]]) -> list[str]:
    """What of a docking's session.json and manifest is not as the log has it."""
    text, lines = (read(bag, f"proof/sessions/{session}/{name}") for name in ("session.json", "manifest.b3"))
    ends = [one["data"] for one in entries if one["kind"] == "session-sealed" and one["data"]["session"] == session]
    seal = json.loads(text)
    inside = {one["clip"]: one["digests"] for one in seal["entries"] if one["outcome"] == "ingested"}
    faults = [clip for clip in sorted(clips) if inside.get(clip) != clips[clip]]
    if not ends or ends[0]["session_digest"] != b3_text(text):
        faults.append("session.json")
    return faults + ([] if seal["sealed"]["manifest_digest"] == b3_text(lines) else ["manifest.b3"])


def blake3_of_payload(bag: str, report: Report) -> None:
    """The digests that the log has, for whoever has b3sum; the signed SHA-256 of the same files were checked before."""
    program = shutil.which("b3sum")
    if program is None:
        report.say("note", "本机没有 b3sum，录像按签名的 SHA-256 核对", "no b3sum here: signed SHA-256 were checked")
        return
    ran = subprocess.run([program, "--check", "manifest.b3"], cwd=bag, capture_output=True, check=False)
    if ran.returncode == 0:
        report.say("well", "录像的 BLAKE3 相符", "BLAKE3 of the recordings")
    else:
        report.wrong("录像的 BLAKE3 不符", "BLAKE3 of the recordings", ran.stdout.decode(errors="replace")[-500:])


def examine(bag: str, fingerprint: str | None, report: Report) -> None:
    """All checks, in the order in which one rests on the other."""
    files = files_in(bag, report)
    if UNFINISHED in files or "bagit.txt" not in files:
        report.wrong("此副本未制作完成，不可使用", "this copy is unfinished: do not use it", bag)
        return
    payload = bag_itself(bag, files, report)
    signatures = Signatures(bag, report)
    for path in sorted(files):
        if path.startswith("proof/") and path.rpartition("/")[2] in NAMESPACES:
            signatures.check(path)
    said = statement(bag, files, payload, report)
    if said["station"] != signatures.station:
        report.wrong("给付清单属于另一采集站", "a statement of another station", said["station"])
    recordings(bag, said, custody(bag, signatures.station, report), report)
    blake3_of_payload(bag, report)
    signatures.known(fingerprint)


def main(arguments: list[str]) -> int:
    """The command."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description="核对采集站给出的录像副本 / checks a copy of recordings")
    parser.add_argument("copy", nargs="?", default=here, help="副本所在文件夹 / folder of the copy")
    parser.add_argument("--fingerprint", metavar="SHA256:…", help="已知的密钥指纹 / the key's fingerprint")
    asked = parser.parse_args(arguments)
    report = Report()
    try:
        examine(asked.copy, asked.fingerprint, report)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        report.wrong("无法读取", "cannot be read", f"{type(error).__name__}: {error}")
    return report.verdict()


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))
