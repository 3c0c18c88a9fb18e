"""Firebase Cloud Messaging through firebase-admin, imported when the first letter goes out.

Its own retries are switched off: on 500 and 503 they would hold up the whole batch. The queue
retries instead, and honours Retry-After. `settings.fcm_url` sends everything to another server
that speaks FCM HTTP v1 (tests' twin); then no Google account is asked for a credential.
"""

import asyncio
import functools
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import structlog

from backend import clock
from backend.messages.letters import Letter, Outcome, read_retry_after

_TIMEOUT_SECONDS: Final = 10
_LIFETIME_SECONDS: Final = 24 * 3600
_log = structlog.get_logger("caunoi.push")


class FirebasePush:
    """Sends at most 50 letters at a time (announce.py sees to it), each by one HTTP request."""

    def __init__(self, credentials: Path | None, url: str | None = None) -> None:
        self._credentials = credentials
        self._url = url
        self._service: Any = None

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        if self._service is None:
            # importing firebase-admin takes a second
            self._service = await asyncio.to_thread(_open_service, self._credentials, self._url)
        try:
            await _renew_credential(self._service)
            batch = await self._service.send_each_async([_message(one) for one in letters], False)
        except ValueError as error:
            # the library itself refuses a letter, and with it the batch
            if len(letters) == 1:
                return [Outcome("bad", error=type(error).__name__)]
            return [outcome for one in letters for outcome in await self.send([one])]
        except Exception as error:
            # not one letter was judged: most likely the credential could not be renewed
            _log.error("push failed", error=type(error).__name__)
            return [Outcome("later", error=type(error).__name__) for _ in letters]
        return [
            Outcome("sent", wire_id=answer.message_id)
            if answer.success
            else judge(answer.exception)
            for answer in batch.responses
        ]

    async def close(self) -> None:
        if self._service is not None:
            service, self._service = self._service, None
            await service._async_client.aclose()


def judge(error: Any) -> Outcome:
    """What an error of FCM means for the letter (Firebase's list of error codes)."""
    from firebase_admin import exceptions, messaging

    word = type(error).__name__
    if isinstance(error, messaging.UnregisteredError | messaging.SenderIdMismatchError):
        return Outcome("gone", error=word)
    if isinstance(error, exceptions.InvalidArgumentError):
        return Outcome("bad", error=word)
    response = getattr(error, "http_response", None)
    asked = response.headers.get("Retry-After") if response is not None else None
    wait = read_retry_after(asked, clock.now())
    return Outcome("later", error=word, retry_after_seconds=wait)


def _message(letter: Letter) -> Any:
    from firebase_admin import messaging

    message = messaging.Message(
        notification=messaging.Notification(title=letter.title, body=letter.body),
        data={"code": letter.code, "link": letter.link},
        android=messaging.AndroidConfig(
            collapse_key=letter.collapse_key,
            ttl=_LIFETIME_SECONDS,
            notification=messaging.AndroidNotification(tag=letter.collapse_key),
        ),
        apns=messaging.APNSConfig(
            headers={
                "apns-collapse-id": letter.collapse_key,
                "apns-expiration": str(int(time.time()) + _LIFETIME_SECONDS),
            }
        ),
        webpush=messaging.WebpushConfig(
            headers={"Topic": letter.collapse_key, "TTL": str(_LIFETIME_SECONDS)},
            notification=messaging.WebpushNotification(tag=letter.collapse_key),
        ),
    )
    # Set, not given: old registration tokens remain valid, though new apps should send their fid,
    # and the constructor warns of each.
    setattr(message, "fid" if letter.device_kind == "fid" else "token", letter.device_value)
    return message


def _open_service(credentials: Path | None, url: str | None) -> Any:
    """firebase-admin's messaging service, on an HTTP client that does not retry by itself."""
    from firebase_admin import App, messaging
    from firebase_admin import credentials as kinds
    from firebase_admin._http_client import HttpxAsyncClient
    from firebase_admin._retry import HttpxRetry

    options: dict[str, Any] = {"httpTimeout": _TIMEOUT_SECONDS}
    if url is None:
        app = App("caunoi", kinds.Certificate(str(credentials)), options)
    else:
        options["projectId"] = _project(credentials) or "twin"
        app = App("caunoi", _offline_credential(), options)
    service = messaging._MessagingService(app)
    if url is not None:
        path = f"/v1/projects/{options['projectId']}/messages:send"
        service._fcm_url = url.rstrip("/") + path
    service._async_client = HttpxAsyncClient(
        credential=service._credential,
        retry_config=HttpxRetry(max_retries=0),
        timeout=_TIMEOUT_SECONDS,
    )
    return service


async def _renew_credential(service: Any) -> None:
    # firebase-admin would do this itself, but on the event loop and with two minutes' patience
    if not service._credential.valid:
        from google.auth.transport.requests import Request

        request = functools.partial(Request(), timeout=_TIMEOUT_SECONDS)
        await asyncio.to_thread(service._credential.refresh, request)


def _offline_credential() -> Any:
    from firebase_admin import credentials
    from google.auth.credentials import AnonymousCredentials

    class Offline(credentials.Base):  # type: ignore[misc]  # firebase-admin ships no types
        """A credential that needs no network: the other server does not ask for one."""

        def get_credential(self) -> Any:
            return AnonymousCredentials()  # type: ignore[no-untyped-call]  # google ships none

    return Offline()


def _project(credentials: Path | None) -> str | None:
    if credentials is None or not credentials.is_file():
        return None
    return str(json.loads(credentials.read_text()).get("project_id", "")) or None
