"""The dates on a payment card with their words: every form, either side, one or two. Drawn onto its desk."""

from __future__ import annotations

import numpy as np

from core.documents import Box
from lab.specimens import payment_desk, payments
from lab.specimens.numerals import InkLine
from lab.specimens.sheet import Sheet

Random = np.random.Generator

_LABELS = (("VALID THRU",), ("GOOD THRU",), ("VALID", "THRU"), ("GOOD", "THRU"), ("MONTH/YEAR",), ("MM/YY",),
           ("EXPIRES END",), ("EXP",), ("EXP.", "DATE"), ("유효기간",), ("유효기간",), ("VALID UNTIL",), ("만료일",),
           ("MONTH / YEAR", "VALID THRU"), ())  # fmt: skip
_FROM = {"GOOD": ("MEMBER", "SINCE"), "유효기간": ("발급일",)}


def _date_text(rng: Random, date: str) -> str:
    month, year = date.split("/")
    forms = (f"{month}/{year}", f"{month}/20{year}", f"{month}-{year}", f"{year}/{month}", f"{month} / {year}")
    return str(rng.choice(forms, p=(0.72, 0.08, 0.08, 0.04, 0.08)))


def print_dates(
    desk: payment_desk.Desk,
    card: payments.PaymentCard,
    setting: payment_desk.Type,
    number: list[Box],
    *,
    is_raised: bool,
) -> Box | None:
    """Prints the dates with their words somewhere about the number; the box of the last one, None without room."""
    rng, page = desk.random, desk.page
    size = rng.uniform(2.5, 3.0) if is_raised else float(np.clip(setting.size * rng.uniform(0.6, 1.0), 1.9, 3.4))
    words = _LABELS[int(rng.integers(len(_LABELS)))]
    form = rng.bit_generator.random_raw() % 2**31
    last = payment_desk.set_text(desk, _date_text(np.random.default_rng(form), card.valid_thru), setting, size)
    blocks: list[tuple[tuple[str, ...], InkLine]] = [(words, last)]
    if card.valid_from:
        first = payment_desk.set_text(desk, _date_text(np.random.default_rng(form), card.valid_from), setting, size)
        blocks.insert(0, (_FROM.get(words[0] if words else "", ("VALID FROM",)), first))
    label = size * rng.uniform(0.38, 0.62)
    side = str(rng.choice(("left", "above", "left", "above", "right")))
    sizes = [_block_size(page, words_, line, label, side) for words_, line in blocks]
    is_stacked = len(blocks) == 2 and rng.random() < 0.3
    width = max(one[0] for one in sizes) if is_stacked else sum(one[0] for one in sizes) + 2.5 * (len(blocks) - 1)
    height = sum(one[1] for one in sizes) + 1.2 * (len(blocks) - 1) if is_stacked else max(one[1] for one in sizes)
    corner = payment_desk.free_place(desk, width, height, below=max(box[3][1] for box in number) / page.scale)
    if corner is None:
        return None
    x, y = corner
    box: Box | None = None
    for (words_, line), (wide, high) in zip(blocks, sizes, strict=True):
        box = _dated_block(desk, words_, line, (x, y), label=label, side=side)
        x, y = (x, y + high + 1.2) if is_stacked else (x + wide + 2.5, y)
    return box


def _label_width(words: tuple[str, ...], size: float) -> float:
    return max((payment_desk.reach(word, size) for word in words), default=0.0)


def _block_size(page: Sheet, words: tuple[str, ...], line: InkLine, label: float, side: str) -> tuple[float, float]:
    wide, high = line.ink.shape[1] / page.scale, (line.base - line.top) / page.scale
    if not words:
        return wide, high
    if side == "above":
        return max(wide, _label_width(words, label)), high + len(words) * label * 1.35 + 0.3
    return wide + _label_width(words, label) + 1.2, max(high, len(words) * label * 1.3)


def _dated_block(
    desk: payment_desk.Desk,
    words: tuple[str, ...],
    line: InkLine,
    corner: tuple[float, float],
    *,
    label: float,
    side: str,
) -> Box:
    x, y = corner
    scale = desk.page.scale
    high = (line.base - line.top) / scale
    reach = _label_width(words, label)
    label_x, label_y = x, y
    if words and side == "above":
        y += len(words) * label * 1.35 + 0.3
    elif words and side == "left":
        x += reach + 1.2
        label_y += max(0.0, (high - len(words) * label * 1.3) / 2)
    elif words:
        label_x += line.ink.shape[1] / scale + 1.2
    for place, word in enumerate(words):
        payment_desk.letter(desk, word, (label_x, label_y + label * (1.0 + 1.3 * place)), label)
    desk.ink = payment_desk.ink_for(desk, (x, y, x + line.ink.shape[1] / scale, y + high))
    payment_desk.print_line(desk, line, (x, y))
    left, right = line.span(0, len(line.text) - 1)
    left, right, top, base = x * scale + left, x * scale + right, y * scale, (y + high) * scale
    return ((left, top), (right, top), (right, base), (left, base))
