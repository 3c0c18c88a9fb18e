"""What can go wrong while an installation is started, stopped, saved or restored.

RoofError
├── ToolMissing       a program of the operating system is not installed
├── StartFailed       a part of the stack did not come up; the message ends with its log's tail
├── AlreadyRuns       another process holds this CAUNOI_VAR
├── NotRunning        the command needs a running installation
├── BackupBroken      a backup is incomplete, or its content does not match its manifest
└── RestoreRefused    the target already holds something

StoreDown (an Unavailable): the S3 store cannot be reached, or refuses us.
"""

from backend.errors import CaunoiError, Unavailable


class RoofError(CaunoiError):
    kind = "roof"


class ToolMissing(RoofError):
    pass


class StartFailed(RoofError):
    pass


class AlreadyRuns(RoofError):
    def __init__(self, vi: str, en: str, *, pid: int) -> None:
        super().__init__(vi, en)
        self.pid = pid


class NotRunning(RoofError):
    vi = "Hệ thống chưa chạy. Khởi động bằng ./run --detach."
    en = "Nothing runs here. Start it with ./run --detach."


class BackupBroken(RoofError):
    pass


class RestoreRefused(RoofError):
    pass


class StoreDown(Unavailable):
    kind = "store-unavailable"
