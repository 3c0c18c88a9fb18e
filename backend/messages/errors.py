"""What can go wrong with devices and pushes.

UnknownDevice (NotFound)     no such device, or not this person's
BadDevice (Unprocessable)    a push address that cannot be one
"""

from backend.errors import NotFound, Unprocessable


class UnknownDevice(NotFound):
    kind = "unknown-device"
    vi = "Không tìm thấy thiết bị này."
    en = "There is no such device."


class BadDevice(Unprocessable):
    kind = "bad-device"
    vi = "Địa chỉ nhận thông báo không hợp lệ."
    en = "This push address is not valid."
