"""A twin of Firebase Cloud Messaging's HTTP v1 interface: a real HTTP server, with FCM's errors.

Format after https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send. It keeps
every message it accepted, so tests can count what went over the wire and what a phone would show.
"""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.twins.listening import listening


@dataclass(frozen=True)
class Fault:
    """What to answer instead of accepting; `fate` None closes the connection without an answer.

    With `after_accepting` the message counts as accepted all the same: the answer is lost.
    """

    status: int | None
    code: str = ""
    word: str = "INTERNAL"
    retry_after: str | None = None
    hang_seconds: float = 0.0
    after_accepting: bool = False


UNREGISTERED = Fault(404, "UNREGISTERED", "NOT_FOUND")
SENDER_ID_MISMATCH = Fault(403, "SENDER_ID_MISMATCH", "PERMISSION_DENIED")
INVALID_ARGUMENT = Fault(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
UNAUTHENTICATED = Fault(401, "THIRD_PARTY_AUTH_ERROR", "UNAUTHENTICATED")
QUOTA_EXCEEDED = Fault(429, "QUOTA_EXCEEDED", "RESOURCE_EXHAUSTED", retry_after="2")
INTERNAL = Fault(500, "INTERNAL", "INTERNAL")
UNAVAILABLE = Fault(503, "UNAVAILABLE", "UNAVAILABLE", retry_after="1")
ANSWER_LOST = Fault(None, after_accepting=True)


@dataclass
class FcmTwin:
    """The twin's memory; faults are used up in order, those `by_address` again and again.

    `on_accept` is called with the number of messages accepted so far, before the answer goes out.
    """

    url: str = ""
    accepted: list[dict[str, Any]] = field(default_factory=list)
    requests: int = 0
    faults: deque[Fault] = field(default_factory=deque)
    by_address: dict[str, Fault] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    on_accept: Callable[[int], None] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def screen(self, address: str) -> list[str]:
        """The notifications a phone with this address shows: one for each collapse key."""
        return list(
            dict.fromkeys(
                message["android"]["notification"]["tag"]
                for message in self.accepted
                if address in (message.get("token"), message.get("fid"))
            )
        )

    def judge(self, message: dict[str, Any]) -> Fault | None:
        """Take one message in; the fault to answer with, if any."""
        with self.lock:
            self.requests += 1
            self.times.append(time.monotonic())
            address = message.get("token") or message.get("fid") or ""
            fault = self.by_address.get(address) or (self.faults.popleft() if self.faults else None)
            if fault is None or fault.after_accepting:
                self.accepted.append(message)
                if self.on_accept is not None:
                    self.on_accept(len(self.accepted))
            return fault


@contextmanager
def fcm_twin() -> Iterator[FcmTwin]:
    """A running twin; its `url` is what CAUNOI_FCM_URL would be."""
    twin = FcmTwin()

    class Handler(_Handler):
        memory = twin

    with listening(Handler) as twin.url:
        yield twin


class _Handler(BaseHTTPRequestHandler):
    memory: FcmTwin
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.memory.judge(json.loads(body)["message"])
        if fault is None:
            self._answer(200, {"name": f"projects/twin/messages/{self.memory.requests}"})
            return
        time.sleep(fault.hang_seconds)
        if fault.status is None:
            self.close_connection = True
            return
        details = [
            {
                "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
                "errorCode": fault.code,
            }
        ]
        error = {
            "code": fault.status,
            "message": "told to fail",
            "status": fault.word,
            "details": details,
        }
        self._answer(fault.status, {"error": error}, retry_after=fault.retry_after)

    def _answer(self, status: int, body: object, *, retry_after: str | None = None) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        if retry_after is not None:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
