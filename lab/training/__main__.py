"""`python -m lab.training`: the whole training by one command, or what to install for it."""

from __future__ import annotations

import importlib.util
import sys

_NEEDED = ("torch", "onnx")
_MISSING = """training needs {names}, which the product does not. In an environment of its own:
  python3 -m venv var/training-venv
  var/training-venv/bin/pip install --require-hashes -r requirements-training.txt
  var/training-venv/bin/python -m lab.training ocrb --minutes 90"""

missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
if missing:
    sys.exit(_MISSING.format(names=" and ".join(missing)))

from lab.training import train  # noqa: E402 - only where torch is there

if __name__ == "__main__":
    train.main()
