"""Reads drawn Korean documents by kind and level: all keys of the dialect right, every number exact, CPU."""

from __future__ import annotations

import argparse
import shutil
import statistics
from collections import Counter
from datetime import date

import cv2
import numpy as np
import pytesseract

from api.dialects.nhn import wire
from core.documents import DocumentKind
from lab.benchmarks import real
from lab.specimens import draw, korean_passports
from worker.reading import read, result

FIRST_SEED = 100_000  #: of seeds that nobody has looked at
LEVELS = ("clean", "phone", "hard", "turned")
_OPTIONS = read.ReadingOptions(compress=False, today=date(2026, 6, 1))
FIELDS = {
    "name": "name",
    "residentNumber": "resident_number",
    "issueDate": "issue_date",
    "issuer": "issuer",
    "driverLicenseNumber": "licence_number",
    "licenseType": "licence_type",
    "condition": "condition",
    "serialNum": "serial_number",
    "koreanName": "korean_name",
    "personalNo": "personal_number",
    "dateOfIssue": "issue_date",
    "dateOfBirth": "printed_birth_date",
    "dateOfExpiry": "printed_expiry_date",
    "passportNo": "document_number",
    "surName": "surname",
    "givenName": "given_names",
    "sex": "sex",
}


def wrong_keys(specimen: draw.Specimen) -> tuple[list[str], float]:
    """Keys of the dialect whose value is not as printed, blanks aside, and the CPU seconds spent."""
    began = real.cpu_seconds()
    reading = read.read(specimen.picture, document=DocumentKind.ID_CARD, options=_OPTIONS)
    spent = real.cpu_seconds() - began
    told: dict[str, str] = {}
    if reading.is_read and reading.document_type in wire.ID_TYPES:
        answer = wire.id_card(result.as_json(reading), seal=lambda value: value)
        told = {pair["key"]: pair["value"] for pair in answer["keyValues"]}
    is_passport = specimen.kind == korean_passports.KIND
    keys = {key: name for key, name in FIELDS.items() if is_passport or key != "dateOfIssue"}
    expected = {key: specimen.values[name] for key, name in keys.items() if name in specimen.values}
    if is_passport:
        expected.pop("issueDate")
        expected |= {f"MRZ{place + 1}": line for place, line in enumerate(specimen.truth_lines)}
    if specimen.kind == "driver":
        expected["condition"] = expected["condition"] or wire.NO_CONDITION
    return [key for key, value in expected.items() if _plain(told.get(key, "")) != _plain(value)], spent


def _plain(text: str) -> str:
    return text.replace(" ", "")


def tesseract_words(specimen: draw.Specimen) -> tuple[int, float]:
    """How many values stand in what tesseract `kor` reads of the whole picture, and CPU seconds: a peer's floor."""
    grey = cv2.imdecode(np.frombuffer(specimen.picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    began = real.cpu_seconds()
    text = _plain(pytesseract.image_to_string(grey, lang="kor", config="--psm 11"))
    spent = real.cpu_seconds() - began
    return sum(_plain(value) in text for value in specimen.values.values() if value), spent


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", action="append", choices=draw.KOREAN_KINDS)
    parser.add_argument("--level", action="append", choices=draw.LEVELS)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--peer", action="store_true", help="tesseract kor beside, where it is installed")
    parser.add_argument("--verbose", action="store_true", help="seeds and keys that were wrong; never a value")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    for kind in chosen.kind or draw.KOREAN_KINDS:
        for level in chosen.level or LEVELS:
            _print_group(kind, level, chosen)


def _print_group(kind: str, level: str, chosen: argparse.Namespace) -> None:
    wrong: Counter[str] = Counter()
    right, cpu, peer = 0, [], []
    for seed in range(chosen.seed, chosen.seed + chosen.count):
        specimen = draw.specimen(kind, level, seed)
        keys, spent = wrong_keys(specimen)
        wrong.update(keys)
        right += not keys
        cpu.append(spent)
        if keys and chosen.verbose:
            print(f"  {kind} {level} {seed}: {' '.join(keys)}", flush=True)
        if chosen.peer and shutil.which("tesseract"):
            found, spent = tesseract_words(specimen)
            peer.append((found / sum(map(bool, specimen.values.values())), spent))
    print(
        f"{kind:13} {level:7} all keys {right / chosen.count:6.1%} of {chosen.count}  wrong {dict(wrong.most_common())}"
        f"  CPU median {statistics.median(cpu) * 1000:.0f} p90 {real.percentile(cpu, 0.9) * 1000:.0f} ms",
        flush=True,
    )
    if peer:
        share, seconds = statistics.mean(pair[0] for pair in peer), statistics.median(pair[1] for pair in peer)
        print(f"{'':13} tesseract kor: {share:.1%} of values found in its text, CPU median {seconds * 1000:.0f} ms")


if __name__ == "__main__":
    main()
