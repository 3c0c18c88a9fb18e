"""The oracle of the fault tests: what each client sent, and what it was told, kept by the client.

An attempt is acknowledged (2xx), refused (4xx) or unknown (no answer, 5xx). Whoever does not know
sends the same again under the same key; in the end every report that was ever acknowledged must be
there exactly once with every photo that was acknowledged, and nothing that nobody sent.
"""

import asyncio
import hashlib
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.factories import a_photo

PLACES = ((108.7923, 15.1205), (108.80, 15.12), (108.75, 15.25), (108.95, 14.81))
CATEGORIES = ("giao-thong-o-ga", "ve-sinh-moi-truong-rac-ton-dong", "dien-chieu-sang-den-hong")


@dataclass
class Sending:
    """One report on its way: its key and body never change, its answers are collected."""

    key: uuid.UUID
    body: dict[str, Any]
    photos: dict[str, bytes]
    answers: list[dict[str, Any]] = field(default_factory=list)
    attempts: int = 0
    photos_taken: set[str] = field(default_factory=set)
    refusals: list[int] = field(default_factory=list)


@dataclass
class History:
    """Everything that the clients of one test sent."""

    sendings: list[Sending] = field(default_factory=list)

    def new(self, *, photos: int = 0) -> Sending:
        """A report to send, unlike every other."""
        number = len(self.sendings)
        pictures = [a_photo() for _ in range(photos)]  # noise: each unlike every other
        by_sum = {hashlib.sha256(picture).hexdigest(): picture for picture in pictures}
        lon, lat = PLACES[number % len(PLACES)]
        key = uuid.uuid4()
        sending = Sending(
            key=key,
            body={
                "category": CATEGORIES[number % len(CATEGORIES)],
                "text": f"Phản ánh thử {key}",
                "location": {"lon": lon, "lat": lat},
                "photos": [
                    {"sha256": name, "bytes": len(picture), "content_type": "image/jpeg"}
                    for name, picture in by_sum.items()
                ],
            },
            photos=by_sum,
        )
        self.sendings.append(sending)
        return sending

    @property
    def acknowledged(self) -> list[Sending]:
        return [sending for sending in self.sendings if sending.answers]


async def send_until_known(client: httpx.AsyncClient, sending: Sending, *, seconds: float) -> None:
    """Send report and photos again and again, as the app does, until each is acknowledged."""
    ends = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < ends:
        if not sending.answers:
            await attempt_report(client, sending)
        elif not await attempt_photos(client, sending):
            pass
        else:
            return
        await asyncio.sleep(random.uniform(0.02, 0.2))
    raise AssertionError(f"not settled within {seconds} s after {sending.attempts} attempts")


async def attempt_report(client: httpx.AsyncClient, sending: Sending) -> None:
    """One try; an answer that never came leaves the sending unknown."""
    sending.attempts += 1
    try:
        answer = await client.post(
            "/api/v1/reports", json=sending.body, headers={"Idempotency-Key": str(sending.key)}
        )
    except httpx.HTTPError:
        return
    if answer.status_code == 201:
        sending.answers.append(answer.json())
    elif answer.status_code < 500 and answer.status_code not in (408, 425, 429):
        sending.refusals.append(answer.status_code)


async def attempt_photos(client: httpx.AsyncClient, sending: Sending) -> bool:
    """One try for each photo not yet acknowledged; whether all are."""
    answer = sending.answers[0]
    for name, picture in sending.photos.items():
        if name in sending.photos_taken:
            continue
        try:
            taken = await client.put(
                f"/api/v1/reports/{answer['id']}/photos/{name}",
                content=picture,
                headers={
                    "X-Tracking-Secret": answer["tracking_secret"],
                    "Content-Type": "image/jpeg",
                },
            )
        except httpx.HTTPError:
            continue
        if taken.status_code == 200:
            sending.photos_taken.add(name)
        elif taken.status_code < 500:
            sending.refusals.append(taken.status_code)
    return sending.photos_taken == set(sending.photos)
