"""Every operation × every kind of person × every state of a report, against a table in git.

role_matrix.txt is the table: rows are operations in a state, columns are people, cells are the
status answered. Whoever adds an operation adds its rows; a missing cell fails.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from backend.clock import now
from backend.reports.actions import fire_due
from backend.web.policies import list_policies
from backend.web.state import parts_of
from tests.doors.operations import OPERATIONS, Ask
from tests.journeys.walk import REASON
from tests.province import POTHOLE, RESTRICTED, WALL, Sent, Town, other_photos

TABLE: Final = Path(__file__).with_name("role_matrix.txt")
# Columns of the table: who asks. The reporter has the tracking secret and no account.
ACTORS: Final = {
    "stranger": None,
    "reporter": None,
    "citizen": "citizen.other",
    "officer": "officer",
    "key": "key",
    "partner": "key.partner",
    "other": "key.other",
    "constable": "constable",
    "cleared": "key.police",
    "moderator": "moderator",
    "leader": "leader",
    "admin": "admin",
    "disabled": "officer.gone",
    "wall": WALL,
}
# A report that is read must be read in each of these states.
READ_STATES: Final = {"pending", "public", "hidden", "restricted", "absent"}
_DENIED: Final = (401, 403, 404)


@dataclass
class Grid:
    """Asks for cells: keeps one report of each state until something has changed it."""

    town: Town
    reports: dict[str, Sent] = field(default_factory=dict)
    absent: dict[tuple[str, str], Any] = field(default_factory=dict)

    async def ask(self, operation: str, state: str, cells: dict[str, str]) -> dict[str, int]:
        """Each person's status; those to be denied ask first, all at once, and change nothing."""
        needs_photo = operation.startswith("GET") and "{sha256}" in operation
        report = await self._report(state, needs_photo=needs_photo)
        version = await self._version(report)
        denied = [actor for actor, status in cells.items() if int(status) in _DENIED]
        make = OPERATIONS[operation]
        before = await fingerprint(self.town)
        answers = await asyncio.gather(
            *(self._send(make(report), report, actor, version) for actor in denied)
        )
        assert before == await fingerprint(self.town), f"{operation} [{state}]: denied, yet done"
        statuses = {}
        for actor, (status, body) in zip(denied, answers, strict=True):
            statuses[actor] = status
            if status == 404 and report is not None:
                absent = await self._absent(operation, actor)
                assert body == absent, f"{operation} [{state}] by {actor}: not as if it were absent"
        for actor in cells.keys() - set(denied):
            report = await self._report(state, needs_photo=needs_photo)
            version = await self._version(report)
            statuses[actor], _ = await self._send(make(report), report, actor, version)
            if version != await self._version(report):
                self.reports.pop(state)
        if "session" in operation or "dang-xuat" in operation or operation == "DELETE /api/v1/me":
            await self.town.owner.execute(_BACK_IN)
        return statuses

    async def _version(self, report: Sent | None) -> str:
        if report is None:
            return "1"
        return str(await self.town.owner.fetchval(_VERSION, report.id))

    async def _absent(self, operation: str, actor: str) -> Any:
        """What this person is answered when there is no such report."""
        key = (operation, actor)
        if key not in self.absent:
            _, self.absent[key] = await self._send(OPERATIONS[operation](None), None, actor, "1")
        return self.absent[key]

    async def _send(
        self, ask: Ask, report: Sent | None, actor: str, version: str
    ) -> tuple[int, Any]:
        body = dict(ask.body)
        headers = {**body.pop("headers", {}), **self.town.headers(ACTORS[actor])}
        if report is not None and actor == "reporter":
            headers["X-Tracking-Secret"] = report.secret
        if "If-Match" in headers:
            headers["If-Match"] = headers["If-Match"].format(version=version)
        if "data" in body:
            body["data"] = {k: v.format(version=version) for k, v in body["data"].items()}
        async with self.town.client.stream(ask.method, ask.path, headers=headers, **body) as answer:
            if answer.headers.get("content-type", "").startswith("application/problem+json"):
                await answer.aread()
                return answer.status_code, {**answer.json(), "trace_id": ""}
            return answer.status_code, None

    async def _report(self, state: str, *, needs_photo: bool) -> Sent | None:
        if state in ("-", "absent"):
            return None
        if needs_photo and state in self.reports and not self.reports[state].photos:
            del self.reports[state]
        if state not in self.reports:
            self.reports[state] = await self._make(state, other_photos(int(needs_photo)))
        return self.reports[state]

    async def _make(self, state: str, photos: tuple[bytes, ...]) -> Sent:
        town = self.town
        category = RESTRICTED if state == "restricted" else POTHOLE
        report = await town.a_report(category=category, photos=photos)
        for photo in photos:
            await town.send_photo(report, photo)
            await town.develop(report, photo)
        if state not in ("pending", "restricted"):
            await town.moved(report, "accept")
        if state == "hidden":
            await town.moved(report, "hide", by="moderator", reason=REASON)
        if state in ("working", "asked", "answered"):
            await town.moved(report, "start")
        if state == "asked":
            await town.moved(report, "ask", public_note="Ở bên nào của đường?")
        if state == "answered":
            await town.moved(report, "resolve", public_note="Đã xong.", reason=REASON)
            rulebooks = parts_of(town.app.state).rulebooks
            assert rulebooks is not None
            assert await fire_due(town.database, rulebooks, now())
        return report


