"""What Open311 alone can refuse.

NotFound
├── UnknownServiceCode      no service with this code is offered
├── UnknownJurisdiction     jurisdiction_id names another place
├── UnknownToken            no report was sent under this token
└── UnknownKeyName          no key has this name
NotAllowed
├── KeyRefused              api_key is missing, unknown or revoked
├── KeyTooLate              api_key comes after files that are too large to wait for it
└── WritingOff              reports are not taken this way
Refused
└── KeyNameTaken            another key has this name
"""

from backend.errors import NotAllowed, NotFound, Refused


class UnknownServiceCode(NotFound):
    kind = "unknown-service"
    vi = "Không có dịch vụ (service_code) này."
    en = "No service has this service_code."


class UnknownJurisdiction(NotFound):
    kind = "unknown-jurisdiction"
    vi = "Hệ thống này không phục vụ jurisdiction_id đó."
    en = "This jurisdiction_id is not served here."


class UnknownToken(NotFound):
    kind = "unknown-token"
    vi = "Không có phản ánh nào ứng với token này."
    en = "No service request belongs to this token."


class UnknownKeyName(NotFound):
    kind = "unknown-key-name"
    vi = "Không có khóa nào mang tên này."
    en = "There is no key of this name."


class KeyRefused(NotAllowed):
    kind = "key-refused"
    vi = "api_key thiếu, không đúng hoặc đã bị thu hồi."
    en = "The api_key is missing, unknown or revoked."


class KeyTooLate(NotAllowed):
    kind = "key-too-late"
    vi = "api_key phải đứng trước các tệp, hoặc trong địa chỉ."
    en = "The api_key must stand before the files, or in the address."


class WritingOff(NotAllowed):
    kind = "writing-off"
    vi = "Hệ thống này không nhận phản ánh qua Open311."
    en = "Service requests are not taken by Open311 here."


class KeyNameTaken(Refused):
    kind = "key-name-taken"
    vi = "Đã có khóa mang tên này."
    en = "There is a key of this name already."
