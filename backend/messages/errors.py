"""What can go wrong with devices, mailboxes, choices and alerts.

UnknownDevice (NotFound)     no such device, or not this person's
UnknownMailbox (NotFound)    a link to end letters that is none of ours
UnknownAlert (NotFound)      no such alert, or not this person's
BadDevice (Unprocessable)    a push address that cannot be one
UnknownKind (Unprocessable)  a choice about something nobody is told of
BadAlert (Unprocessable)     neither a commune nor a circle, or a field that is not public
TooManyAlerts (Conflict)     somebody follows as many areas as one may
"""

from backend.errors import Conflict, NotFound, Unprocessable


class UnknownDevice(NotFound):
    kind = "unknown-device"
    vi = "Không tìm thấy thiết bị này."
    en = "There is no such device."


class UnknownMailbox(NotFound):
    kind = "unknown-mailbox"
    vi = "Liên kết ngừng nhận thư không hợp lệ."
    en = "This link to stop e-mail is not valid."


class UnknownAlert(NotFound):
    kind = "unknown-alert"
    vi = "Không tìm thấy khu vực theo dõi này."
    en = "There is no such followed area."


class BadDevice(Unprocessable):
    kind = "bad-device"
    vi = "Địa chỉ nhận thông báo không hợp lệ."
    en = "This push address is not valid."


class UnknownKind(Unprocessable):
    kind = "unknown-kind"
    vi = "Có loại thông báo không tồn tại."
    en = "Some of these are no kinds of notice."


class BadAlert(Unprocessable):
    kind = "bad-alert"
    vi = "Khu vực theo dõi không hợp lệ: hãy chọn một xã, phường hoặc một hình tròn."
    en = "This area cannot be followed: choose one commune, or one circle."


class TooManyAlerts(Conflict):
    kind = "too-many-alerts"
    vi = "Bạn đã theo dõi đủ số khu vực cho phép. Hãy bỏ bớt một khu vực trước."
    en = "You follow as many areas as one may. Please remove one first."
