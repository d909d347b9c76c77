"""Korean documents: resident card, driver's licence, what a passport prints above its MRZ. The readers' two doors."""

from worker.reading.cards.korean.read import beside_mrz, tell_of

__all__ = ["beside_mrz", "tell_of"]
