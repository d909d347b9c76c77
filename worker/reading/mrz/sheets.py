"""Layouts as numbers for the decoder: which characters, which priors, which sums at every place. Reads no picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from core.documents import MrzFormat
from worker.reading.mrz import check_digits, formats
from worker.reading.mrz.characters import DIGITS, FILLER, INDEX, LETTERS
from worker.reading.mrz.emissions import COLUMNS, DIGITS_ONLY, IMPOSSIBLE, LETTERS_ONLY, PLAIN, Floats, Indices
from worker.reading.mrz.formats import ANY, LAYOUTS, Layout, Span
from worker.reading.mrz.search import COMPOSITE_DIGIT, FIELD_DIGIT, Step
from worker.reading.mrz.states import KNOWN

# Priors in nats: how much rarer a character is at a place than the usual ones there. Set by hand.
RARE_DOCUMENT_LETTER = 4.0  #: a first letter that 9303 does not give to this layout
RARE_SECOND_CHARACTER = 2.0  #: a digit, or K, which is mostly a filler misread
ODD_SECOND_CHARACTER = 4.0  #: a letter that no card has there, and that is mostly the D of ID misread
UNKNOWN_DATE_PART = 2.0
UNSPECIFIED_SEX = 1.0
LONG_NUMBER = 2.5
RUSSIAN_INTERNAL = 2.0

_LONGEST_TAIL = {MrzFormat.TD1: 13, MrzFormat.TD2: 5}


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A layout, or one variant of it, place by place; places run line after line."""

    layout: Layout
    masks: Floats = field(repr=False)  #: (places, 37) 0 or a prior below, IMPOSSIBLE where a character may not stand
    kinds: Indices = field(repr=False)  #: (places,) which folding of an engine row is used
    types: Indices = field(repr=False)  #: (places,) row of `TypeTable` that has this kind and mask
    steps: tuple[Step, ...] = field(repr=False)
    guarded: Indices = field(repr=False)  #: (steps,)
    name: slice | None  #: places of the name field; None for the French card, whose names are guarded
    issuing_state: slice
    nationality: slice | None
    free: Indices = field(repr=False)  #: places that nothing else speaks for
    runs: tuple[slice, ...] = field(repr=False)  #: fields that end in a run of fillers
    strength: float  #: ln of how much rarer a text of this layout is than one of any 37 characters
    is_code_guarded: bool  #: True for the French card, whose code is fixed and counted
    prior: float = 0.0  #: nats, how much rarer this variant is than the usual one


@dataclass(frozen=True, slots=True)
class TypeTable:
    """The distinct kinds of place over all sheets, so that a line is held against each only once."""

    kinds: Indices  #: (types,)
    masks: Floats  #: (types, 37)


# Sheets are made once, on import; afterwards both are only read.
_types: dict[tuple[int, bytes], int] = {}
_type_rows: list[tuple[int, Floats]] = []


def usual(layout: Layout) -> tuple[Sheet, ...]:
    """The sheets that are tried for every layout."""
    return _USUAL[layout.format]


def long_numbers(layout: Layout) -> tuple[Sheet, ...]:
    """The sheets with a document number that runs on into the optional data; both computations of its digit."""
    return _LONG.get(layout.format, ())


@cache
def type_table() -> TypeTable:
    """All kinds of place of all sheets."""
    return TypeTable(np.array([kind for kind, _ in _type_rows], dtype=np.intp), np.stack([m for _, m in _type_rows]))


def columns(characters: str) -> Indices:
    """The columns of `characters` in the alphabet."""
    return np.array([INDEX[character] for character in characters], dtype=np.intp)


@dataclass(slots=True)
class _Draft:
    """A sheet while it is made: allowed characters and priors may still be changed."""

    layout: Layout
    allowed: list[str]
    priors: Floats
    tail: int = 0
    counts_filler: bool = False

    @classmethod
    def of(cls, layout: Layout) -> _Draft:
        allowed = [allowed for row in formats.allowed_characters(layout) for allowed in row]
        draft = cls(layout, allowed, np.zeros((len(allowed), COLUMNS)))
        for guard in layout.guards:
            draft.allow(guard.span, DIGITS)
        draft._doubt_rare_characters()
        return draft

    def places(self, span: Span) -> range:
        return range(span.line * self.layout.length + span.start, span.line * self.layout.length + span.end)

    def overflow(self) -> Span:
        """Where a long document number runs on."""
        return self.layout.slot("optional_data_1" if self.layout.format is MrzFormat.TD1 else "optional_data").span

    def allow(self, span: Span, characters: str) -> None:
        for place in self.places(span):
            self.allowed[place] = characters

    def doubt(self, place: int, characters: str, nats: float) -> None:
        self.priors[place, columns(characters)] -= nats

    def _doubt_rare_characters(self) -> None:
        first, second = self.places(self.layout.slot("document_code").span)
        self.doubt(first, "".join(set(LETTERS) - set(self.layout.document_letters)), RARE_DOCUMENT_LETTER)
        self.doubt(second, DIGITS + "K", RARE_SECOND_CHARACTER)
        if self.layout.takes_long_numbers:
            self.doubt(second, "OQU", ODD_SECOND_CHARACTER)
        self.doubt(self.places(self.layout.slot("sex").span)[0], FILLER, UNSPECIFIED_SEX)
        for slot in self.layout.slots:
            if slot.name in ("birth_date", "expiry_date"):
                for place in self.places(slot.span):
                    self.doubt(place, FILLER, UNKNOWN_DATE_PART)

    def sheet(self, prior: float = 0.0) -> Sheet:
        masks = np.full((len(self.allowed), COLUMNS), IMPOSSIBLE)
        for place, allowed in enumerate(self.allowed):
            chosen = columns(allowed)
            masks[place, chosen] = self.priors[place, chosen]
        kinds = np.array([_kind(allowed) for allowed in self.allowed], dtype=np.intp)
        steps = _steps(self)
        names = {slot.name: self._slice(slot.span) for slot in self.layout.slots}
        guarded = np.array([step.place for step in steps], dtype=np.intp)
        spoken_for = set(guarded.tolist())
        for name in ("name", "issuing_state", "nationality"):
            spoken_for |= set(range(names[name].start, names[name].stop)) if name in names else set()
        return Sheet(
            self.layout,
            masks,
            kinds,
            np.array([_type(kind, mask) for kind, mask in zip(kinds, masks, strict=True)], dtype=np.intp),
            steps,
            guarded,
            names.get("name"),
            names["issuing_state"],
            names.get("nationality"),
            np.array(sorted(set(range(len(self.allowed))) - spoken_for), dtype=np.intp),
            tuple(place for name, place in names.items() if "optional" in name or name.endswith("number")),
            _strength(self.layout),
            names["issuing_state"].start in guarded,
            prior,
        )

    def _slice(self, span: Span) -> slice:
        return slice(span.line * self.layout.length + span.start, span.line * self.layout.length + span.end)


