"""The command line `idmill`: which commands there are. Each is loaded when it is called."""

from __future__ import annotations

import importlib

import click

_COMMANDS = {
    "up": "cli.up:command",
    "demo": "cli.demo:command",
    "read": "cli.read:command",
    "submit": "cli.submit:command",
    "org": "cli.admin:org",
    "key": "cli.admin:key",
    "subscription": "cli.admin:subscription",
    "usage": "cli.admin:show_usage",
    "jobs": "cli.jobs:jobs",
    "registry": "cli.registry:registry",
    "authenticity": "cli.registry:authenticity",
    "envelope": "cli.envelope:envelope",
    "audit": "cli.audit_log:audit",
    "vault": "cli.vault:vault",
    "backup": "cli.backup:backup",
    "restore": "cli.backup:restore",
    "doctor": "cli.doctor:doctor",
}


class _LazyGroup(click.Group):
    """`idmill up` need not load what `idmill read` reads with."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click calls it so
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # the same
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="idmill")
def main() -> None:
    """Reads identity documents on your own machine: upload a picture, get a job id, poll for checked fields."""


if __name__ == "__main__":
    main(prog_name="idmill")
