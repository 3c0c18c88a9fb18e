"""The S3 store as the rest of the house sees it: asynchronous, bounded, two errors.

minio's client is synchronous, so each call runs on one of a few threads. Every wait is bounded: a
stopped store costs a caller `_CONNECT_SECONDS` + `_READ_SECONDS` once, and callers who find all
threads busy are turned away after `_QUEUE_SECONDS`. Errors: StoreDown, ObjectMissing.
"""

import asyncio
import io
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, TypeVar
from urllib.parse import urlsplit

import certifi
import urllib3
from minio import Minio
from minio.credentials.credentials import Credentials
from minio.error import InvalidResponseError, MinioException, S3Error
from minio.signer import sign_v4_s3
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from backend import clock
from backend.photos.errors import ObjectMissing, StoreDown
from backend.settings import S3Settings

_CONNECT_SECONDS: Final = 2.0
_READ_SECONDS: Final = 6.0
_TRANSFER_SECONDS: Final = 60.0
_QUEUE_SECONDS: Final = 2.0
_THREADS: Final = 8
_PIECE: Final = 64 * 1024
_MISSING: Final = frozenset({"NoSuchKey", "NoSuchObject", "NotFound"})

T = TypeVar("T")


@dataclass(frozen=True)
class StoredObject:
    """One object of a listing; `modified_at` is aware UTC."""

    key: str
    bytes: int
    modified_at: datetime