_VERSION: Final = "SELECT version FROM report WHERE id = $1"
_BACK_IN: Final = """
    UPDATE account a SET username = k.username, name = k.name, is_active = k.is_active,
        password_hash = k.password_hash, closed_at = NULL
    FROM kept_account k WHERE k.id = a.id AND a.closed_at IS NOT NULL;
    INSERT INTO session SELECT * FROM kept_session ON CONFLICT DO NOTHING
"""


async def fingerprint(town: Town) -> Any:
    """What any action would change."""
    return tuple(
        await town.owner.fetchrow(
            """
            SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM report),
                   (SELECT sum(version) + sum(supporters) FROM report),
                   (SELECT string_agg(md5(text || visibility || status), '' ORDER BY id)
                    FROM report),
                   (SELECT count(*) FROM note), (SELECT count(*) FROM support),
                   (SELECT count(*) FROM report_photo WHERE state <> 'expected'),
                   (SELECT count(*) FROM session), (SELECT count(*) FROM device),
                   (SELECT count(*) FROM pgqueuer)
            """
        )
    )


@pytest.fixture(scope="module")
async def grid(module_town: Town) -> Grid:
    await module_town.owner.execute("CREATE TABLE kept_session AS TABLE session")
    await module_town.owner.execute("CREATE TABLE kept_account AS TABLE account")
    return Grid(module_town)


def read_table() -> dict[tuple[str, str], dict[str, str]]:
    """The rows of role_matrix.txt: (operation, state) → actor → status."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    head: list[str] = []
    for line in TABLE.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        operation, state, *cells = (part.strip() for part in line.split("|"))
        if operation == "operation":
            head = cells[0].split()
        else:
            rows[operation, state] = dict(zip(head, cells[0].split(), strict=True))
    return rows


def operations_of(town: Town) -> set[str]:
    """Every operation the application has, with `{name:type}` written `{name}`."""
    found = set()
    for path, methods, _, _ in list_policies(town.app):
        parts = [
            "{" + part[1:-1].split(":")[0] + "}" if part.startswith("{") else part
            for part in path.split("/")
        ]
        found |= {f"{method} {'/'.join(parts)}" for method in methods}
    return found


async def test_the_table_has_a_row_for_every_operation_and_state(module_town: Town) -> None:
    rows = read_table()
    named = {" ".join(operation.split()[:2]) for operation, _ in rows}
    assert operations_of(module_town) - named == set(), "operations without a row"
    assert named - operations_of(module_town) == set(), "rows without an operation"
    assert {operation for operation, _ in rows} == set(OPERATIONS)
    for (operation, _), cells in rows.items():
        assert set(cells) == set(ACTORS), operation
        if operation.startswith("GET") and ("{code}" in operation or "{report_id}" in operation):
            states = {state for name, state in rows if name == operation}
            assert states >= READ_STATES, operation


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_each_person_gets_what_the_table_says(grid: Grid, operation: str) -> None:
    wrong = []
    for (name, state), cells in read_table().items():
        if name != operation:
            continue
        statuses = await grid.ask(operation, state, cells)
        wrong += [
            f"[{state}] by {actor}: {statuses[actor]}, not {expected}"
            for actor, expected in cells.items()
            if str(statuses[actor]) != expected
        ]
    assert not wrong, "\n".join([operation, *wrong])
