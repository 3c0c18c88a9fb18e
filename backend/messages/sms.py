"""SMS by HTTP: whatever gateway takes one JSON body for one message (README: text messages).

    POST CAUNOI_SMS_URL    Content-Type: application/json
    Authorization: Bearer CAUNOI_SMS_TOKEN      (left out when the template says {{token}})

The body is CAUNOI_SMS_TEMPLATE, a JSON document in whose texts these words are replaced:

    {{phone}}         +84912345678         {{phone_digits}}   84912345678
    {{phone_local}}   0912345678           {{text}}           the message
    {{reference}}     the same for every attempt of one message
    {{token}}         the token, for gateways that want it in the body

They are replaced inside a parsed document, so that no text can break out of its place. The default
is `{"to": "{{phone}}", "text": "{{text}}", "reference": "{{reference}}"}`.

Handed over: any 2xx answer, and with CAUNOI_SMS_ACCEPTED=`path=value` only if the answer is JSON
that holds this value there (`CodeResult=100`, `result.status=OK`). Later: no answer in time, 408,
425, 429, 5xx, 401, 403 and 2xx without the value; Retry-After is honoured. Other 4xx: bad.
"""

from collections.abc import Mapping
from typing import Any, Final

import httpx
import msgspec
import structlog

from backend import clock
from backend.messages.letters import Outcome, read_retry_after
from backend.messages.paper import Sms
from backend.settings import SmsSettings

_TIMEOUT: Final = httpx.Timeout(10.0, connect=5.0)
_ANSWER_MAX_BYTES: Final = 64 * 1024
_LATER: Final = frozenset((401, 403, 408, 425, 429))
_OPERATORS_DELAY_SECONDS: Final = 120.0
_VIETNAM: Final = "+84"
_log = structlog.get_logger("caunoi.sms")


class HttpSms:
    """Hands text messages to the gateway that the settings name; follows no redirect."""

    def __init__(self, sms: SmsSettings) -> None:
        self._sms = sms
        self._template = msgspec.json.decode(sms.template)
        self._client: httpx.AsyncClient | None = None

    async def send(self, sms: Sms) -> Outcome:
        """Hand one message over."""
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False)
        try:
            async with self._client.stream(
                "POST", self._sms.url, content=self._body(sms), headers=self._headers()
            ) as answer:
                return self._judge(answer, await _read_some(answer))
        except httpx.HTTPError as error:
            return Outcome("later", error=type(error).__name__)

    async def close(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if self._sms.token and "{{token}}" not in self._sms.template:
            headers["Authorization"] = f"Bearer {self._sms.token}"
        return headers

    def _body(self, sms: Sms) -> bytes:
        local = "0" + sms.to.removeprefix(_VIETNAM) if sms.to.startswith(_VIETNAM) else sms.to
        words = {
            "{{phone}}": sms.to,
            "{{phone_digits}}": sms.to.removeprefix("+"),
            "{{phone_local}}": local,
            "{{reference}}": sms.reference,
            "{{token}}": self._sms.token or "",
            # last, so that nothing inside the words is taken for a place to fill
            "{{text}}": sms.text,
        }
        return msgspec.json.encode(_filled(self._template, words))

    def _judge(self, answer: httpx.Response, body: bytes) -> Outcome:
        status = answer.status_code
        if answer.is_success:
            if self._sms.accepted is None or _holds(body, self._sms.accepted):
                return Outcome("sent")
            _log.error("sms gateway does not accept", status=status)
            return Outcome("later", None, "not-accepted", _OPERATORS_DELAY_SECONDS)
        if status in (401, 403):
            _log.error("sms gateway refuses us", status=status)
            return Outcome("later", None, f"http-{status}", _OPERATORS_DELAY_SECONDS)
        if status >= 500 or status in _LATER:
            wait = read_retry_after(answer.headers.get("Retry-After"), clock.now())
            return Outcome("later", None, f"http-{status}", wait)
        return Outcome("bad", error=f"http-{status}")


def _filled(part: Any, words: Mapping[str, str]) -> Any:
    if isinstance(part, str):
        for place, word in words.items():
            part = part.replace(place, word)
        return part
    if isinstance(part, list):
        return [_filled(item, words) for item in part]
    if isinstance(part, dict):
        return {key: _filled(value, words) for key, value in part.items()}
    return part


async def _read_some(answer: httpx.Response) -> bytes:
    body = b""
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > _ANSWER_MAX_BYTES:
            break
    return body


def _holds(body: bytes, accepted: str) -> bool:
    """Whether the JSON answer holds the value that `path=value` asks for."""
    path, _, value = accepted.partition("=")
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    for step in path.split("."):
        if not isinstance(found, dict) or step not in found:
            return False
        found = found[step]
    return str(found) == value
