"""Firebase Cloud Messaging through firebase-admin, imported when the first letter goes out.

Its own retries are switched off: on 500 and 503 they would hold up the whole batch, and for as long
as the server asks. The queue retries instead. `settings.fcm_url` sends everything to another server
that speaks FCM HTTP v1 (tests' twin); then no Google account is asked for a credential.
"""

import asyncio
import email.utils
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import structlog

from backend.messages.letters import Letter, Outcome

_TIMEOUT_SECONDS: Final = 10
_LIFETIME_SECONDS: Final = 24 * 3600
_log = structlog.get_logger("caunoi.push")


class FirebasePush:
    """Sends at most 50 letters at a time (announce.py sees to it), each by one HTTP request."""

    def __init__(self, credentials: Path | None, url: str | None = None) -> None:
        self._credentials = credentials
        self._url = url
        self._app: Any = None

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        return await asyncio.to_thread(self._send, list(letters))

    async def close(self) -> None:
        if self._app is not None:
            app, self._app = self._app, None
            await asyncio.to_thread(_delete, app)

    def _send(self, letters: list[Letter]) -> list[Outcome]:
        from firebase_admin import exceptions, messaging

        if self._app is None:
            self._app = _open_app(self._credentials, self._url)
        try:
            batch = messaging.send_each([_message(one) for one in letters], app=self._app)
        except ValueError as error:
            # the library itself refuses a letter, and with it the batch
            if len(letters) == 1:
                return [Outcome("bad", error=type(error).__name__)]
            return [outcome for one in letters for outcome in self._send([one])]
        except exceptions.FirebaseError as error:
            # not one letter was judged: most likely the credential could not be renewed
            _log.error("push failed", error=type(error).__name__)
            return [Outcome("later", error=type(error).__name__) for _ in letters]
        return [
            Outcome("sent", wire_id=answer.message_id)
            if answer.success
            else judge(answer.exception)
            for answer in batch.responses
        ]


def judge(error: Any) -> Outcome:
    """What an error of FCM means for the letter (Firebase's list of error codes)."""
    from firebase_admin import exceptions, messaging

    word = type(error).__name__
    if isinstance(error, messaging.UnregisteredError | messaging.SenderIdMismatchError):
        return Outcome("gone", error=word)
    if isinstance(error, exceptions.InvalidArgumentError):
        return Outcome("bad", error=word)
    wait = _retry_after(getattr(error, "http_response", None))
    return Outcome("later", error=word, retry_after_seconds=wait)


def _retry_after(response: Any) -> float | None:
    value = response.headers.get("Retry-After") if response is not None else None
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


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


def _open_app(credentials: Path | None, url: str | None) -> Any:
    import firebase_admin
    import requests
    from firebase_admin import credentials as kinds
    from firebase_admin import messaging

    options: dict[str, Any] = {"httpTimeout": _TIMEOUT_SECONDS}
    if url is not None:
        messaging._MessagingService.FCM_URL = url.rstrip("/") + "/v1/projects/{0}/messages:send"
        options["projectId"] = _project(credentials) or "twin"
        app = firebase_admin.initialize_app(_offline_credential(), options, name=f"caunoi-{url}")
    else:
        certificate = kinds.Certificate(str(credentials))
        app = firebase_admin.initialize_app(certificate, options, name="caunoi")
    session = messaging._get_messaging_service(app)._client.session
    for scheme in ("https://fcm.googleapis.com", "https://", "http://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(max_retries=0, pool_maxsize=50))
    return app


def _offline_credential() -> Any:
    from firebase_admin import credentials
    from google.auth.credentials import AnonymousCredentials

    class Offline(credentials.Base):  # type: ignore[misc]  # firebase-admin ships no types
        """A credential that needs no network: the other server does not ask for one."""

        def get_credential(self) -> Any:
            return AnonymousCredentials()  # type: ignore[no-untyped-call]

    return Offline()


def _project(credentials: Path | None) -> str | None:
    if credentials is None or not credentials.is_file():
        return None
    return str(json.loads(credentials.read_text()).get("project_id", "")) or None


def _delete(app: Any) -> None:
    import firebase_admin

    firebase_admin.delete_app(app)
