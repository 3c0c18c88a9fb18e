"""Walking one report and looking, after each step, at everything that must agree."""

from dataclasses import dataclass
from typing import Any

from backend.audit.verify import verify
from backend.clock import now
from backend.counts.recount import recount
from backend.reports.actions import fire_due
from backend.web.state import parts_of
from tests.province import Sent, Town

REASON = "Đã kiểm tra tại hiện trường và xác minh."


@dataclass
class Walk:
    """One report on its way; `version` is the one that its last step led to."""

    town: Town
    report: Sent
    version: int = 1

    async def move(self, move: str, *, by: str = "officer", to: str, **what: Any) -> Any:
        """A move from the desk that leads to the status `to`; the case after it."""
        await self.refuse_stale(move, by=by)
        answer = await self.town.move(self.report, move, by=by, version=self.version, **what)
        assert answer.status_code == 200, (move, answer.status_code, answer.text)
        self.version += 1
        assert answer.headers["etag"] == f'"{self.version}"'
        assert (answer.json()["status"], answer.json()["version"]) == (to, self.version)
        return await self.look(to, move)

    async def act(self, action: str, *, to: str, **body: Any) -> Any:
        """Something the reporter does with the secret; the case after it."""
        path = f"/api/v1/reports/{self.report.code}/{action}"
        answer = await self.town.ask("POST", path, secret=self.report.secret, json=body)
        assert answer.status_code == 200, (action, answer.status_code, answer.text)
        assert answer.json()["status"] == to
        self.version += 1
        kind = {"messages": "answer", "rating": "rate"}.get(action, action)
        return await self.look(to, kind)

    async def let_time_work(self, *, to: str, kind: str) -> Any:
        """What the worker's timers do now; the case after it."""
        rulebooks = parts_of(self.town.app.state).rulebooks
        assert rulebooks is not None
        assert await fire_due(self.town.database, rulebooks, now())
        self.version += 1
        return await self.look(to, kind)

    async def look(self, status: str, kind: str) -> Any:
        """The case on the desk, after checking that desk, history, public and figures agree."""
        path = f"/api/v1/desk/reports/{self.report.id}"
        answer = await self.town.ask("GET", path, by="admin")
        case = answer.json()
        assert (case["status"], case["version"]) == (status, self.version)
        assert answer.headers["etag"].startswith(f'"{self.version}-')
        history = (await self.town.see(f"{path}/history", by="admin"))["items"]
        steps = [(step["seq"], step["kind"]) for step in history]
        assert [seq for seq, _ in steps] == list(range(1, self.version + 1)), steps
        assert history[-1]["kind"] == kind
        mine = await self.mine()
        assert mine["status"] == status
        assert mine["promise"]["resolve_by"] == case["promise"]["resolve_by"]
        assert mine["promise"]["is_paused"] == (case["promise"]["paused_at"] is not None)
        assert len(mine["timeline"]) == sum(step["is_public"] for step in history)
        await check_public(self.town, self.report, case)
        await hold_true(self.town)
        return case

    async def mine(self) -> Any:
        """The reporter's own view."""
        return await self.town.see(
            f"/api/v1/reports/{self.report.code}/mine", secret=self.report.secret
        )

    async def refuse_stale(self, move: str, *, by: str) -> None:
        """The same move without a version, or at an old one, changes nothing."""
        path = f"/api/v1/desk/reports/{self.report.id}/moves"
        for headers, status in (({}, 428), ({"If-Match": f'"{self.version + 7}"'}, 412)):
            answer = await self.town.ask(
                "POST", path, by=by, headers=headers, json={"move": move, "reason": REASON}
            )
            assert answer.status_code == status, (move, answer.text)
        assert await version_of(self.town, self.report) == self.version


async def check_public(town: Town, report: Sent, case: dict[str, Any]) -> None:
    """What strangers see of a case is what its visibility says."""
    answer = await town.ask("GET", f"/api/v1/reports/{report.code}")
    listed = [item["code"] for item in (await town.see("/api/v1/reports?limit=200"))["items"]]
    if case["visibility"] == "hidden" or case["is_restricted"]:
        assert answer.status_code == 404
        assert report.code not in listed
        return
    seen = answer.json()
    assert (seen["status"], seen["agency"]) == (case["status"], case["agency"])
    assert seen["is_published"] == (report.code in listed)
    assert (seen["text"] is not None) == seen["is_published"]
    if case["visibility"] != "public":
        assert not seen["is_published"]


async def hold_true(town: Town) -> None:
    """Every chain is whole, and the figures are what the events tell."""
    async with town.owner.transaction(isolation="repeatable_read", readonly=True):
        assert (await verify(town.owner)).broken is None
    assert (await recount(town.owner)).differences == ()


async def version_of(town: Town, report: Sent) -> int:
    found: int = await town.owner.fetchval("SELECT version FROM report WHERE id = $1", report.id)
    return found
