"""Settings: one frozen object, read once in the roof and passed down.

Each comes from the environment with the prefix `CAUNOI_`; an absent one means the embedded
default. README.md lists them all (tests/house checks that it does).
"""

import ipaddress
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, cast, get_args
from urllib.parse import urlsplit

from backend.errors import SettingsError

# One host without placeholders: it stands in the content security policy as it is.
_MAP_TILES: Final = re.compile(
    r"https?://[A-Za-z0-9.:-]+/(?=.*\{z\})(?=.*\{x\})(?=.*\{y\})[\w./?=&%{}@-]*", re.ASCII
)
Push = Literal["console", "fcm"]
Open311Write = Literal["key", "open", "off"]
SmtpSecurity = Literal["starttls", "tls", "none"]
# Never `none`, never an algorithm whose key is our own secret (RFC 8725 §3.1).
_SIGNED_WITH_A_KEY_PAIR = frozenset(
    ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
)

# Push services of the browsers: Chrome, Edge and Samsung; Firefox; Safari; older Edge.
PUSH_SERVICES: Final = (
    *("fcm.googleapis.com", "jmt17.google.com", "updates.push.services.mozilla.com"),
    *("*.push.services.mozilla.com", "*.push.apple.com", "*.notify.windows.com"),
)
_HOUR: Final = r"(?:[01]\d|2[0-3]):[0-5]\d"


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


@dataclass(frozen=True)
class SmtpSettings:
    """The server that takes our e-mail; `sender` is the address it comes from."""

    host: str
    port: int
    security: SmtpSecurity
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class SmsSettings:
    """The HTTP gateway that takes our text messages; backend/messages/sms.py says how."""

    url: str
    token: str | None = field(default=None, repr=False)
    template: str = '{"to": "{{phone}}", "text": "{{text}}", "reference": "{{reference}}"}'
    accepted: str | None = None


