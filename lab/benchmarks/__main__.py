"""`make bench`: how fast and how exact idmill is on this machine, one measurement after the other."""

from __future__ import annotations

import subprocess
import sys

MEASUREMENTS = (
    ("lab.benchmarks.specimens", "--level", "clean", "--level", "phone", "--level", "hard", "--count", "5"),
    ("lab.benchmarks.load",),
    ("lab.benchmarks.overload",),
    ("lab.benchmarks.grown_database",),
    ("lab.benchmarks.waiters",),
    ("lab.benchmarks.dialects",),
)


def main() -> int:
    """Runs every measurement in a process of its own; the number of those that failed."""
    failed = 0
    for measurement in MEASUREMENTS:
        print(f"\n== python -m {' '.join(measurement)}", flush=True)
        failed += subprocess.run([sys.executable, "-m", *measurement], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
