"""What the digits recogniser tells apart. Shared by the engine that reads and the training that draws."""

from __future__ import annotations

CHARACTERS = "0123456789/-"
OTHER = "?"  #: any other character: a letter, a star, a dot
ALPHABET = CHARACTERS + OTHER
BLANK = len(ALPHABET)  #: column of "no character's middle here"
CLASSES = len(ALPHABET) + 1
LINE_HEIGHT = 32  #: px of a normalised line
FRAME_WIDTH = 4  #: px of a normalised line per row of probabilities
DIGIT_HEIGHT = 19.5  #: px of a digit in a normalised line that the network was trained around
