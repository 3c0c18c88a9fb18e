"""The root of every error the product itself raises.

CaunoiError
├── NotFound          a thing that is not there, or that this caller may not know of
├── Refused           the request breaks a rule; nothing was changed
│   ├── Malformed     it cannot be read as what it should be
│   ├── Conflict      the thing has moved on, or is busy
│   ├── StaleVersion  If-Match names a version that is no longer the newest
│   ├── VersionNeeded a change without If-Match
│   └── Unprocessable understood, but its content is not acceptable
├── NotAllowed        signed in, but this is not for you
├── NotSignedIn       no valid session
├── TooMany           a limit was reached; `retry_after_seconds` says when to try again
├── Unavailable       an outside service is down; nothing was lost, try again
└── SettingsError     the environment holds a setting that cannot be used

Each package's errors.py grows its own branch. Domain errors know no HTTP: backend/web/problems.py
maps them to RFC 9457 answers. `kind` is the stable last part of the problem's `type`.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FieldFault:
    """One thing wrong with one field; both texts are shown to people, never the input itself."""

    field: str
    vi: str
    en: str


class CaunoiError(Exception):
    """Any error of ours; `vi` and `en` are complete sentences for the person who caused it."""

    kind: ClassVar[str] = "error"
    vi: str = "Đã xảy ra lỗi."
    en: str = "Something went wrong."

    def __init__(
        self,
        vi: str | None = None,
        en: str | None = None,
        *,
        faults: tuple[FieldFault, ...] = (),
        retry_after_seconds: int | None = None,
    ) -> None:
        self.vi = vi or type(self).vi
        self.en = en or type(self).en
        self.faults = faults
        self.retry_after_seconds = retry_after_seconds
        super().__init__(self.en)


class NotFound(CaunoiError):
    kind = "not-found"
    vi = "Không tìm thấy nội dung này."
    en = "There is no such thing here."


class Refused(CaunoiError):
    kind = "refused"


class Malformed(Refused):
    kind = "malformed"
    vi = "Yêu cầu không đúng định dạng."
    en = "The request is malformed."


class Conflict(Refused):
    kind = "conflict"
    vi = "Nội dung vừa được người khác thay đổi. Vui lòng tải lại."
    en = "This has just been changed by someone else. Please reload."


class StaleVersion(Refused):
    kind = "stale-version"
    vi = "Nội dung vừa được người khác cập nhật. Vui lòng tải lại rồi thực hiện."
    en = "This has just been changed by someone else. Reload it and try again."


class VersionNeeded(Refused):
    kind = "version-needed"
    vi = "Thiếu phiên bản của nội dung (If-Match)."
    en = "The version of what is to be changed is missing (If-Match)."


class Unprocessable(Refused):
    kind = "unprocessable"
    vi = "Nội dung gửi lên chưa hợp lệ."
    en = "The content cannot be accepted as it is."


class NotAllowed(CaunoiError):
    kind = "not-allowed"
    vi = "Tài khoản của bạn không có quyền thực hiện việc này."
    en = "Your account may not do this."


class NotSignedIn(CaunoiError):
    kind = "not-signed-in"
    vi = "Vui lòng đăng nhập."
    en = "Please sign in."


class TooMany(CaunoiError):
    kind = "too-many-requests"
    vi = "Bạn thao tác quá nhanh. Vui lòng thử lại sau ít phút."
    en = "Too many requests. Please try again shortly."


class Unavailable(CaunoiError):
    kind = "unavailable"
    vi = "Dịch vụ tạm thời gián đoạn. Vui lòng thử lại sau ít phút."
    en = "The service is briefly unavailable. Please try again shortly."


class SettingsError(CaunoiError):
    kind = "settings"
