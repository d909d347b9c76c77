"""`make scan`: secrets in what is committed, and known vulnerabilities of what is locked. Ruff's S rules are bandit's.

Vulnerabilities are asked of PyPI; where it cannot be reached this says so and counts as not checked, never as good.
With --must-ask that is a failure.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PIP_AUDIT = ROOT / ".venv" / "scan" / "bin" / "pip-audit"
LOCKS = ("requirements.txt", "requirements-test.txt")
ASK_SECONDS = 300

#: What a secret looks like. Each has a form of its own, so that no list of exceptions is needed but invented ones.
SECRETS = {
    "private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "idmill API key": r"\bidm_[0-9a-f]{16}_[A-Za-z0-9_-]{43}\b",
    "vault key": r"\b[A-Za-z][\w-]*:[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/=])",
    "webhook secret": r"\bwhsec_[A-Za-z0-9+/]{32,}={0,2}",
    "AWS key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{60,})\b",
    "Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{20,}",
    "Google key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "JSON Web Token": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",
    "password in a URL": r"\b[a-z][a-z0-9+]{2,20}://[^\s:/@'\"{}$<>]*:(?!\w*PASSWORD)[A-Za-z0-9_+/=-]{12,}@",
}
INVENTED = re.compile(r"SPECIMEN|A{20}|EXAMPLE", re.IGNORECASE)  #: made up for tests and examples


def secrets_in(text: str) -> list[tuple[int, str]]:
    """Line and kind of everything that looks like a secret."""
    return sorted(
        (text.count("\n", 0, match.start()) + 1, kind)
        for kind, pattern in SECRETS.items()
        for match in re.finditer(pattern, text)
        if not INVENTED.search(match[0])
    )


def scan_for_secrets() -> int:
    """Looks at every tracked file that is text; how many secrets were found."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    count = 0
    for name in filter(None, listed.split("\0")):
        try:
            text = (ROOT / name).read_text()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        for line, kind in secrets_in(text):
            print(f"{name}:{line}: looks like a {kind}")
            count += 1
    print(f"secrets: {count} found in what is committed")
    return count


def scan_for_vulnerabilities(*, must_ask: bool) -> int:
    """Asks about every locked version; how many have a known vulnerability."""
    locks = [argument for lock in LOCKS for argument in ("--requirement", str(ROOT / lock))]
    command = [str(PIP_AUDIT), "--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json", *locks]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=ASK_SECONDS, check=False)
        told = json.loads(asked.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError, FileNotFoundError):
        print("vulnerabilities: NOT CHECKED, nobody who knows could be reached (pypi.org); run this where it can be")
        return int(must_ask)
    known = [one for one in told["dependencies"] if "skip_reason" not in one]
    skipped = len(told["dependencies"]) - len(known)
    bad = [(one["name"], one["version"], each["id"]) for one in known for each in one["vulns"]]
    for name, version, identifier in bad:
        print(f"{name} {version}: {identifier}")
    print(f"vulnerabilities: {len(bad)} known in {len(known)} locked packages")
    if skipped:
        print(f"vulnerabilities: {skipped} more NOT CHECKED, who was asked does not know them (a mirror?)")
    return len(bad) + int(must_ask and skipped > 0)


if __name__ == "__main__":
    sys.exit(scan_for_secrets() + scan_for_vulnerabilities(must_ask="--must-ask" in sys.argv) > 0)
