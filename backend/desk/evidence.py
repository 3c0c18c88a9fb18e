"""Who may add photos of the result to a case, and when."""

import uuid
from typing import Final

from backend.accounts.principals import Principal
from backend.database import Database
from backend.reports import store
from backend.reports.actions import sight_of
from backend.reports.errors import IllegalMove, NotYourMove, UnknownReport
from backend.reports.lifecycle import Move, Role, Status
from backend.reports.moves import roles_for

_AT_WORK: Final = frozenset({Status.ASSIGNED, Status.IN_PROGRESS, Status.AWAITING_CITIZEN})


async def check_may_add_evidence(
    database: Database, principal: Principal, report_id: uuid.UUID
) -> None:
    """Let pass whoever works on the case, while it is being worked on.

    Raises UnknownReport (also out of sight), NotYourMove, IllegalMove.
    """
    async with database.transaction() as connection:
        await store.enter_sight(connection, sight_of(principal))
        report = await store.find_report(connection, report_id)
    if report is None:
        raise UnknownReport()
    if Role.OFFICER not in roles_for(principal, report):
        raise NotYourMove(
            Move.RESOLVE,
            vi="Bạn không có quyền thêm ảnh kết quả cho phản ánh này.",
            en="You may not add photos of the result to this report.",
        )
    if report.status not in _AT_WORK:
        raise IllegalMove(
            report.status,
            Move.RESOLVE,
            vi="Chỉ thêm được ảnh kết quả khi phản ánh đang được xử lý.",
            en="Photos of the result can be added only while the report is being worked on.",
        )
