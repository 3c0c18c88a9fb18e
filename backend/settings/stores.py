"""Where photos and exports lie: any S3 store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from backend.errors import SettingsError


@dataclass(frozen=True)
class S3Settings:
    """Where photos and exports lie; `url` is http(s)://host:port without a path."""

    url: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"
    bucket: str = "caunoi"

    @property
    def endpoint(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def is_secure(self) -> bool:
        return urlsplit(self.url).scheme == "https"


def read_s3(source: Mapping[str, str]) -> S3Settings | None:
    """The store that is named; None means the embedded one."""
    url = source.get("CAUNOI_S3_URL")
    if not url:
        return None
    parts = urlsplit(url)
    access, secret = source.get("CAUNOI_S3_ACCESS_KEY"), source.get("CAUNOI_S3_SECRET_KEY")
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/"):
        raise SettingsError(
            "CAUNOI_S3_URL phải có dạng http(s)://máy:cổng.",
            "CAUNOI_S3_URL must be http(s)://host:port.",
        )
    if not access or not secret:
        raise SettingsError(
            "CAUNOI_S3_URL cần CAUNOI_S3_ACCESS_KEY và CAUNOI_S3_SECRET_KEY.",
            "CAUNOI_S3_URL needs CAUNOI_S3_ACCESS_KEY and CAUNOI_S3_SECRET_KEY.",
        )
    return S3Settings(
        url=url.rstrip("/"),
        access_key=access,
        secret_key=secret,
        region=source.get("CAUNOI_S3_REGION", "us-east-1"),
        bucket=source.get("CAUNOI_S3_BUCKET", "caunoi"),
    )
