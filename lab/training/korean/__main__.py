"""`python -m lab.training.korean`: the training of the Korean reader by one command."""

from __future__ import annotations

from lab.training.korean import train

if __name__ == "__main__":
    train.main()