@dataclass(frozen=True)
class OidcSettings:
    """The identity provider that citizens may sign in with, such as VNeID."""

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    name: str = "VNeID"
    scopes: str = "openid profile"
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256")


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
    quiet_hours: str = "21:00-06:30"
    area_batch_at: str = "18:00"
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
    port = _whole(source, "PORT", 8000, low=1, high=65535)
    host = source.get("CAUNOI_HOST", "127.0.0.1")
    limits_on = _choice(source, "LIMITS", "on", ("on", "off")) == "on"
    credentials = source.get("CAUNOI_FCM_CREDENTIALS")
    settings = Settings(
        var_dir=Path(source.get("CAUNOI_VAR", "var")).resolve(),
        host=host,
        port=port,
        database_url=source.get("CAUNOI_DATABASE_URL") or None,
        s3=_read_s3(source),
        secret_key=source.get("CAUNOI_SECRET_KEY", "").encode(),
        public_url=source.get("CAUNOI_PUBLIC_URL", f"http://{host}:{port}").rstrip("/"),
        trusted_proxies=_listed(source, "TRUSTED_PROXIES"),
        push="fcm"
        if _choice(source, "PUSH", "console", ("console", "fcm")) == "fcm"
        else "console",
        fcm_credentials=Path(credentials) if credentials else None,
        fcm_url=source.get("CAUNOI_FCM_URL") or None,
        web_push_services=_listed(source, "WEB_PUSH_SERVICES") or PUSH_SERVICES,
        web_push_loopback=_choice(source, "WEB_PUSH_LOOPBACK", "off", ("on", "off")) == "on",
        vapid_key=source.get("CAUNOI_VAPID_KEY") or None,
        vapid_subject=source.get("CAUNOI_VAPID_SUBJECT") or None,
        quiet_hours=_shaped(source, "QUIET_HOURS", "21:00-06:30", rf"off|({_HOUR})-(?!\1$){_HOUR}"),
        area_batch_at=_shaped(source, "AREA_BATCH_AT", "18:00", _HOUR),
        smtp=_read_smtp(source),
        sms=_read_sms(source),
        limits_on=limits_on,
        web_processes=_whole(source, "WEB_PROCESSES", 1, low=1, high=64),
        worker_processes=_whole(source, "WORKER_PROCESSES", 1, low=1, high=64),
        database_pool_size=_whole(source, "DATABASE_POOL_SIZE", 16, low=2, high=200),
        public_pool_size=_whole(source, "PUBLIC_POOL_SIZE", 8, low=1, high=200),
        code_prefix=source.get("CAUNOI_CODE_PREFIX", "QNG"),
        photo_max_bytes=_whole(source, "PHOTO_MAX_BYTES", 15 * 1024 * 1024, low=1024, high=1 << 30),
        photos_per_report=_whole(source, "PHOTOS_PER_REPORT", 8, low=1, high=50),
        body_max_bytes=_whole(source, "BODY_MAX_BYTES", 256 * 1024, low=4096, high=1 << 26),
        session_hours=_whole(source, "SESSION_HOURS", 12, low=1, high=24 * 365),
        session_idle_minutes=_whole(source, "SESSION_IDLE_MINUTES", 120, low=1, high=60 * 24 * 365),
        citizen_session_days=_whole(source, "CITIZEN_SESSION_DAYS", 30, low=1, high=400),
        sms_countries=_read_words(source, "SMS_COUNTRIES", "VN"),
        codes_per_hour=_whole(source, "CODES_PER_HOUR", 3000, low=1, high=10**6),
        oidc=_read_oidc(source),
        edit_window_minutes=_whole(source, "EDIT_WINDOW_MINUTES", 30, low=0, high=60 * 24),
        map_tiles_url=source.get("CAUNOI_MAP_TILES_URL") or None,
        map_tiles_credit=source.get("CAUNOI_MAP_TILES_CREDIT", ""),
        demo=_choice(source, "DEMO", "on", ("on", "off")) == "on",
        log_level=_choice(source, "LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
        metrics_token=source.get("CAUNOI_METRICS_TOKEN") or None,
        open311_write=cast(
            "Open311Write", _choice(source, "OPEN311_WRITE", "key", get_args(Open311Write))
        ),
        open311_jurisdiction=source.get("CAUNOI_OPEN311_JURISDICTION", "quangngai.gov.vn").strip(),
        open311_contact=source.get("CAUNOI_OPEN311_CONTACT", "").strip(),
        open311_restricted=_listed(source, "OPEN311_RESTRICTED"),
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


def _read_s3(source: Mapping[str, str]) -> S3Settings | None:
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


def _read_smtp(source: Mapping[str, str]) -> SmtpSettings | None:
    host, user = source.get("CAUNOI_SMTP_HOST"), source.get("CAUNOI_SMTP_USER") or None
    security = _choice(source, "SMTP_SECURITY", "starttls", ("starttls", "tls", "none"))
    port = _whole(source, "SMTP_PORT", 465 if security == "tls" else 587, low=1, high=65535)
    password, sender = source.get("CAUNOI_SMTP_PASSWORD") or None, source.get("CAUNOI_MAIL_FROM")
    if not host:
        return None
    if not sender or not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", sender):
        raise SettingsError(
            "CAUNOI_SMTP_HOST cần CAUNOI_MAIL_FROM (địa chỉ thư gửi đi).",
            "CAUNOI_SMTP_HOST needs CAUNOI_MAIL_FROM (the address mail comes from).",
        )
    return SmtpSettings(host, port, cast(SmtpSecurity, security), sender, user, password)


def _read_sms(source: Mapping[str, str]) -> SmsSettings | None:
    url, token = source.get("CAUNOI_SMS_URL"), source.get("CAUNOI_SMS_TOKEN") or None
    template = source.get("CAUNOI_SMS_TEMPLATE") or SmsSettings.template
    accepted = source.get("CAUNOI_SMS_ACCEPTED") or None
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise SettingsError(
            "CAUNOI_SMS_URL phải là một địa chỉ http(s).", "CAUNOI_SMS_URL must be http(s)://…"
        )
    try:
        json.loads(template)
        holds = "{{text}}" in template and "{{phone" in template
    except ValueError:
        holds = False
    if not holds or (accepted is not None and "=" not in accepted):
        raise SettingsError(
            "CAUNOI_SMS_TEMPLATE phải là JSON có {{phone}} và {{text}}; CAUNOI_SMS_ACCEPTED có"
            " dạng đường.dẫn=giá-trị.",
            "CAUNOI_SMS_TEMPLATE must be JSON with {{phone}} and {{text}}; CAUNOI_SMS_ACCEPTED"
            " is path=value.",
        )
    return SmsSettings(url, token, template, accepted)


def _read_oidc(source: Mapping[str, str]) -> OidcSettings | None:
    issuer, client_id = source.get("CAUNOI_OIDC_ISSUER"), source.get("CAUNOI_OIDC_CLIENT_ID")
    secret = source.get("CAUNOI_OIDC_CLIENT_SECRET") or None
    name = source.get("CAUNOI_OIDC_NAME") or OidcSettings.name
    scopes = source.get("CAUNOI_OIDC_SCOPES") or OidcSettings.scopes
    algorithms = _read_words(source, "OIDC_ALGORITHMS", ",".join(OidcSettings.algorithms))
    if not issuer:
        return None
    parts = urlsplit(issuer)
    is_near = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if not client_id or not (parts.scheme == "https" or (parts.scheme == "http" and is_near)):
        raise SettingsError(
            "CAUNOI_OIDC_ISSUER phải là https và cần CAUNOI_OIDC_CLIENT_ID.",
            "CAUNOI_OIDC_ISSUER must be https, and needs CAUNOI_OIDC_CLIENT_ID.",
        )
    if not set(algorithms) <= _SIGNED_WITH_A_KEY_PAIR or "openid" not in scopes.split():
        raise SettingsError(
            "CAUNOI_OIDC_ALGORITHMS chỉ nhận thuật toán khóa công khai; CAUNOI_OIDC_SCOPES"
            " phải có openid.",
            "CAUNOI_OIDC_ALGORITHMS takes public-key algorithms only; CAUNOI_OIDC_SCOPES must"
            " hold openid.",
        )
    return OidcSettings(issuer, client_id, secret, name, scopes, algorithms)


def _read_words(source: Mapping[str, str], name: str, default: str) -> tuple[str, ...]:
    text = source.get(f"CAUNOI_{name}") or default
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _whole(source: Mapping[str, str], name: str, default: int, *, low: int, high: int) -> int:
    text = source.get(f"CAUNOI_{name}", "")
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise SettingsError(
            f"CAUNOI_{name} phải là số nguyên từ {low} đến {high}.",
            f"CAUNOI_{name} must be a whole number from {low} to {high}.",
        )
    return value


def _listed(source: Mapping[str, str], name: str) -> tuple[str, ...]:
    parts = source.get(f"CAUNOI_{name}", "").split(",")
    return tuple(part.strip() for part in parts if part.strip())


def _shaped(source: Mapping[str, str], name: str, default: str, pattern: str) -> str:
    value = source.get(f"CAUNOI_{name}") or default
    if not re.fullmatch(pattern, value):
        raise SettingsError(
            f"CAUNOI_{name} phải có dạng như {default}.",
            f"CAUNOI_{name} must look like {default}.",
        )
    return value


def _choice(source: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = source.get(f"CAUNOI_{name}", default).strip().lower()
    if value not in allowed:
        raise SettingsError(
            f"CAUNOI_{name} chỉ nhận: {', '.join(allowed)}.",
            f"CAUNOI_{name} takes one of: {', '.join(allowed)}.",
        )
    return value