def _kind(allowed: str) -> int:
    has_digits, has_letters = bool(set(allowed) & set(DIGITS)), bool(set(allowed) & set(LETTERS))
    if has_digits and not has_letters:
        return DIGITS_ONLY
    return LETTERS_ONLY if has_letters and not has_digits else PLAIN


def _type(kind: int, mask: Floats) -> int:
    key = (int(kind), mask.tobytes())
    if key not in _types:
        _types[key] = len(_type_rows)
        _type_rows.append((int(kind), mask))
    return _types[key]


@cache
def _strength(layout: Layout) -> float:
    allowed = [len(allowed) for row in formats.allowed_characters(layout) for allowed in row]
    names = {slot.name for slot in layout.slots}
    codes = sum(name in names for name in ("issuing_state", "nationality"))
    free = sum(math.log(COLUMNS / count) for count in allowed)
    return free + codes * math.log(27**3 / len(KNOWN)) + len(layout.guards) * math.log(10)


def _steps(draft: _Draft) -> tuple[Step, ...]:
    """Every guarded place: field by field, each with its digit behind it, then what only the composite counts."""
    composite_weights: dict[int, int] = {}
    fields: list[Step] = []
    last: list[Step] = []
    for guard in draft.layout.guards:
        counted = [place for span in guard.guarded for place in draft.places(span)]
        (at,) = draft.places(guard.span)
        if guard.name == draft.layout.composite:
            composite_weights = _weights(counted)
            last = [Step(at, 0, 0, COMPOSITE_DIGIT)]
            continue
        if guard.name == "document_number_check_digit" and draft.tail:
            *tail, end = list(draft.places(draft.overflow()))[: draft.tail + 1]
            counted, at = [*counted, *([at] if draft.counts_filler else []), *tail], end
        fields += [Step(place, weight, 0) for place, weight in _weights(counted).items()]
        fields.append(Step(at, 0, 0, FIELD_DIGIT))
    alone = composite_weights.keys() - {step.place for step in fields}
    steps = [*fields, *(Step(place, 0, 0) for place in sorted(alone)), *last]
    return tuple(replace(step, composite_weight=composite_weights.get(step.place, 0)) for step in steps)


def _weights(counted: Sequence[int]) -> dict[int, int]:
    return {place: check_digits.WEIGHTS[number % 3] for number, place in enumerate(counted)}


def _blank_personal_number() -> Sheet:
    """A passport without a personal number may have a filler for its digit. 9303-4, 4.2.2.2."""
    draft = _Draft.of(formats.TD3)
    draft.allow(formats.TD3.slot("personal_number").span, FILLER)
    draft.allow(formats.TD3.guard("personal_number_check_digit").span, FILLER)
    return draft.sheet()


def _russian_internal() -> Sheet:
    """The Russian internal passport writes Cyrillic letters as Latin letters and digits."""
    draft = _Draft.of(formats.TD3)
    for place, character in zip(range(5), "PNRUS", strict=True):
        draft.allowed[place] = character
    name = draft.places(formats.TD3.slot("name").span)
    for place in name:
        draft.allowed[place] = ANY.removesuffix(FILLER) if place == name.start else ANY
    return draft.sheet(RUSSIAN_INTERNAL)


def _long(layout: Layout, tail: int, *, counts_filler: bool) -> Sheet:
    draft = _Draft.of(layout)
    draft.tail, draft.counts_filler = tail, counts_filler
    optional = draft.overflow()
    alphanumeric = ANY.removesuffix(FILLER)
    draft.allow(layout.slot("document_number").span, alphanumeric)
    draft.allow(layout.guard("document_number_check_digit").span, FILLER)
    draft.allow(Span(optional.line, optional.start, optional.start + tail), alphanumeric)
    draft.allow(Span(optional.line, optional.start + tail, optional.start + tail + 1), DIGITS)
    if optional.start + tail + 1 < optional.end:
        draft.allow(Span(optional.line, optional.start + tail + 1, optional.start + tail + 2), FILLER)
    return draft.sheet(LONG_NUMBER)


_EXTRA = {MrzFormat.TD3: (_blank_personal_number, _russian_internal)}
_USUAL = {
    layout.format: (_Draft.of(layout).sheet(), *(make() for make in _EXTRA.get(layout.format, ())))
    for layout in LAYOUTS.values()
}
_LONG = {
    kind: tuple(
        _long(LAYOUTS[kind], tail, counts_filler=counts_filler)
        for tail in range(1, longest + 1)
        for counts_filler in (False, True)
    )
    for kind, longest in _LONGEST_TAIL.items()
}
