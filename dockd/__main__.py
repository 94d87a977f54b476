"""Entry of the `dockd` command: language first, then the command, then every fault as one sentence and a number."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with the code that docs/exit-codes.md gives."""
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
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
