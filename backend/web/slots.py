"""The right to send files: so many at a time in this process, and fewer of one sender.

Strangers and signed-in people are counted apart: neither holds the others off. Slow senders are
waited for (bodies.py), so without a share of one sender a single telephone could take every slot.
Many may share one address, a phone network's for instance.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from litestar import Request

from backend.photos.errors import UploadsBusy
from backend.web.clients import client_address, limit_key
from backend.web.policies import principal_of
from backend.web.state import parts_of

_BUSY_SECONDS: Final = 5


class Slots:
    """`at_once` for strangers together and as many for accounts together, `of_one` for each."""

    def __init__(self, *, at_once: int, of_one: int) -> None:
        self.at_once, self.of_one = at_once, of_one
        self.taken: Counter[str] = Counter()

    @contextmanager
    def take(self, request: Request[Any, Any, Any]) -> Iterator[None]:
        """Hold a slot for the sender of this request; raises UploadsBusy."""
        principal = principal_of(request.scope)
        if principal is None:
            address = client_address(request, parts_of(request.app.state).trusted)
            everybody, one = "strangers", f"address {limit_key(address)}"
        else:
            everybody, one = "people", f"account {principal.account_id}"
        if self.taken[everybody] >= self.at_once or self.taken[one] >= self.of_one:
            raise UploadsBusy(retry_after_seconds=_BUSY_SECONDS)
        self.taken.update((everybody, one))
        try:
            yield
        finally:
            for name in (everybody, one):
                self.taken[name] -= 1
                if not self.taken[name]:
                    del self.taken[name]
