"""`idmill doctor`: prints what `cli.diagnosis` finds."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from cli import diagnosis, operator
from cli.diagnosis import Finding, Verdict

MARKS = {Verdict.GOOD: ("✓ ", "green"), Verdict.DOUBT: ("! ", "yellow"), Verdict.WRONG: ("✗ ", "red")}

out = Console(highlight=False)


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON value.")
@operator.var_option
def doctor(as_json: bool, var: Path) -> None:
    """Say what is wrong with this set-up and how to mend it. Exits with 1 when something is.

    Run it where the services run, with their settings: it looks at what they would see. It changes nothing.
    """
    with suppress(click.ClickException):  # the missing settings are the first finding
        operator.find_settings(var)
    findings = []
    for finding in diagnosis.examine():
        findings.append(finding)
        if not as_json:
            _show(finding)
    wrong = sum(finding.verdict is Verdict.WRONG for finding in findings)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        out.print(f"{wrong} wrong, {sum(finding.verdict is Verdict.DOUBT for finding in findings)} doubtful.")
    sys.exit(1 if wrong else 0)


def _show(finding: Finding) -> None:
    out.print(Text.assemble(MARKS[finding.verdict], f"{finding.check}: {finding.said}"), soft_wrap=True)
    if finding.mend:
        out.print(Text(f"    {finding.mend}", style="dim"), soft_wrap=True)
