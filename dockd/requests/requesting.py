"""Requests at this station: who may ask, decide and use them; their terms and numbers.

Who decides follows from the rule pack where its text names an office, and from the table of roles always: a pack
narrows that table and never widens it. Nobody decides on what he asked for or what is for him.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from catalog.cases.model import CaseRow
from catalog.cases.queries import clips_of_case, find_case
from catalog.errors import BadEvent
from catalog.model import Clip, utc_text
from catalog.people.access import EVERYTHING, Act, Granted, Reach, Scope, Secrecy, Why, opened_by_request, reach
from catalog.people.queries import account_named
from catalog.requests.events import RequestApproved, RequestAsked, RequestClosed, RequestRefused
from catalog.requests.model import COPYING, USABLE, WATERMARKED, Kind, RequestRow, Standing, State, numbered
from catalog.requests.queries import find_request, last_running, marks_of_request, requests_asked
from retention.pack import Office, Pack

from ..assembly import Opened
from ..errors import NotAllowed
from ..keeping.deciding import set_pack
from ..people.acting import Acting, acting, person_named, refuse, require
from ..people.peopling import record
from .words import RequestUnfit

# Somebody else may ask in the same moment and take the number; each try reads the last one anew.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Asking:
    """What somebody asks for. `recipient` and `for_whom` as in RequestAsked, but for_whom of a view is an account."""

    kind: Kind
    clips: tuple[Clip, ...]
    case: CaseRow | None
    purpose: str
    recipient: str | None
    for_whom: str | None


# ----------------------------------------------------------------------------------------------------------------- ask


def wanted(opened: Opened, names: Sequence[str], case_no: str | None) -> tuple[tuple[Clip, ...], CaseRow | None]:
    """The clips named, or of a case all that lie under it, and the case. Raises NotFound, Ambiguous, RequestUnfit."""
    catalog = opened.station.catalog
    case = find_case(catalog, case_no) if case_no is not None else None
    lying = clips_of_case(catalog, case.id) if case is not None else []
    under = [clip for clip in lying if clip.destroyed_at is None]
    if not names:
        if not under:
            raise RequestUnfit("", "nothing-under-case")
        return tuple(under), case
    found = {clip.id: clip for clip in (catalog.find_clip(name) for name in names)}
    if case is not None and not found.keys() <= {clip.id for clip in under}:
        raise RequestUnfit("", "not-under-case")
    return tuple(found.values()), case


def ask(opened: Opened, asked: Asking) -> RequestRow:
    """Put a request on record. Raises NotAllowed, RequestUnfit, BadEvent."""
    for clip in asked.clips:
        require(opened, Act.REQUEST, clip.department, clip=clip.id)
    if any(clip.destroyed_at is not None for clip in asked.clips):
        raise RequestUnfit("", "destroyed")
    who = acting(opened)
    for_whom = _for_whom(opened, asked, who)
    if asked.kind is Kind.PARTY:
        _of_the_parties(asked)
    year = opened.station.clock().astimezone(opened.station.zone).year
    for left in reversed(range(_TRIES)):
        number = numbered(year, last_running(opened.station.catalog, year) + 1)
        event = RequestAsked(
            request=opened.station.random_hex(16),
            number=number,
            request_kind=asked.kind.value,
            clips=sorted(clip.id for clip in asked.clips),
            case=None if asked.case is None else asked.case.id,
            purpose=asked.purpose,
            recipient=asked.recipient,
            for_whom=for_whom,
            departments=sorted({clip.department for clip in asked.clips}),
            by=who.actor,
        )
        try:
            record(opened, [event])
        except BadEvent:
            if not left or last_running(opened.station.catalog, year) < int(number.partition("-")[2]):
                raise
        else:
            break
    return find_request(opened.station.catalog, number)


def _for_whom(opened: Opened, asked: Asking, who: Acting) -> str | None:
    if asked.kind is not Kind.VIEW:
        return asked.for_whom
    if asked.for_whom is None:
        return who.actor
    if account_named(opened.station.catalog, asked.for_whom) is None:
        raise RequestUnfit("", "no-such-account")
    return f"user:{asked.for_whom}"


def _of_the_parties(asked: Asking) -> None:
    """Only a party of the case may ask for a copy so (QH 36)."""
    if asked.case is None:
        raise RequestUnfit("", "party-needs-case")
    if asked.for_whom not in asked.case.parties:
        raise RequestUnfit("", "no-party")


# -------------------------------------------------------------------------------------------------------------- decide


def deciding(pack: Pack, kind: Kind) -> Office | None:
    """Who decides on requests of a kind, by a rule pack; None where it says nothing: the table of roles alone counts.

    A pack that is silent on copies for parties has the same office decide on them as on all others.
    """
    if kind is Kind.PARTY and pack.approves_party_copy is not None:
        return pack.approves_party_copy
    return pack.approves_viewing


def approve(opened: Opened, request: RequestRow, *, until: datetime, uses: int | None, reason: str) -> None:
    """Approve a request, as a second person, to be used before `until`. Raises NotAllowed, RequestUnfit."""
    _may_decide(opened, request)
    marks = marks_of_request(opened.station.catalog, request.id)
    who = acting(opened)
    if who.account is not None and not marks <= who.account.clearance:
        # Whoever opens a secret to somebody must be cleared for it himself.
        refuse(opened, Act.APPROVE_REQUEST, Why.CLEARANCE, request.departments[0], request=request.id)
    if request.kind is Kind.PARTY and marks:
        raise RequestUnfit(request.number, "secret")
    if until <= opened.station.clock():
        raise RequestUnfit(request.number, "past")
    record(opened, [RequestApproved(request.id, who.actor, utc_text(until), uses, reason)])


def turn_down(opened: Opened, request: RequestRow, reason: str) -> None:
    """Refuse a request, as a second person. Raises NotAllowed, RequestUnfit."""
    _may_decide(opened, request)
    record(opened, [RequestRefused(request.id, acting(opened).actor, reason)])


def _may_decide(opened: Opened, request: RequestRow) -> None:
    involved = [person_named(opened, name) for name in (request.asked_by, request.for_whom) if name is not None]
    for department in request.departments:
        require(opened, Act.APPROVE_REQUEST, department, first=involved, request=request.id)
    _of_office(opened, Act.APPROVE_REQUEST, deciding(set_pack(opened), request.kind), request)
    if request.standing_at(opened.station.clock()) is not Standing.ASKED:
        raise RequestUnfit(request.number, "decided")


def _of_office(opened: Opened, act: Act, office: Office | None, request: RequestRow) -> None:
    """Where the regulation names who does it, only he does."""
    account = acting(opened).account
    if office is not None and office.named and account is not None and account.role is not office.role:
        refuse(opened, act, Why.ROLE, request.departments[0], request=request.id)


def close(opened: Opened, request: RequestRow, reason: str) -> None:
    """End a request by hand: whoever asked, or whoever may decide. Raises NotAllowed, RequestUnfit."""
    asker = person_named(opened, request.asked_by)
    if not acting(opened).person.same(asker):
        for department in request.departments:
            require(opened, Act.APPROVE_REQUEST, department, first=[asker], request=request.id)
    if request.state in (State.REFUSED, State.CLOSED):
        raise RequestUnfit(request.number, request.state.value)
    record(opened, [RequestClosed(request.id, acting(opened).actor, reason)])


# ----------------------------------------------------------------------------------------------------------------- use


def may_copy(opened: Opened, request: RequestRow, form: str) -> RequestRow:
    """The request, when whoever acts may make copies of this form (`original`, `watermarked`) on it now.

    A party is given watermarked copies only, and nothing that is marked secret (QH 36). Every refusal is a custody
    entry. Raises NotAllowed, RequestUnfit.
    """
    act, marks = copying_opens(opened, request)
    if request.kind is Kind.PROVIDE:
        _of_office(opened, act, set_pack(opened).provides, request)
    if request.kind not in COPYING:
        unfit(opened, act, request, "kind")
    usable(opened, act, request)
    if request.kind is Kind.PARTY and marks:
        unfit(opened, act, request, "secret")
    if request.kind is Kind.PARTY and form != WATERMARKED:
        unfit(opened, act, request, "form")
    return request


def copying_opens(opened: Opened, request: RequestRow) -> tuple[Act, frozenset[Secrecy]]:
    """The right that copies on a request need, when it can be opened to whoever acts at all, and what its recordings
    are marked as. The right is `provide` for what is provided outside, `copy-out` for all else. Raises NotAllowed.
    """
    act = Act.PROVIDE if request.kind is Kind.PROVIDE else Act.COPY_OUT
    marks = marks_of_request(opened.station.catalog, request.id)
    opens(opened, act, request, marks)
    return act, marks


def opens(opened: Opened, act: Act, request: RequestRow, marks: Collection[Secrecy], clip: str | None = None) -> Acting:
    """Whoever acts, when an approved request can open this act to him at all: his role has it somewhere, and he is
    cleared. Raises NotAllowed.
    """
    who = acting(opened)
    if who.setup:
        return who
    department = request.departments[0]
    if who.account is None:
        refuse(opened, act, Why.NOT_SIGNED_IN, department, clip=clip, request=request.id)
    said = opened_by_request(who.account, act, marks)
    if not isinstance(said, Granted):
        refuse(opened, act, said.why, department, clip=clip, request=request.id)
    return who


def usable(opened: Opened, act: Act, request: RequestRow, clip: str | None = None) -> None:
    """Whether it may be used now: approved, within its term, not used up. Raises RequestUnfit."""
    standing = request.standing_at(opened.station.clock())
    if standing not in USABLE:
        unfit(opened, act, request, standing.value, clip)


def unfit(opened: Opened, act: Act, request: RequestRow, why: str, clip: str | None = None) -> NoReturn:
    """Write down that a request does not allow this, and raise RequestUnfit with the reason."""
    try:
        refuse(opened, act, Why.REQUEST, request.departments[0], clip=clip, request=request.id)
    except NotAllowed as error:
        raise RequestUnfit(request.number, why) from error


# --------------------------------------------------------------------------------------------------------------- lists


def shown_requests(
    opened: Opened,
    *,
    kind: Kind | None = None,
    states: Sequence[State] | None = None,
    clip: str | None = None,
    person: str | None = None,
) -> list[RequestRow]:
    """Requests that whoever acts may see: of the departments whose history he reads, else those he has a part in.

    The rest as for `requests_asked`. Raises NotAllowed for somebody who may neither read nor ask.
    """
    there = _history_of(opened)
    found = requests_asked(opened.station.catalog, kind=kind, states=states, clip=clip, person=person)
    return [one for one in found if _sees(opened, there, one)]


def shown_request(opened: Opened, name: str) -> RequestRow:
    """The request of that number or id, when whoever acts may see it. Raises NotFound, Ambiguous, NotAllowed."""
    there = _history_of(opened)
    found = find_request(opened.station.catalog, name)
    if not _sees(opened, there, found):
        refuse(opened, Act.READ_HISTORY, Why.DEPARTMENT, found.departments[0], request=found.id)
    return found


def _history_of(opened: Opened) -> Reach:
    who = acting(opened)
    if who.setup:
        return EVERYTHING
    if who.account is None:
        refuse(opened, Act.READ_HISTORY, Why.NOT_SIGNED_IN, None)
    there = reach(who.account, Act.READ_HISTORY)
    if there.scope is Scope.NONE and reach(who.account, Act.REQUEST).scope is Scope.NONE:
        refuse(opened, Act.READ_HISTORY, Why.ROLE, None)
    return there


def _sees(opened: Opened, there: Reach, request: RequestRow) -> bool:
    if acting(opened).actor in (request.asked_by, request.for_whom):
        return True
    return any(there.why_not(one, None) is None for one in request.departments)
