"""Every error of the packages becomes a sentence, a hint and an exit code."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

import catalog.errors
import dockd.errors
import hashing.errors
from catalog.cases import states as cases
from catalog.errors import Ambiguous, CatalogFault, CatalogUnreachable, NotFound, Unsafe, UnsafeDatabase
from catalog.people import access
from catalog.people.access import Act
from catalog.people.cells import Trouble
from catalog.people.wanted import Fault
from catalog.watching.gap_states import Why
from dockd.errors import Busy, ConfigFault, LedgerFault, NoSpace, Problem, SettingFault, ToolMissing
from dockd.exits import Exit
from dockd.explain import explain, report
from dockd.people.signing_in import NotIn
from dockd.root.reason import Reason
from hashing.errors import DigestMismatch, TargetFault

FULL = OSError(errno.ENOSPC, "No space left on device")
EXAMPLES: list[BaseException] = [
    dockd.errors.ConfigFault("/etc/dockd/dockd.toml", [SettingFault("dock.parallel", Problem.RANGE, 3, "0", "1…256")]),
    dockd.errors.FamilyFaults([dockd.errors.FamilyFault("own.toml", "zone", "unknown time zone 'Mars'")]),
    dockd.errors.HomeMissing("/srv/dockd.toml"),
    dockd.errors.HomeExists("/srv/dockd.toml"),
    dockd.errors.HomeFault("/srv/run/writer.lock", "open", PermissionError(errno.EACCES, "Permission denied")),
    dockd.errors.Busy(7, "dockd dock /media/a", "2026-11-21T01:35:00Z"),
    dockd.errors.NoSpace(5 * 2**30, 2**20),
    dockd.errors.ToolMissing("exiftool", "libimage-exiftool-perl"),
    dockd.errors.LedgerFault("entry 7", "the hash differs"),
    dockd.errors.DocumentUnreadable("report.pdf", "Permission denied"),
    dockd.errors.GapRefused("3f9a", Why.NOT_EXPLAINED),
    dockd.errors.BeyondClip("81c2", 9_000, 3_000),
    dockd.errors.CaseRefused("2026-17", cases.Why.CLOSED),
    dockd.errors.CaseNumberTaken("2026-17"),
    dockd.errors.HoldRefused("3f9a", "lifted"),
    dockd.errors.PackUnusable("no-such-pack"),
    dockd.errors.PackNotAdopted("qinghe-market", "changli-water"),
    dockd.errors.CountDiffers(3, 7),
    dockd.errors.NothingPlugged(60.0),
    dockd.errors.NotAllowed("user:li", Act.PLACE_HOLD, access.Why.DEPARTMENT, "城关"),
    dockd.errors.SignInRefused("li", NotIn.LOCKED, datetime(2026, 11, 21, 1, 35, tzinfo=UTC)),
    dockd.errors.NotFitting("unknown-department", department="城关"),
    dockd.errors.SheetUnreadable("台账.xlsx", "no-workbook"),
    dockd.errors.SheetFaults("台账.xlsx", [Fault("人员", 7, "officer number", Trouble.TWICE, "100234: 4")]),
    dockd.errors.SourceNotAFolder("/media/none"),
    dockd.errors.UnitFailed("mount", "sdb1", "", Reason("mount", "sdb1", "file-system", "ntfs", None, 7)),
    catalog.errors.CatalogFault("append", RuntimeError("disk I/O error")),
    catalog.errors.CatalogUnreachable("postgresql://dockd@db/cat", OSError(errno.ECONNREFUSED, "Connection refused")),
    catalog.errors.CatalogExists("/srv/catalog.db"),
    catalog.errors.CatalogBehind(None, "0001"),
    catalog.errors.OwnerNeeded("dockd"),
    catalog.errors.UnsafeDatabase([Unsafe("synchronous", "OFF", "FULL")]),
    catalog.errors.BadEvent("clip-ingested", "seq 7 is taken"),
    catalog.errors.LogNotEmpty("st-1", 7),
    catalog.errors.NotFound("clip", "3f9a"),
    catalog.errors.Ambiguous("clip", "3f", ["3f9a", "3f9b"]),
    hashing.errors.MalformedDigest("md5:7"),
    hashing.errors.MalformedManifest(7, "nonsense"),
    hashing.errors.DigestMismatch("vault/x", "b3:41aa", "b3:9f2c"),
    hashing.errors.TargetFault("vault/x", "fsync", FULL),
    hashing.errors.AlreadyThere("vault/x"),
    hashing.errors.SourceUnreadable("stalled", 4096, FULL),
    hashing.errors.BadSignature("other key"),
    hashing.errors.NotCanonical("a fraction"),
    hashing.errors.UnfitPath("a\nb", "newline"),
    hashing.errors.BrokenLink("b3:1", "b3:2"),
    hashing.errors.MalformedTree("no leaf 7"),
    hashing.errors.MalformedKey("under a passphrase"),
]


# Those of a topic have their examples where the topic is tested.
PACKAGES = ("dockd.errors", "catalog.errors", "hashing.errors")


def kinds(base: type[BaseException]) -> Iterator[type[BaseException]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_every_error_of_the_packages_has_an_example_here() -> None:
    bases = (dockd.errors.DockdError, catalog.errors.CatalogError, hashing.errors.HashingError)
    ours = {kind for base in bases for kind in kinds(base) if kind.__module__ in PACKAGES}
    assert ours - {type(example) for example in EXAMPLES} == set()


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_a_sentence_begins_small_ends_open_and_a_hint_follows(error: BaseException) -> None:
    told = explain(error)
    assert told.sentence[0] == told.sentence[0].lower()
    assert not told.sentence.endswith(".")
    assert told.hint
    assert not told.hint.endswith(".")
    assert "fault of its own" not in told.sentence
    assert "{" not in told.sentence + told.hint + "".join(told.details)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigFault("x", []), Exit.SETTINGS),
        (Busy(None, None, None), Exit.BUSY),
        (TargetFault("x", "fsync", FULL), Exit.VAULT),
        (NoSpace(2, 1), Exit.VAULT),
        (CatalogFault("append", FULL), Exit.CATALOGUE),
        (UnsafeDatabase([]), Exit.CATALOGUE),
        (LedgerFault("x", "y"), Exit.CATALOGUE),
        (NotFound("clip", "x"), Exit.NOT_FOUND),
        (Ambiguous("clip", "x", []), Exit.NOT_FOUND),
        (ToolMissing("bwrap", "bubblewrap"), Exit.TOOL),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (DigestMismatch("x", "b3:1", "b3:2"), Exit.VAULT),
        (PermissionError(errno.EACCES, "Permission denied", "/srv"), Exit.FAULT),
        (ZeroDivisionError(), Exit.FAULT),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_exit_code_says_what_kind_of_fault_it_was(error: BaseException, code: Exit) -> None:
    assert explain(error).exit_code is code


def test_a_known_cause_behind_an_unknown_error_is_found() -> None:
    outer = RuntimeError("worker died")
    outer.__cause__ = ValueError("wrapped")
    outer.__cause__.__cause__ = TargetFault("vault/x", "fsync", FULL)
    assert explain(outer).exit_code is Exit.VAULT


def test_a_ring_of_causes_ends() -> None:
    first, second = RuntimeError("a"), RuntimeError("b")
    first.__cause__, second.__cause__ = second, first
    assert explain(first).exit_code is Exit.FAULT


def test_a_full_disk_says_that_nothing_was_cleared_and_nothing_deleted() -> None:
    told = explain(TargetFault("vault/x", "write", FULL))
    assert told.sentence == "vault: write of vault/x: no space left on the disk"
    assert "nothing was cleared" in told.hint


def test_each_fault_of_the_settings_is_one_line() -> None:
    told = explain(
        ConfigFault(
            "dockd.toml",
            [
                SettingFault("dock.parallel", Problem.RANGE, 3, "0", "1…256"),
                SettingFault("dock.clears", Problem.UNKNOWN, 4, "", "clear"),
                SettingFault("", Problem.SYNTAX, None, "", "UTF-8"),
            ],
        )
    )
    assert told.sentence == "the settings have 3 faults: dockd.toml"
    assert told.details == (
        "line 3: dock.parallel is 0, must be 1…256",
        "line 4: dock.clears is unknown, perhaps clear is meant",
        "not UTF-8",
    )


def test_a_database_driver_s_words_are_short_and_without_password() -> None:
    class DriverError(Exception):
        """As SQLAlchemy wraps a driver's error."""

        orig = Exception("Connection to postgresql://dockd:hunter2@db/cat failed\nis it running?")

    told = explain(CatalogUnreachable("postgresql://dockd@db/cat", DriverError("(Background on this error at …)")))
    assert told.sentence.endswith("connection to postgresql://dockd:***@db/cat failed")


def test_people_read_error_details_and_hint_in_this_order() -> None:
    out = io.StringIO()
    assert report(Ambiguous("clip", "3f", ["3f9a", "3f9b"]), out, {}) is Exit.NOT_FOUND
    assert out.getvalue() == (
        "dockd: error: 3f fits more than one\n  3f9a\n  3f9b\ndockd: hint: give more characters\n"
    )


def test_the_traceback_is_shown_only_when_asked_for() -> None:
    def fail() -> None:
        raise KeyError("secret detail")

    for environ, shown in (({}, False), ({"DOCKD_DEBUG": "0"}, False), ({"DOCKD_DEBUG": "1"}, True)):
        out = io.StringIO()
        try:
            fail()
        except KeyError as error:
            assert report(error, out, environ) is Exit.FAULT
        assert ("Traceback" in out.getvalue()) is shown
        assert "KeyError (test_explain.py:" in out.getvalue()
        assert "please report it" in out.getvalue()
