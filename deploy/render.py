"""Writes what follows from other files: requirements of each image, and env.example. A test holds them together.

python deploy/render.py
"""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"

#: image: extras of pyproject.toml that it gets beside the dependencies of `core`
IMAGES: dict[str, tuple[str, ...]] = {
    "api": ("api", "tracing"),
    "worker": ("worker", "tracing"),
    "background": ("tracing",),  # sweeper and webhook sender
    "metrics": ("metrics",),
    "flower": ("flower",),
    "operator": ("operator",),  # migrations, doctor, vault, backup, administration
}
ABOUT = "# Written by deploy/render.py: what `{image}` needs of requirements.txt, closed under dependencies.\n"
ENV_ABOUT = """\
# Every setting of idmill with its default. Written by deploy/render.py from core/settings.py.
# Those without a default must be set. A setting may also be a file of its name in small letters below /run/secrets.
"""
OURS = "idmill (pyproject.toml)"
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def requirements(image: str) -> str:
    """The part of requirements.txt that an image needs, pins and hashes as they stand there."""
    blocks = _blocks((ROOT / "requirements.txt").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in IMAGES[image]:
        wanted += project["optional-dependencies"][extra]
    needed = {_canonical(requirement) for requirement in wanted}
    while grown := {name for name, (_, parents) in blocks.items() if parents & needed} - needed:
        needed |= grown
    pins = "".join(blocks[name][0] for name in sorted(needed))
    return ABOUT.format(image=image) + re.sub(r"(?m)^    #.*\n", "", pins)  # who else needs it is the lock's to say


def env_example() -> str:
    """Every setting as a line of a shell file, its comment above it."""
    lines = [ENV_ABOUT]
    for name, comment, default in _settings():
        lines.append("".join(f"# {part}\n" for part in comment) or "")
        lines.append(f"{name}=\n" if default is None else f"# {name}={default}\n")
    return "\n".join(part.rstrip("\n") + "\n" for part in _joined(lines))


def _joined(lines: list[str]) -> list[str]:
    """The head, then one paragraph a setting."""
    return [lines[0]] + [comment + value for comment, value in zip(lines[1::2], lines[2::2], strict=True)]


def _blocks(text: str) -> dict[str, tuple[str, set[str]]]:
    """Package -> its lines, and who needs it."""
    found = {}
    for block in re.split(r"(?m)^(?=[A-Za-z0-9])", text):
        if not block.strip() or block.startswith("#"):
            continue
        notes = [line.strip(" #\n") for line in block.splitlines() if line.startswith("    #")]
        parents = {note.removeprefix("via").strip() for note in notes} - {""}
        found[_canonical(block)] = (block, {parent if parent == OURS else _canonical(parent) for parent in parents})
    return found


def _canonical(requirement: str) -> str:
    match = _NAME.match(requirement)
    assert match is not None, requirement  # noqa: S101
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def _settings() -> list[tuple[str, list[str], str | None]]:
    """Variable, comment lines, default (None: there is none) of every setting, in the order of the source."""
    source = (ROOT / "core" / "settings.py").read_text()
    lines = source.splitlines()
    body = next(node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    fields = [node for node in body.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)]
    return [_setting(node, lines) for node in fields]


def _setting(node: ast.AnnAssign, lines: list[str]) -> tuple[str, list[str], str | None]:
    assert isinstance(node.target, ast.Name)  # noqa: S101
    name, default = f"IDMILL_{node.target.id.upper()}", _default(node.value)
    for keyword in node.value.keywords if isinstance(node.value, ast.Call) else ():
        if keyword.arg == "validation_alias":
            name = str(ast.literal_eval(keyword.value))
    above: list[str] = []
    for line in reversed(lines[: node.lineno - 1]):
        if not line.strip().startswith("#:"):
            break
        above.insert(0, line.strip().removeprefix("#:").strip())
    beside = lines[(node.end_lineno or node.lineno) - 1].partition("#:")[2].strip()
    return name, above + ([beside] if beside else []), default


def _default(value: ast.expr | None) -> str | None:
    if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "Field":
        named = {keyword.arg: keyword.value for keyword in value.keywords}
        return _default(value.args[0] if value.args else named.get("default"))
    if isinstance(value, ast.Call):  # SecretStr(""), Path("var")
        return _default(value.args[0])
    if value is None:
        return None
    plain = eval(compile(ast.Expression(value), "settings", "eval"), {"__builtins__": {}})  # noqa: S307 - 20 * 1024 * 1024
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


def main() -> None:
    """Writes all of them."""
    for image in IMAGES:
        (DEPLOY / f"requirements-{image}.txt").write_text(requirements(image))
    (DEPLOY / "env.example").write_text(env_example())


if __name__ == "__main__":
    main()
