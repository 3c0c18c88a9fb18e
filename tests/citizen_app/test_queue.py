"""What the queue of the app makes of each answer, in a browser without the app around it.

The network is Playwright's: every answer a server or somebody in its place may give, and none.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route

ROOT: Final = Path(__file__).parents[2]
ESBUILD: Final = ROOT / "web/node_modules/.bin/esbuild"
# a secure context without a server: nothing listens there, every request is answered here
ORIGIN: Final = "http://localhost:1"
PAGE: Final = "<!doctype html><script type=module src=/queue.js></script>"
OURS: Final = {"x-trace-id": "00"}
GIVEN: Final = {
    "id": "report-1",
    "code": "QNG-7K3M-2F9A",
    "tracking_secret": "S",
    "status": "received",
}
# the entry of the bundle: the app's own modules, within a test's reach
ENTRY: Final = """
import * as drafting from './draft.js';
import * as queue from './queue.js';
import * as signing from './sign_in.js';
import * as store from './store.js';
import * as looking from '../track/last_state.js';
self.app = {...queue, ...store, drafting, looking, signing};
"""

Answer = Callable[[Route], Any]


@pytest.fixture(scope="module")
async def bundle() -> str:
    if not ESBUILD.exists() or shutil.which("node") is None:
        pytest.skip("the pages' tools are not installed (./run setup dev does it)")
    process = await asyncio.create_subprocess_exec(
        *(str(ESBUILD), "--bundle", "--format=esm", "--log-level=error"),
        cwd=ROOT / "web/src/report",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    made, _ = await process.communicate(ENTRY.encode())
    assert process.returncode == 0
    return made.decode()


class Tab:
    """A page with the queue, and what was asked of the network meanwhile."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def put(self, name: str, **fields: Any) -> None:
        report = {
            "id": name,
            "state": "queued",
            "created_at": 1,
            "photos": [],
            "body": {"text": name},
        }
        await self.page.evaluate("report => app.putReport(report)", {**report, **fields})

    async def flush(self, *, force: bool = True) -> int:
        left: int = await self.page.evaluate("force => app.flush(force)", force)
        return left

    async def report(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.page.evaluate("id => app.findReport(id)", name)
        return found


class Network:
    """Answers in the server's place, and remembers what it was asked."""

    def __init__(self, bundle: str) -> None:
        self.asked: list[tuple[str, str]] = []
        self.answer: Answer = lambda route: said(route, 201, GIVEN)
        self._bundle = bundle

    async def serve(self, route: Route) -> None:
        request = route.request
        path = request.url.removeprefix(ORIGIN)
        if path == "/":
            await route.fulfill(body=PAGE, content_type="text/html")
        elif path == "/queue.js":
            await route.fulfill(body=self._bundle, content_type="text/javascript")
        else:
            self.asked.append((path, request.headers.get("idempotency-key", "")))
            await self.answer(route)


async def said(
    route: Route, status: int, body: Any = None, headers: dict[str, str] | None = None
) -> None:
    kind = {"content-type": "application/json"}
    await route.fulfill(
        status=status,
        body=json.dumps(body or {}),
        headers={**kind, **(OURS if headers is None else headers)},
    )


@pytest.fixture
async def network(bundle: str) -> Network:
    return Network(bundle)


@pytest.fixture
async def context(browser: Browser, network: Network) -> AsyncIterator[BrowserContext]:
    opened = await browser.new_context()
    await opened.route("**/*", network.serve)
    yield opened
    await opened.close()


async def a_tab(context: BrowserContext) -> Tab:
    page = await context.new_page()
    await page.goto(f"{ORIGIN}/")
    await page.wait_for_function("self.app")
    return Tab(page)


async def test_each_answer_is_for_good_or_for_another_time(
    context: BrowserContext, network: Network
) -> None:
    tab = await a_tab(context)
    later, for_good = "queued", "refused"
    cases: tuple[tuple[int, dict[str, str] | None, str], ...] = (
        *((status, None, for_good) for status in (400, 403, 404, 410, 413, 415, 422)),
        *((status, None, later) for status in (401, 408, 409, 423, 425, 429, 500, 502, 503, 504)),
        # somebody in the server's place: a sign-in page of the network, a broken proxy
        *((status, {}, later) for status in (200, 201, 400, 403, 404, 422, 511)),
        # what is too large a proxy before the server may say as well
        (413, {}, for_good),
        (201, None, "sent"),
    )
    for n, (status, headers, state) in enumerate(cases):
        name = f"case-{n}"
        await tab.put(name)
        problem = {"type": "/problems/x", "status": status}
        body = GIVEN if status == 201 else problem
        network.answer = partial(said, status=status, body=body, headers=headers)
        await tab.flush()
        report = await tab.report(name)
        assert report["state"] == state, (status, headers)
        if state == later:
            assert report["tries"] == 1
            assert report["next_at"] > 0, "not again at once"
        if state == for_good:
            assert report["problem"]["type"] == "/problems/x", "why is kept for the person"
        await tab.page.evaluate("id => app.dropReport(id)", name)
    assert report["code"] == GIVEN["code"]
    assert report["secret"] == GIVEN["tracking_secret"]


async def test_a_lost_answer_is_asked_for_again_under_the_same_key(
    context: BrowserContext, network: Network
) -> None:
    tab = await a_tab(context)
    await tab.put("first", created_at=1)
    await tab.put("second", created_at=2)
    network.answer = lambda route: route.abort("connectionreset")
    assert await tab.flush() == 2
    assert [key for _, key in network.asked] == ["first"], "without a network the others wait too"
    assert (await tab.report("first"))["tries"] == 1
    assert await tab.flush(force=False) == 2
    assert [key for _, key in network.asked] == ["first", "second"], "first is not due yet"
    network.answer = lambda route: said(route, 201, GIVEN)
    assert await tab.flush() == 0
    assert [key for _, key in network.asked[2:]] == ["first", "second"], "the oldest first"
    assert await tab.flush() == 0
    assert len(network.asked) == 4, "what was sent is not sent again"


async def test_a_busy_server_is_left_alone_for_as_long_as_it_says(
    context: BrowserContext, network: Network
) -> None:
    tab = await a_tab(context)
    await tab.put("first")
    network.answer = lambda route: said(route, 503, {}, {**OURS, "retry-after": "900"})
    before: float = await tab.page.evaluate("Date.now()")
    await tab.flush()
    assert (await tab.report("first"))["next_at"] >= before + 900_000
    await tab.flush(force=False)
    assert len(network.asked) == 1


async def test_two_tabs_that_send_at_once_send_each_report_once(
    context: BrowserContext, network: Network
) -> None:
    tabs = [await a_tab(context) for _ in range(2)]
    for n in range(4):
        await tabs[0].put(f"report-{n}", created_at=n)

    async def slowly(route: Route) -> None:
        await asyncio.sleep(0.05)
        await said(route, 201, GIVEN)

    network.answer = slowly
    await asyncio.gather(*(tab.flush() for tab in tabs for _ in range(2)))
    assert sorted(key for _, key in network.asked) == [f"report-{n}" for n in range(4)]


async def test_who_finds_another_tab_sending_knows_that_something_may_be_left(
    context: BrowserContext, network: Network
) -> None:
    # else the browser wakes nobody once that tab is closed
    first, second = [await a_tab(context) for _ in range(2)]
    await first.put("report", photos=[])
    asked, held = asyncio.Event(), asyncio.Event()

    async def until_then(route: Route) -> None:
        asked.set()
        await held.wait()
        await said(route, 201, GIVEN)

    network.answer = until_then
    sending = asyncio.ensure_future(first.flush())
    await asked.wait()
    assert await second.flush() > 0
    held.set()
    assert await sending == 0
    assert await second.flush() == 0


async def test_a_clock_that_was_put_back_delays_nothing(
    context: BrowserContext, network: Network
) -> None:
    tab = await a_tab(context)
    await tab.put("first")
    network.answer = lambda route: route.abort("connectionreset")
    await tab.page.evaluate("self.real = Date.now; Date.now = () => real() + 86_400_000")
    await tab.flush()
    await tab.page.evaluate("Date.now = real")
    network.answer = lambda route: said(route, 201, GIVEN)
    assert await tab.flush(force=False) == 0


async def test_photos_follow_their_report_one_by_one_and_are_forgotten_once_taken(
    context: BrowserContext, network: Network
) -> None:
    tab = await a_tab(context)
    photos = [{"sha256": name, "state": "kept", "content_type": "image/jpeg"} for name in "abc"]
    await tab.put("first", photos=photos)
    for name in "ab":
        await tab.page.evaluate(
            "name => app.putPhoto('first', name, new Uint8Array([1, 2, 3]).buffer)", name
        )
    answers = {"a": 204, "b": 422}

    async def served(route: Route) -> None:
        name = route.request.url[-1]
        if route.request.method == "PUT":
            assert route.request.headers["x-tracking-secret"] == "S"
            await said(route, answers[name])
        else:
            await said(route, 201, GIVEN)

    network.answer = served
    assert await tab.flush() == 0
    assert network.asked[0][0] == "/api/v1/reports"
    assert sorted(path for path, _ in network.asked[1:]) == [
        f"/api/v1/reports/report-1/photos/{name}" for name in "ab"
    ]
    states = {one["sha256"]: one["state"] for one in (await tab.report("first"))["photos"]}
    assert states == {"a": "sent", "b": "refused", "c": "lost"}
    kept = await tab.page.evaluate("app.findPhoto('first', 'a').then(found => found ?? null)")
    assert kept is None
