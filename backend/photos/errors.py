"""What can go wrong with photos.

PhotoTooLarge (Refused)             more bytes than a photo may have
UnsupportedPhoto (Refused)          the bytes are no JPEG, PNG, WebP or HEIC
PhotoMismatch (Unprocessable)       the bytes do not hash to what was announced
PhotoRefused (Unprocessable)        the same bytes were looked at before and refused for good
PhotoNotAccepted (Refused)          the report takes no further photos
├── TooManyPhotos                   it already has as many as it may
└── PhotoTooLate                    it can no longer be edited
UploadsBusy (Unavailable)           try again; nothing was stored
StoreDown (Unavailable)             the photo store does not answer, or answers an error
ObjectMissing (NotFound)            the photo store holds nothing under that key
"""

from backend.errors import NotFound, Refused, Unavailable, Unprocessable


class PhotoTooLarge(Refused):
    kind = "photo-too-large"
    vi = "Ảnh vượt quá dung lượng cho phép."
    en = "The photo is larger than allowed."


class UnsupportedPhoto(Refused):
    kind = "unsupported-photo"
    vi = "Chỉ nhận ảnh JPEG, PNG, WebP hoặc HEIC."
    en = "Only JPEG, PNG, WebP and HEIC photos are accepted."


class PhotoMismatch(Unprocessable):
    kind = "photo-mismatch"
    vi = "Nội dung ảnh không khớp với mã SHA-256 đã khai báo. Vui lòng gửi lại ảnh."
    en = "The photo does not match its announced SHA-256. Please send it again."


class PhotoRefused(Unprocessable):
    kind = "photo-refused"
    vi = "Ảnh này đã được kiểm tra và không dùng được. Vui lòng gửi ảnh khác."
    en = "This photo was checked before and cannot be used. Please send another one."


class PhotoNotAccepted(Refused):
    kind = "photo-not-accepted"
    vi = "Phản ánh này không nhận thêm ảnh."
    en = "This report takes no further photos."


class TooManyPhotos(PhotoNotAccepted):
    kind = "too-many-photos"
    vi = "Phản ánh này đã đủ số ảnh cho phép."
    en = "This report already has as many photos as it may."


class PhotoTooLate(PhotoNotAccepted):
    kind = "photo-too-late"
    vi = "Đã hết thời gian bổ sung ảnh cho phản ánh này."
    en = "The time to add photos to this report is over."


class UploadsBusy(Unavailable):
    kind = "uploads-busy"
    vi = "Đang có quá nhiều ảnh được gửi lên. Vui lòng thử lại sau vài giây."
    en = "Too many photos are being sent at once. Please try again in a few seconds."


class StoreDown(Unavailable):
    kind = "store-unavailable"
    vi = "Kho ảnh tạm thời gián đoạn. Vui lòng thử lại sau ít phút."
    en = "The photo store is briefly unavailable. Please try again shortly."


class ObjectMissing(NotFound):
    kind = "object-missing"
