"""Writes a recogniser's integer copy, three times as fast: `python -m lab.training.quantise ocrb MODEL COPY`."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from lab.training import prints

LINES = 200  #: drawn, to tell how large the numbers inside the network become
FIRST_SEED = 3 * 2**30  #: training draws from 2**32 upwards, `evaluate` from 2**31, tests from below 2**20


class _Drawn(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    """Lines as the network sees them."""

    def __init__(self, print_: prints.Print, count: int) -> None:
        self._seeds: Iterator[int] = iter(range(FIRST_SEED, FIRST_SEED + count))
        self._print = print_

    def get_next(self) -> dict[str, npt.NDArray[np.float32]] | None:
        seed = next(self._seeds, None)
        if seed is None:
            return None
        return {self._print.input: self._print.example(seed)[0].astype(np.float32)[None, None]}


def quantise(print_: prints.Print, model: Path, copy: Path, lines: int = LINES) -> Path:
    """Writes `copy`: the network of `model` with 8 bits a number, weights by channel, input and output as they were.

    Weights take 7 of their 8 bits: with all 8, processors without VNNI would overflow and read something else. The
    copy's version is the model's and `-int8`; `of` tells the model's SHA-256.
    """
    quantize_static(
        model,
        copy,
        _Drawn(print_, lines),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["Conv", "Relu"],
    )
    told = {entry.key: entry.value for entry in onnx.load(model).metadata_props}
    told |= {"version": told["version"] + "-int8", "of": hashlib.sha256(model.read_bytes()).hexdigest()}
    graph = onnx.load(copy)
    onnx.helper.set_model_props(graph, told)
    onnx.checker.check_model(graph)
    onnx.save(graph, copy)
    return copy


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("print", choices=prints.NAMES)
    parser.add_argument("model", type=Path)
    parser.add_argument("copy", type=Path)
    parser.add_argument("--lines", type=int, default=LINES, help="drawn to measure ranges by")
    chosen = parser.parse_args()
    print(quantise(prints.named(chosen.print), chosen.model, chosen.copy, chosen.lines))


if __name__ == "__main__":
    main()
