"""What a database and a store need before anyone is served: schema, bucket, the demo once."""

import asyncio
import sys
from collections.abc import Callable

from minio import Minio
from minio.error import MinioException
from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from backend.database import migrate
from backend.errors import Unavailable
from backend.roof.errors import NotRunning, StoreDown
from backend.roof.installation import demo_mark, is_demo_wanted
from backend.roof.supervisor import NO_DATABASE_STATUS
from backend.settings import S3Settings, Settings


async def prepare_data(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Migrate, make the bucket and load the demo province once.

    Ends the process with NO_DATABASE_STATUS when the database or store is not there (yet).
    """
    try:
        for name in await migrate_database(settings):
            say(f"migrated {name}")
        if settings.s3 is not None:
            await asyncio.to_thread(ensure_bucket, settings.s3)
        await _load_demo_once(settings, say=say)
    except Unavailable as error:
        say(error.en)
        sys.exit(NO_DATABASE_STATUS)


async def migrate_database(settings: Settings) -> list[str]:
    """Apply what is missing; the names of what was applied."""
    if settings.database_url is None:
        raise NotRunning
    return await migrate(settings.database_url)


def ensure_bucket(s3: S3Settings) -> None:
    """Make the bucket unless it is there; raises StoreDown."""
    client = open_client(s3)
    try:
        if not client.bucket_exists(s3.bucket):
            client.make_bucket(s3.bucket)
    except (HTTPError, MinioException) as error:
        raise StoreDown(
            f"Kho ảnh {s3.url} không dùng được: {error}",
            f"The photo store {s3.url} cannot be used: {error}",
        ) from error


def open_client(s3: S3Settings) -> Minio:
    """A client with time limits; the region is given so that it need not be asked for."""
    return Minio(
        s3.endpoint,
        access_key=s3.access_key,
        secret_key=s3.secret_key,
        secure=s3.is_secure,
        region=s3.region,
        http_client=PoolManager(timeout=Timeout(connect=5, read=60), retries=2, maxsize=8),
    )


async def _load_demo_once(settings: Settings, *, say: Callable[[str], None]) -> None:
    if not is_demo_wanted(settings):
        return
    from backend.demo.load import load_demo

    say("loading the demo province")
    await load_demo(settings)
    demo_mark(settings).touch()
