"""POST requests: a report from another program, by the same checks and action as the app's own.

GeoReport lets `api_key` stand in the query or in the form. Files are read only for a sender who is
admitted: the key is looked for in the query before anything is read, else in the words before the
first file. Who sends it after the files is still heard, as long as they are small.
"""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency

from backend.database import Database
from backend.errors import FieldFault, Malformed
from backend.photos.objects import ObjectStore
from backend.reports.rulebook import Rulebook, Rulebooks
from backend.reports.submit import Submitted, submit_report
from backend.settings import Settings
from backend.web.forms import leave_unread, read_form
from backend.web.language import api_language
from backend.web.problems import UnknownMediaType
from mobile_api.choices import list_communes
from mobile_api.intake import parse_submission
from mobile_api.open311 import forms
from mobile_api.open311.answers import acknowledgement
from mobile_api.open311.documents import SendOperation
from mobile_api.open311.errors import KeyTooLate, WritingOff
from mobile_api.open311.keys import Sender, admit_sender
from mobile_api.open311.media import Photo, read_photo, store_photos
from mobile_api.open311.places import WRITE, check_jurisdiction, get_service, paths
from mobile_api.open311.questions import read_extensions
from mobile_api.open311.submissions import (
    Form,
    names_position,
    read_fields,
    read_key,
    submission_body,
)

# A few photos at once; each by itself is held to CAUNOI_PHOTO_MAX_BYTES.
_FORM_LIMIT: Final = 64 * 1024 * 1024
# What is read of files before any key is seen.
_UNADMITTED_MAX_BYTES: Final = 1024 * 1024
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


@post(
    paths("/open311/v2/requests"),
    opt=WRITE,
    request_max_body_size=_FORM_LIMIT,
    operation_class=SendOperation,
    status_code=201,
    summary="Open311: gửi phản ánh",
    tags=["open311"],
)
async def send(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    objects: NamedDependency[ObjectStore],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    """Store a report once; the same idempotency key and form give the same answer again."""
    entrance = _Entrance(database, settings, list(request.query_params.multi_items()))
    async with _read(request, entrance) as (fields, files):
        check_jurisdiction(settings, fields.one("jurisdiction_id"))
        sender = await entrance.sender_of(fields)
        rulebook = await rulebooks.current()
        body = await _body(fields, rulebook, settings, database)
        photos = await _photos(files, settings)
        submitted = await _submit(
            body,
            photos,
            sender=sender,
            key=read_key(
                request.headers.get("idempotency-key"), fields, is_shared=sender.key_id is None
            ),
            database=database,
            rulebooks=rulebooks,
            settings=settings,
        )
        lost = await store_photos(
            photos, submitted, database=database, objects=objects, settings=settings
        )
    language = api_language(request)
    said = acknowledgement(submitted, language, lost_photos=lost)
    if read_extensions({"extensions": fields.one("extensions") or ""}):
        # the sender's right to answer, rate and reopen; GeoReport has no word for it
        said["extended_attributes"] = {
            "tracking_secret": submitted.tracking_secret,
            "tracking_url": f"{settings.public_url}/theo-doi/{submitted.code}",
        }
    where = f"{settings.public_url}/open311/v2/requests/{submitted.code}.{forms.form_of(request)}"
    return forms.answer(
        request,
        [said],
        root="service_requests",
        member="request",
        status=201,
        headers={"Location": where},
    )


@dataclass
class _Entrance:
    """Admits the sender of one request once, as soon as the key is known."""

    database: Database
    settings: Settings
    query: Sequence[tuple[str, str]]
    sender: Sender | None = None

    async def admit(self, words: Sequence[tuple[str, str]], files_bytes: int) -> bool:
        """Whether files may be read on; raises what admit_sender does, and KeyTooLate."""
        key = read_fields([*self.query, *words]).one("api_key")
        if key is not None:
            self.sender = await admit_sender(self.database, self.settings, key)
        elif self.settings.open311_write == "off":
            raise WritingOff()
        elif self.settings.open311_write == "key" and files_bytes > _UNADMITTED_MAX_BYTES:
            raise KeyTooLate()
        return self.sender is not None or self.settings.open311_write == "open"

    async def sender_of(self, fields: Form) -> Sender:
        """The sender of the whole form, in which a key stands once; raises as admit_sender."""
        key = fields.one("api_key")
        if self.sender is None:
            self.sender = await admit_sender(self.database, self.settings, key)
        return self.sender


@asynccontextmanager
async def _read(
    request: Request[Any, Any, Any], entrance: _Entrance
) -> AsyncIterator[tuple[Form, list[UploadFile]]]:
    """The fields of form and query, and the files for as long as the block runs."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    packing = request.headers.get("content-encoding", "identity").strip().lower()
    if kind not in _FORMS or packing != "identity":
        raise UnknownMediaType()
    try:
        is_admitted = await entrance.admit((), 0)
    except Exception:
        leave_unread(request)
        raise
    async with read_form(request, admit=None if is_admitted else entrance.admit) as form:
        pairs = [*form.multi_items(), *request.query_params.multi_items()]
        yield (
            read_fields([(name, value) for name, value in pairs if isinstance(value, str)]),
            [value for _, value in pairs if isinstance(value, UploadFile) and value.filename],
        )


async def _body(
    fields: Form, rulebook: Rulebook, settings: Settings, database: Database
) -> dict[str, Any]:
    code = fields.one("service_code")
    if code is None:
        raise _fault("service_code", "Thiếu service_code.", "service_code was not provided.")
    category = get_service(rulebook, settings, code)
    units = [] if names_position(fields) else await list_communes(database)
    return submission_body(fields, category, units)


async def _photos(files: list[UploadFile], settings: Settings) -> list[Photo]:
    photos = {}
    for file in files:
        photo = await read_photo(file, photo_max_bytes=settings.photo_max_bytes)
        photos[photo.sha256] = photo
    return list(photos.values())


async def _submit(
    body: dict[str, Any],
    photos: list[Photo],
    *,
    sender: Sender,
    key: uuid.UUID | None,
    database: Database,
    rulebooks: Rulebooks,
    settings: Settings,
) -> Submitted:
    body["photos"] = [
        {"sha256": photo.sha256, "bytes": photo.bytes, "content_type": photo.content_type}
        for photo in photos
    ]
    if "contact" in body:
        # GeoReport knows no consent: whoever runs the sending program has asked its people
        body["consent"] = {"asked_by": sender.principal}
    submission, payload_hash = parse_submission(
        msgspec.json.encode(body),
        photo_max_bytes=settings.photo_max_bytes,
        photos_most=settings.photos_per_report,
    )
    # names the key for good, also when its idempotency keys are long forgotten
    reference = f"{sender.key_id}/{uuid.uuid4()}" if sender.key_id else None
    return await submit_report(
        database,
        rulebooks,
        settings=settings,
        submission=replace(submission, source="open311", source_ref=reference),
        principal=sender.principal,
        key=key or uuid.uuid4(),
        payload_hash=payload_hash,
    )


def _fault(field: str, vi: str, en: str) -> Malformed:
    return Malformed(faults=(FieldFault(field, vi, en),))
