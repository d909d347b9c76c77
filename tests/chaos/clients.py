"""Clients under fire: each uploads, tries again with the same key until it is told 202, and writes that down."""

from __future__ import annotations

import random
import threading
import time
import uuid
from dataclasses import dataclass, field

import httpx2

from tests.chaos.world import World
from tests.worker.reader import misbehaving

ANSWER_SECONDS = 15.0
POISONS = ("crash", "hang", "allocate", "exit")
LONG = 0.05  #: share of pictures that take two seconds to read
PADDING = bytes(30_000)


@dataclass(frozen=True, slots=True)
class Accepted:
    """One 202 that a client saw."""

    job_id: str
    key: str
    poison: str  #: empty for a picture that reads well
    at: float  #: monotonic seconds


@dataclass(slots=True)
class Ledger:
    """All that the clients saw."""

    accepted: list[Accepted] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  #: of each answer, 202 or refusal
    accept_seconds: list[float] = field(default_factory=list)  #: of each 202
    answers: dict[str, int] = field(default_factory=dict)
    unfinished: list[str] = field(default_factory=list)  #: keys of uploads that were never told 202
    without_retry_after: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, seconds: float | None = None) -> None:
        """Counts an answer or a broken connection."""
        with self.lock:
            self.answers[what] = self.answers.get(what, 0) + 1
            if seconds is not None:
                self.seconds.append(seconds)


class Client(threading.Thread):
    """Uploads about every `pause` seconds until told to stop."""

    def __init__(
        self, world: World, key: str, ledger: Ledger, stop: threading.Event, *, seed: str, pause: float, poison: float
    ) -> None:
        super().__init__(name=f"client-{seed}")
        self._world = world
        self._ledger = ledger
        self._stop_asked = stop
        self._chance = random.Random(seed)
        self._pause = pause
        self._poison = poison
        self._headers = {"Authorization": f"Bearer {key}"}

    def run(self) -> None:
        while not self._stop_asked.wait(self._pause * self._chance.uniform(0.5, 1.5)):
            poison = self._chance.choice(POISONS) if self._chance.random() < self._poison else ""
            seconds = 2.0 if self._chance.random() < LONG else round(self._chance.uniform(0.05, 0.25), 3)
            wanted = {"then": poison} if poison else {"seconds": seconds}
            self._upload(misbehaving.picture(**wanted) + PADDING, poison)

    def _upload(self, picture: bytes, poison: str) -> None:
        key = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        give_up_at = time.monotonic() + 60
        while time.monotonic() < give_up_at:
            job_id = self._try_once(picture, key)
            if job_id is not None:
                with self._ledger.lock:
                    self._ledger.accepted.append(Accepted(job_id, key, poison, time.monotonic()))
                return
            time.sleep(0.3)
        self._ledger.unfinished.append(key)

    def _try_once(self, picture: bytes, key: str) -> str | None:
        started = time.monotonic()
        try:
            answer = httpx2.post(
                f"{self._world.url(self._chance.randrange(100))}/v1/jobs",
                files={"image": ("picture.jpg", picture)},
                data={"document": "mrz"},
                headers={**self._headers, "Idempotency-Key": key},
                timeout=ANSWER_SECONDS,
            )
        except httpx2.HTTPError as error:
            self._ledger.note(type(error).__name__)
            return None
        seconds = time.monotonic() - started
        self._ledger.note(str(answer.status_code), seconds)
        if answer.status_code == 202:
            with self._ledger.lock:
                self._ledger.accept_seconds.append(seconds)
            return str(answer.json()["id"])
        if answer.status_code in {429, 503} and "retry-after" not in answer.headers:
            self._ledger.without_retry_after += 1
        return None
