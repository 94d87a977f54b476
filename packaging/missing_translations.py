"""Names every message that has no translation: `python packaging/missing_translations.py dockd.po…` (`make locale`)."""

from __future__ import annotations

import sys

from babel.messages.catalog import Message
from babel.messages.pofile import read_po


def places(message: Message) -> str:
    """The first place of a message in the code."""
    return message.locations[0][0] if message.locations else "?"


def main(paths: list[str]) -> None:
    """Print what each catalogue lacks; nothing when it is whole."""
    for path in paths:
        with open(path, "rb") as file:
            catalog = read_po(file)
        lacking = [m for m in catalog if m.id and (m.fuzzy or not all(m.string if m.pluralizable else [m.string]))]
        for message in lacking:
            text = message.id if isinstance(message.id, str) else message.id[0]
            sys.stdout.write(f"{path}: not translated: {places(message)}: {text!r}\n")
        sys.stdout.write(f"{path}: {len(catalog) - len(lacking)} of {len(catalog)} messages are translated\n")


if __name__ == "__main__":
    main(sys.argv[1:])
