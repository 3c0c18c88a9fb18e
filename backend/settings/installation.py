"""All settings of an installation together, and what must hold between them."""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, cast, get_args
from urllib.parse import urlsplit

from backend.errors import SettingsError
from backend.settings.provider import OidcSettings, read_oidc
from backend.settings.reading import choice, listed, read_words, shaped, whole
from backend.settings.senders import (
    PUSH_SERVICES,
    Push,
    SmsSettings,
    SmtpSettings,
    read_sms,
    read_smtp,
)
from backend.settings.stores import S3Settings, read_s3

# One host without placeholders: it stands in the content security policy as it is.
_MAP_TILES: Final = re.compile(
    r"https?://[A-Za-z0-9.:-]+/(?=.*\{z\})(?=.*\{x\})(?=.*\{y\})[\w./?=&%{}@-]*", re.ASCII
)
Open311Write = Literal["key", "open", "off"]
_HOUR: Final = r"(?:[01]\d|2[0-3]):[0-5]\d"


@dataclass(frozen=True)
class Settings:
    """Everything that can be configured; sizes in bytes, times in seconds."""

    var_dir: Path
    host: str = "127.0.0.1"
    port: int = 8000
    database_url: str | None = field(default=None, repr=False)
    s3: S3Settings | None = None
    secret_key: bytes = field(default=b"", repr=False)
    public_url: str = "http://127.0.0.1:8000"
    trusted_proxies: tuple[str, ...] = ()
    push: Push = "console"
    fcm_credentials: Path | None = None
    fcm_url: str | None = None
    web_push_services: tuple[str, ...] = PUSH_SERVICES
    web_push_loopback: bool = False
    vapid_key: str | None = field(default=None, repr=False)
    vapid_subject: str | None = None
    quiet_hours: str | None = None
    area_batch_at: str | None = None
    smtp: SmtpSettings | None = None
    sms: SmsSettings | None = None
    limits_on: bool = True
    web_processes: int = 1
    worker_processes: int = 1
    database_pool_size: int = 16
    public_pool_size: int = 8
    code_prefix: str = "QNG"
    photo_max_bytes: int = 15 * 1024 * 1024
    photos_per_report: int = 8
    body_max_bytes: int = 256 * 1024
    session_hours: int = 12
    session_idle_minutes: int = 120
    citizen_session_days: int = 30
    sms_countries: tuple[str, ...] = ("VN",)
    codes_per_hour: int = 3000
    oidc: OidcSettings | None = None
    edit_window_minutes: int = 30
    map_tiles_url: str | None = None
    map_tiles_credit: str = ""
    demo: bool = True
    log_level: str = "info"
    metrics_token: str | None = field(default=None, repr=False)
    open311_write: Open311Write = "key"
    open311_jurisdiction: str = "quangngai.gov.vn"
    open311_contact: str = ""
    open311_restricted: tuple[str, ...] = ()

    @property
    def is_loopback(self) -> bool:
        return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback

    @property
    def map_tiles_origin(self) -> str | None:
        """Whence pictures of the base map come, for the content security policy."""
        if self.map_tiles_url is None:
            return None
        parts = urlsplit(self.map_tiles_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def demo_logins_path(self) -> Path:
        return self.var_dir / "demo-logins.json"


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings that this environment asks for; raises SettingsError naming the bad one."""
    source = os.environ if environ is None else environ
    port = whole(source, "PORT", 8000, low=1, high=65535)
    host = source.get("CAUNOI_HOST", "127.0.0.1")
    limits_on = choice(source, "LIMITS", "on", ("on", "off")) == "on"
    credentials = source.get("CAUNOI_FCM_CREDENTIALS")
    settings = Settings(
        var_dir=Path(source.get("CAUNOI_VAR", "var")).resolve(),
        host=host,
        port=port,
        database_url=source.get("CAUNOI_DATABASE_URL") or None,
        s3=read_s3(source),
        secret_key=source.get("CAUNOI_SECRET_KEY", "").encode(),
        public_url=source.get("CAUNOI_PUBLIC_URL", f"http://{host}:{port}").rstrip("/"),
        trusted_proxies=listed(source, "TRUSTED_PROXIES"),
        push="fcm" if choice(source, "PUSH", "console", ("console", "fcm")) == "fcm" else "console",
        fcm_credentials=Path(credentials) if credentials else None,
        fcm_url=source.get("CAUNOI_FCM_URL") or None,
        web_push_services=listed(source, "WEB_PUSH_SERVICES") or PUSH_SERVICES,
        web_push_loopback=choice(source, "WEB_PUSH_LOOPBACK", "off", ("on", "off")) == "on",
        vapid_key=source.get("CAUNOI_VAPID_KEY") or None,
        vapid_subject=source.get("CAUNOI_VAPID_SUBJECT") or None,
        quiet_hours=shaped(
            source, "QUIET_HOURS", rf"off|({_HOUR})-(?!\1$){_HOUR}", like="21:00-06:30"
        ),
        area_batch_at=shaped(source, "AREA_BATCH_AT", _HOUR, like="18:00"),
        smtp=read_smtp(source),
        sms=read_sms(source),
        limits_on=limits_on,
        web_processes=whole(source, "WEB_PROCESSES", 1, low=1, high=64),
        worker_processes=whole(source, "WORKER_PROCESSES", 1, low=1, high=64),
        database_pool_size=whole(source, "DATABASE_POOL_SIZE", 16, low=2, high=200),
        public_pool_size=whole(source, "PUBLIC_POOL_SIZE", 8, low=1, high=200),
        code_prefix=source.get("CAUNOI_CODE_PREFIX", "QNG"),
        photo_max_bytes=whole(source, "PHOTO_MAX_BYTES", 15 * 1024 * 1024, low=1024, high=1 << 30),
        photos_per_report=whole(source, "PHOTOS_PER_REPORT", 8, low=1, high=50),
        body_max_bytes=whole(source, "BODY_MAX_BYTES", 256 * 1024, low=4096, high=1 << 26),
        session_hours=whole(source, "SESSION_HOURS", 12, low=1, high=24 * 365),
        session_idle_minutes=whole(source, "SESSION_IDLE_MINUTES", 120, low=1, high=60 * 24 * 365),
        citizen_session_days=whole(source, "CITIZEN_SESSION_DAYS", 30, low=1, high=400),
        sms_countries=read_words(source, "SMS_COUNTRIES", "VN"),
        codes_per_hour=whole(source, "CODES_PER_HOUR", 3000, low=1, high=10**6),
        oidc=read_oidc(source),
        edit_window_minutes=whole(source, "EDIT_WINDOW_MINUTES", 30, low=0, high=60 * 24),
        map_tiles_url=source.get("CAUNOI_MAP_TILES_URL") or None,
        map_tiles_credit=source.get("CAUNOI_MAP_TILES_CREDIT", ""),
        demo=choice(source, "DEMO", "on", ("on", "off")) == "on",
        log_level=choice(source, "LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
        metrics_token=source.get("CAUNOI_METRICS_TOKEN") or None,
        open311_write=cast(
            "Open311Write", choice(source, "OPEN311_WRITE", "key", get_args(Open311Write))
        ),
        open311_jurisdiction=source.get("CAUNOI_OPEN311_JURISDICTION", "quangngai.gov.vn").strip(),
        open311_contact=source.get("CAUNOI_OPEN311_CONTACT", "").strip(),
        open311_restricted=listed(source, "OPEN311_RESTRICTED"),
    )
    _check_together(settings)
    return settings


def _check_together(settings: Settings) -> None:
    try:
        loopback = settings.is_loopback
    except ValueError:
        raise SettingsError(
            "CAUNOI_HOST phải là một địa chỉ IP hoặc localhost.",
            "CAUNOI_HOST must be an IP address or localhost.",
        ) from None
    if not settings.limits_on and not loopback:
        raise SettingsError(
            "CAUNOI_LIMITS=off chỉ dùng được khi CAUNOI_HOST là địa chỉ loopback.",
            "CAUNOI_LIMITS=off is honoured on a loopback CAUNOI_HOST only.",
        )
    if settings.web_push_loopback and not loopback:
        raise SettingsError(
            "CAUNOI_WEB_PUSH_LOOPBACK=on chỉ dùng được khi CAUNOI_HOST là địa chỉ loopback.",
            "CAUNOI_WEB_PUSH_LOOPBACK=on is honoured on a loopback CAUNOI_HOST only.",
        )
    if settings.map_tiles_url is not None and not _MAP_TILES.fullmatch(settings.map_tiles_url):
        raise SettingsError(
            "CAUNOI_MAP_TILES_URL phải có dạng https://máy/…/{z}/{x}/{y}.png.",
            "CAUNOI_MAP_TILES_URL must look like https://host/…/{z}/{x}/{y}.png.",
        )
    if settings.push == "fcm" and settings.fcm_credentials is None:
        raise SettingsError(
            "CAUNOI_PUSH=fcm cần CAUNOI_FCM_CREDENTIALS (tệp khóa dịch vụ Firebase).",
            "CAUNOI_PUSH=fcm needs CAUNOI_FCM_CREDENTIALS (a Firebase service account file).",
        )
    if not (settings.code_prefix.isascii() and settings.code_prefix.isalpha()):
        raise SettingsError(
            "CAUNOI_CODE_PREFIX chỉ gồm chữ A–Z.", "CAUNOI_CODE_PREFIX is letters A–Z."
        )
    if not settings.code_prefix.isupper() or not 2 <= len(settings.code_prefix) <= 4:
        raise SettingsError(
            "CAUNOI_CODE_PREFIX gồm 2–4 chữ in hoa.", "CAUNOI_CODE_PREFIX is 2–4 capital letters."
        )
