"""Opens the small networks of this package: one thread each, and nothing is ever told to anybody about their use."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import onnxruntime

onnxruntime.disable_telemetry_events()


def opened(name: str, instead: Path | None = None) -> onnxruntime.InferenceSession:
    """A session of `models/name`, or of another file for measuring. One picture a process: one thread is enough."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    weights = instead or resources.files("worker.reading.models").joinpath(name)
    return onnxruntime.InferenceSession(weights.read_bytes(), options, providers=["CPUExecutionProvider"])
