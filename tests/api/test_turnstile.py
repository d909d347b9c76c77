"""The door: one caller's crowd is taken in a few at a time, and stands in nobody else's way."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from api import turnstile


class House:
    """An application that keeps whoever has come in whole until it is told to let go."""

    def __init__(self) -> None:
        self.inside: list[int] = []
        self.let_go = asyncio.Event()
        self.is_leaving_early = False

    async def __call__(self, scope, receive, send) -> None:
        while (await receive()).get("more_body"):
            pass
        self.inside.append(scope["number"])
        if self.is_leaving_early:
            turnstile.leave(Request(scope))
        await self.let_go.wait()


def scope_of(number: int, name: bytes = b"SPECIMEN-A", method: str = "POST") -> dict:
    return {"type": "http", "method": method, "path": "/", "headers": [(b"authorization", name)], "number": number}


async def whole():
    return {"type": "http.request", "body": b"x"}


async def nowhere(message):
    pass


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_no_more_of_one_caller_are_inside_than_have_a_place_and_all_come_in_at_last():
    async def crowd() -> None:
        house = House()
        door = turnstile.Turnstile(house)
        coming = [asyncio.create_task(door(scope_of(number), whole, nowhere)) for number in range(11)]
        await settled()
        assert house.inside == list(range(turnstile.INSIDE))
        house.let_go.set()
        await asyncio.gather(*coming)
        assert house.inside == list(range(11))
        assert not door._doors

    asyncio.run(crowd())


def test_another_caller_another_method_and_who_names_no_key_do_not_wait():
    async def crowd() -> None:
        house = House()
        door = turnstile.Turnstile(house)
        coming = [asyncio.create_task(door(scope_of(number), whole, nowhere)) for number in range(9)]
        coming.append(asyncio.create_task(door(scope_of(100, b"SPECIMEN-B"), whole, nowhere)))
        coming.append(asyncio.create_task(door(scope_of(101, method="GET"), whole, nowhere)))
        coming += [asyncio.create_task(door(scope_of(number, b""), whole, nowhere)) for number in range(200, 209)]
        await settled()
        assert {100, 101, *range(200, 209)} <= set(house.inside)  # those who name no key are not told apart
        house.let_go.set()
        await asyncio.gather(*coming)

    asyncio.run(crowd())


def test_body_on_its_way_holds_no_place():
    async def never():
        await asyncio.Event().wait()

    async def crowd() -> None:
        house = House()
        door = turnstile.Turnstile(house)
        slow = [asyncio.create_task(door(scope_of(number), never, nowhere)) for number in range(9)]
        await settled()
        coming = asyncio.create_task(door(scope_of(100), whole, nowhere))
        await settled()
        assert house.inside == [100]
        house.let_go.set()
        await coming
        for one in slow:
            one.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        assert not door._doors

    asyncio.run(crowd())


def test_who_waits_for_a_worker_makes_room():
    async def crowd() -> None:
        house = House()
        house.is_leaving_early = True
        door = turnstile.Turnstile(house)
        coming = [asyncio.create_task(door(scope_of(number), whole, nowhere)) for number in range(50)]
        await settled()
        assert len(house.inside) == 50
        house.let_go.set()
        await asyncio.gather(*coming)

    asyncio.run(crowd())
