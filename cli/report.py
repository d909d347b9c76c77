"""How a job of the native API looks in a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

_MARKS = {"pass": ("✓", "green"), "fail": ("✗", "bold red")}
_SURE = 0.95  #: from this confidence on a field is shown in green


def card(name: str, job: dict[str, Any], *, seconds: float, note: Text | None = None) -> Panel:
    """What was read of one upload, or why nothing was. `seconds` are those from the upload to its end."""
    if job["result"] is None or job["status"] != "RECEIVED":
        return _failure_card(name, job, seconds)
    result = job["result"]
    mrz = result["mrz"]
    parts: list[RenderableType] = [_fields(result["fields"])]
    if mrz:
        parts += [Text(), Text("\n".join(mrz["lines"]), style="bold cyan", no_wrap=True)]
    parts += [Text(), _checks([*(mrz["checks"] if mrz else ()), *result["checks"]])]
    if note is not None:
        parts += [Text(), note]
    kind = result["document_type"].replace("_", " ") or "document"
    about = [kind, mrz["format"] if mrz else "", _sureness(mrz), f"{seconds:.1f} s", result["engine"]]
    return Panel(
        Group(*parts),
        title=Text(name, style="bold"),
        title_align="left",
        subtitle=Text(" · ".join(part for part in about if part)),
        subtitle_align="right",
        border_style="yellow" if _failed(result) else "green",
        padding=(1, 2),
    )


def _failure_card(name: str, job: dict[str, Any], seconds: float) -> Panel:
    failure = job["failure_reason"] or {"reason": job["status"].lower(), "detail": f"It is still {job['stage']}."}
    return Panel(
        Text.assemble((failure["reason"].replace("_", " "), "bold red"), "\n", failure["detail"]),
        title=Text(name, style="bold"),
        title_align="left",
        subtitle=Text(f"not read · {seconds:.1f} s"),
        subtitle_align="right",
        border_style="red",
        padding=(1, 2),
    )


def _fields(fields: dict[str, dict[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold", style="bold")
    table.add_column(justify="right")
    for name, field in fields.items():
        if field["value"]:
            colour = "green" if field["confidence"] >= _SURE else "yellow"
            share = Text(f"{field['confidence']:.1%}", style=colour)
            table.add_row(name.replace("_", " "), Text(field["value"]), share)
    return table


def _checks(checks: list[dict[str, Any]]) -> Table:
    """Each check once, two in a row; those that do not apply are left out."""
    made = {check["name"]: check["verdict"] for check in checks if check["verdict"] in _MARKS}
    cells = []
    for name, verdict in made.items():
        mark, colour = _MARKS[verdict]
        cells.append(Text.assemble((mark, colour), " ", name.replace("_", " ")))
    table = Table.grid(padding=(0, 3))
    for left in range(0, len(cells), 2):
        table.add_row(*cells[left : left + 2])
    return table


def _failed(result: dict[str, Any]) -> bool:
    checks = [*result["checks"], *(result["mrz"]["checks"] if result["mrz"] else ())]
    return any(check["verdict"] == "fail" for check in checks)


def _sureness(mrz: dict[str, Any] | None) -> str:
    return f"{mrz['confidence']:.1%} sure" if mrz and "confidence" in mrz else ""
