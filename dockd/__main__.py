"""Entry of the `dockd` command: language first, then the command, then every fault as one sentence and a number."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress

GARBAGE_OBJECTS = (50_000, 20, 20)


def main() -> None:
    """Run the command line and exit with the code that docs/exit-codes.md gives."""
    # What is imported stays, and of what a docking makes hardly anything is a cycle: looking through all of it for
    # garbage again and again is a tenth of the start, and a twentieth of docking 20,000 files.
    gc.set_threshold(*GARBAGE_OBJECTS)
    from . import i18n

    i18n.set_language(None)
    import click

    from .cli import cli

    try:
        code = cli.main(prog_name="dockd", standalone_mode=False)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.ClickException as wrong:
        wrong.show()
        code = wrong.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("", err=True)
        code = 130
    except Exception as error:
        from .explain import report

        code = report(error)
    _leave(code if isinstance(code, int) else 0)


def _leave(code: int) -> None:
    """Exit. All that must be closed has been; taking a thousand modules apart is for the kernel to do at once."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)  # what was still to be said did not get out: Python says so in its own way


if __name__ == "__main__":
    main()
