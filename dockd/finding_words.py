"""What verification can find, in words; the codes are what `--json` and scripts see. Pure."""

from __future__ import annotations

from .finding import Finding
from .i18n import N_, _

WORDS = {
    "original-missing": N_("original is missing"),
    "original-unreadable": N_("original cannot be read"),
    "original-different-size": N_("original has another size"),
    "original-different-digest": N_("original was changed"),
    "original-not-yet-destroyed": N_("original has a tombstone and lies there still"),
    "destruction-record-missing": N_("record of what was destroyed is missing"),
    "destruction-record-differs": N_("record of what was destroyed was changed"),
    "quarantined-missing": N_("quarantined copy is missing"),
    "quarantined-unreadable": N_("quarantined copy cannot be read"),
    "quarantined-different-size": N_("quarantined copy has another size"),
    "quarantined-different-digest": N_("quarantined copy was changed"),
    "document-missing": N_("document is missing"),
    "document-unreadable": N_("document cannot be read"),
    "document-different-size": N_("document has another size"),
    "document-different-digest": N_("document was changed"),
    "damaged-file-missing": N_("what a restored file was before is missing"),
    "given-missing": N_("copy of what was given is missing"),
    "given-unreadable": N_("copy of what was given cannot be read"),
    "given-different-size": N_("copy of what was given has another size"),
    "given-different-digest": N_("copy of what was given was changed"),
    "given-differs-from-custody": N_("copy of what was given is not the one on record"),
    "file-unknown-to-catalogue": N_("file that nobody recorded"),
    "session-unknown-to-catalogue": N_("session that nobody recorded"),
    "session-not-sealed": N_("session is not sealed"),
    "seal-missing": N_("session.json is missing"),
    "seal-unreadable": N_("session.json cannot be read"),
    "seal-differs-from-custody": N_("session.json was changed"),
    "signature-missing": N_("signature is missing"),
    "signature-bad": N_("signature does not hold"),
    "manifest-missing": N_("manifest is missing"),
    "manifest-unreadable": N_("manifest cannot be read"),
    "manifest-differs-from-seal": N_("manifest was changed"),
    "manifest-differs-from-catalogue": N_("manifest was changed"),
    "manifest-names-no-clip": N_("manifest names what is no recording of this session"),
    "clip-not-in-seal": N_("recording does not stand in session.json"),
    "clip-differs-from-seal": N_("recording stands otherwise in session.json"),
    "clip-differs-from-manifest": N_("recording stands otherwise in the manifest"),
    "clip-not-in-catalogue": N_("recording does not stand in the catalogue"),
    "catalogue-differs-from-custody": N_("catalogue was changed"),
    "custody-broken": N_("custody log: the chain is broken"),
    "custody-differs-from-ledger": N_("custody log differs from its export"),
    "custody-shorter-than-checkpoint": N_("custody log: its end was cut off"),
    "ledger-shorter-than-checkpoint": N_("export of the custody log: its end was cut off"),
    "checkpoint-missing": N_("checkpoint is missing"),
    "checkpoint-differs-from-catalogue": N_("checkpoint differs from the one in the catalogue"),
    "checkpoint-bad": N_("checkpoint does not hold"),
    "checkpoint-differs-from-custody": N_("custody log differs from a signed checkpoint"),
    "signers-missing": N_("allowed_signers is missing"),
    "signers-differ": N_("allowed_signers was changed"),
    "database-unsafe": N_("database setting is unsafe"),
}


def finding_text(code: str) -> str:
    """What a finding's code means; the code itself where it has no words."""
    return _(WORDS[code]) if code in WORDS else code


def finding_line(finding: Finding) -> str:
    """A finding in one line: what, where, and what was expected and found."""
    line = _("{finding}: {where}").format(finding=finding_text(finding.what), where=finding.where)
    if finding.expected or finding.found:
        line += " " + _("(expected {expected}, found {found})").format(
            expected=finding.expected or "-", found=finding.found or "-"
        )
    return line
