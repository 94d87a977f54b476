"""Where the catalogue is, as a URL: its password put in, and hidden from eyes. Pure."""

from __future__ import annotations

import re

SQLITE = "sqlite:///"
POSTGRESQL = ("postgresql://", "postgresql+psycopg://")


def _at_user(url: str, *, greedy: bool = False) -> tuple[str, str, str | None, str] | None:
    """`scheme://`, user, password, and the rest from `@` on; None for a URL without a user.

    A password may hold `@` or `/` unquoted, so the last `@` before the query counts; `greedy` looks behind a `?` too.
    """
    scheme, mark, rest = url.partition("://")
    authority, question, query = (rest, "", "") if greedy else rest.partition("?")
    credentials, at, host = authority.rpartition("@")
    if not mark or not at or credentials.startswith("/"):
        return None
    user, colon, password = credentials.partition(":")
    return scheme + mark, user, password if colon else None, at + host + question + query


def redacted(url: str) -> str:
    """The URL as it may be shown: with `***` for a password, in the user's part or in the query (libpq allows both)."""
    parts = _at_user(url) or _at_user(url, greedy=True)
    if parts is not None:
        scheme, user, password, rest = parts
        url = f"{scheme}{user}{':***' if password is not None else ''}{rest}"
    return re.sub(r"(?i)([?&](?:ssl)?password=)[^&]*", r"\1***", url)


def has_password(url: str) -> bool:
    """Whether the URL itself holds a password."""
    return redacted(url) != url


def with_password(url: str, password: str) -> str:
    """The URL with `password` in it, quoted (RFC 3986 §3.2.1); in the query where the URL names no user."""
    from urllib.parse import quote

    quoted = quote(password, safe="")
    parts = _at_user(url)
    if parts is None:
        return f"{url}{'&' if '?' in url else '?'}password={quoted}"
    scheme, user, _old, rest = parts
    return f"{scheme}{user}:{quoted}{rest}"
