"""How Matroska and MPEG-TS files were ended, which have no index that would have to be there. Pure.

Both can be written without ever looking back, so less is plain of them than of MP4 and AVI: what is said here is only
what the structure itself shows, and None is said where it shows nothing. Headers alone are read, at most ELEMENTS_MAX.

Matroska: RFC 9559 (segment and its top level, 5.1), on EBML, RFC 8794 (sizes, section 6). MPEG-TS: ISO 13818-1, 2.4.3:
packets of 188 bytes that begin with 0x47; in M2TS (AVCHD) of 192, with a time before each.
"""

from __future__ import annotations

from collections.abc import Callable

Read = Callable[[int, int], bytes]

ELEMENTS_MAX = 4096
EBML_MAGIC = b"\x1a\x45\xdf\xa3"
_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675
# Ids of the segment's children: of four bytes each, but Void and CRC-32.
_TOP_LEVEL = frozenset(
    (0x114D9B74, 0x1549A966, 0x1654AE6B, _CLUSTER, 0x1C53BB6B, 0x1941A469, 0x1043A770, 0x1254C367, 0xEC, 0xBF)
)
_HEAD_BYTES = 12  # an id of four bytes, a size of eight

_SYNC = 0x47
# So many packets in a row begin with the sign of TS, or it is none.
_PACKETS_SURE = 4
_FORMS = ((188, 0), (192, 4))


def matroska_ended(read: Read, size_bytes: int) -> bool | None:
    """Whether a Matroska or WebM file was ended; None where nobody can tell.

    A writer puts the segment's length in when it ends. Where none stands (also in streams that were never meant to
    have one), only an element that reaches beyond the file shows that it was cut off. Raises what `read` raises.
    """
    head = _element(read, 0)
    if head is None or head[2] is None:
        return None
    begins = head[1] + head[2]
    segment = _element(read, begins)
    if segment is None:
        # The header alone: whatever was to follow is not there.
        return False if size_bytes - begins < _HEAD_BYTES else None
    if segment[0] != _SEGMENT:
        return None
    _id, start, length = segment
    if length is not None:
        return start + length <= size_bytes
    for _ in range(ELEMENTS_MAX):
        if start >= size_bytes:
            return None
        child = _element(read, start)
        if child is None:
            # Cut off within a head, or room that was made and never written to; else it is no element.
            short = size_bytes - start < _HEAD_BYTES
            return False if short or not read(start, _HEAD_BYTES).strip(b"\0") else None
        name, body, inner = child
        if name not in _TOP_LEVEL or inner is None:
            return None
        if body + inner > size_bytes:
            return False
        start = body + inner
    return None


def _element(read: Read, at: int) -> tuple[int, int, int | None] | None:
    """Id, where its body begins, and the body's length (None: unknown) of the element here; None when it is none."""
    head = read(at, _HEAD_BYTES)
    if not head or not head[0] & 0xF0:
        return None
    id_bytes = 9 - head[0].bit_length()
    rest = head[id_bytes:]
    if not rest or not rest[0]:
        return None
    size_bytes = 9 - rest[0].bit_length()
    if len(rest) < size_bytes:
        return None
    known = (1 << 7 * size_bytes) - 1
    size = int.from_bytes(rest[:size_bytes], "big") & known
    return int.from_bytes(head[:id_bytes], "big"), at + id_bytes + size_bytes, None if size == known else size


def is_transport_stream(read: Read, size_bytes: int) -> bool:
    """Whether a file is MPEG-TS, by its first packets. Raises what `read` raises."""
    return _form(read, size_bytes) is not None


def transport_ended(read: Read, size_bytes: int) -> bool | None:
    """False when a transport stream breaks off: within a packet, or before room that was never written to (NUL).

    None else: such a stream has no end that would be missing. Raises what `read` raises.
    """
    form = _form(read, size_bytes)
    if form is None:
        return None
    length, at = form
    packets, rest = divmod(size_bytes, length)
    last = read((packets - 1) * length, length)
    if not last.strip(b"\0"):
        return False
    # Bytes that were lost in the middle shift all that follows: then the rest is no broken packet.
    return False if rest and last[at : at + 1] == bytes((_SYNC,)) else None


def _form(read: Read, size_bytes: int) -> tuple[int, int] | None:
    """How long its packets are, and where in them the sign stands."""
    for length, at in _FORMS:
        if size_bytes >= _PACKETS_SURE * length:
            head = read(0, _PACKETS_SURE * length)
            if head[at::length] == bytes((_SYNC,)) * _PACKETS_SURE:
                return length, at
    return None
