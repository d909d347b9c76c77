"""The command line `idmill`: which commands there are. Each is loaded when it is called."""

from __future__ import annotations

import importlib

import click

_COMMANDS = {
    "up": "cli.up",
    "demo": "cli.demo",
    "read": "cli.read",
}


class _LazyGroup(click.Group):
    """`idmill up` need not load what `idmill read` reads with."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click calls it so
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # the same
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(_COMMANDS[cmd_name]).command
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="idmill")
def main() -> None:
    """Reads identity documents on your own machine: upload a picture, get a job id, poll for checked fields."""


if __name__ == "__main__":
    main(prog_name="idmill")