class ObjectStore:
    """A client of one bucket; one per process, made inside its event loop, closed by `close`."""

    def __init__(self, s3: S3Settings) -> None:
        self._s3 = s3
        self._http = urllib3.PoolManager(
            maxsize=_THREADS,
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
            retries=_Patience(
                total=2, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504), redirect=0
            ),
            cert_reqs="CERT_REQUIRED",
            ca_certs=certifi.where(),
        )
        self._client = Minio(
            s3.endpoint,
            access_key=s3.access_key,
            secret_key=s3.secret_key,
            secure=s3.is_secure,
            region=s3.region,
            http_client=self._http,
        )
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="objects")
        self._free_threads = asyncio.Semaphore(_THREADS)

    async def ensure_bucket(self) -> None:
        """Make the bucket unless it is there."""

        def work() -> None:
            if not self._client.bucket_exists(self._s3.bucket):
                self._client.make_bucket(self._s3.bucket, self._s3.region)

        await self._run(work)

    async def put_file(self, key: str, path: Path, content_type: str, sha256: str) -> None:
        """Store a file of the given SHA-256 (hex), replacing what is there; whole or not at all.

        The file is streamed, and signed with its hash: a store that checks it (AWS, MinIO, Ceph)
        refuses a body damaged on the way.
        """

        def work() -> None:
            with path.open("rb") as file:
                self._put(key, file, path.stat().st_size, content_type, sha256)

        await self._run(work)

    async def put_bytes(self, key: str, body: bytes, content_type: str, sha256: str) -> None:
        """Store a small body; see put_file."""
        await self._run(lambda: self._put(key, io.BytesIO(body), len(body), content_type, sha256))

    async def fetch_to(self, key: str, path: Path) -> None:
        """Write the object to a file; raises ObjectMissing."""

        def work() -> None:
            with path.open("wb") as file:
                for piece in self._pieces(key):
                    file.write(piece)

        await self._run(work)

    async def read(self, key: str) -> bytes:
        """The object's bytes, for small objects; raises ObjectMissing."""
        return await self._run(lambda: b"".join(self._pieces(key)))

    async def exists(self, key: str) -> bool:
        """Whether something is stored under the key."""

        def work() -> bool:
            try:
                self._client.stat_object(self._s3.bucket, key)
            except (S3Error, InvalidResponseError) as error:
                if _is_missing(error):
                    return False
                raise
            return True

        return await self._run(work)

    async def remove(self, key: str) -> None:
        """Delete the object; nothing happens if there is none."""

        def work() -> None:
            try:
                self._client.remove_object(self._s3.bucket, key)
            except (S3Error, InvalidResponseError) as error:
                if not _is_missing(error):
                    raise

        await self._run(work)

    async def list(self, prefix: str, *, limit: int = 1000, after: str = "") -> list[StoredObject]:
        """The first `limit` objects under the prefix whose keys come after `after`, in order."""

        def work() -> list[StoredObject]:
            found = []
            for item in self._client.list_objects(
                self._s3.bucket, prefix, recursive=True, start_after=after or None
            ):
                # rclone takes `start_after` for "start at"
                if item.is_dir or item.object_name is None or item.object_name <= after:
                    continue
                found.append(
                    StoredObject(
                        item.object_name, item.size or 0, item.last_modified or clock.now()
                    )
                )
                if len(found) >= limit:
                    break
            return found

        return await self._run(work)

    def presigned_get(self, key: str, *, seconds: int = 60) -> str:
        """A URL from which anyone can read the object for so long; computed without a request."""
        url: str = self._client.presigned_get_object(
            self._s3.bucket, key, expires=timedelta(seconds=seconds)
        )
        return url

    async def close(self) -> None:
        """Give threads and connections back; work under way ends by its own time limits."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._http.clear()

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(_QUEUE_SECONDS):
                await self._free_threads.acquire()
        except TimeoutError:
            raise StoreDown(retry_after_seconds=3) from None
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._threads, self._in_our_words, work)
        future.add_done_callback(self._release)
        # A cancelled caller leaves the thread running: it is free only when the work has ended.
        return await asyncio.shield(future)

    def _release(self, future: asyncio.Future[T]) -> None:
        self._free_threads.release()
        if not future.cancelled():
            future.exception()

    def _in_our_words(self, work: Callable[[], T]) -> T:
        try:
            try:
                return work()
            except (S3Error, InvalidResponseError) as error:
                # Without its bucket a store would seem to have lost every photo at once.
                if _is_missing(error) and self._client.bucket_exists(self._s3.bucket):
                    raise ObjectMissing() from error
                raise
        except (MinioException, HTTPError, TimeoutError, ConnectionError) as error:
            raise StoreDown(retry_after_seconds=5) from error

    def _put(self, key: str, file: BinaryIO, size: int, content_type: str, sha256: str) -> None:
        # minio's own put_object reads the whole body into memory; its signer does not need to.
        url = self._client.presigned_put_object(self._s3.bucket, key).partition("?")[0]
        now = clock.now()
        headers = sign_v4_s3(
            method="PUT",
            url=urlsplit(url),
            region=self._s3.region,
            headers={
                "Host": urlsplit(url).netloc,
                "Content-Type": content_type,
                "Content-Length": str(size),
                "x-amz-content-sha256": sha256,
                "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
            },
            credentials=Credentials(self._s3.access_key, self._s3.secret_key),
            content_sha256=sha256,
            date=now,
        )
        answer = self._http.request(
            "PUT",
            url,
            body=_Bounded(file),
            headers={name: str(value) for name, value in headers.items()},
        )
        if answer.status != 200:
            raise StoreDown(retry_after_seconds=5)

    def _pieces(self, key: str) -> Iterator[bytes]:
        deadline = time.monotonic() + _TRANSFER_SECONDS
        answer = self._client.get_object(self._s3.bucket, key)
        try:
            for piece in answer.stream(_PIECE):
                if time.monotonic() > deadline:
                    raise TimeoutError("the store sends too slowly")
                yield piece
        finally:
            answer.close()
            answer.release_conn()


class _Patience(urllib3.Retry):
    """Retries what may help (refused, reset, 5xx), and never waits twice for a silent store."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: urllib3.BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: urllib3.connectionpool.ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> "_Patience":
        silent = isinstance(error, ReadTimeoutError) or (
            isinstance(error, ProtocolError)
            and any(isinstance(a, TimeoutError) for a in error.args)
        )
        if error is not None and silent:
            raise error
        return super().increment(method, url, response, error, _pool, _stacktrace)


class _Bounded(io.RawIOBase):
    """A file sent in one request, which gives up when the whole transfer takes too long."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._deadline = time.monotonic() + _TRANSFER_SECONDS

    def read(self, size: int = -1) -> bytes:
        if time.monotonic() > self._deadline:
            raise TimeoutError("the store takes the photo too slowly")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _is_missing(error: S3Error | InvalidResponseError) -> bool:
    if isinstance(error, S3Error):
        return error.code in _MISSING
    # rclone answers a missing key in plain text, which minio takes for no S3 answer at all
    return str(error).startswith("non-XML response from server; Response code: 404")
