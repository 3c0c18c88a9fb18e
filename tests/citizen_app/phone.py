"""A telephone with the app open: what a person does with it, in the words of the page."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from playwright.async_api import Browser, BrowserContext, Page, Playwright, expect

from tests.province import PLACE

CHROMIUM: Final = Path("/usr/lib/chromium/chromium")
SIZE: Final = {"width": 360, "height": 740}
_FLAGS: Final = ("--no-sandbox", "--disable-dev-shm-usage")
LON, LAT = PLACE
_COLLECT: Final = """
document.addEventListener('securitypolicyviolation', (event) =>
  console.error(`csp: ${event.violatedDirective} ${event.blockedURI}`));
"""


async def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium."""
    return await playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(_FLAGS))


@dataclass
class Phone:
    """One profile of a browser at the app; `complaints` is what the browser said against it."""

    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    @classmethod
    async def open(cls, browser: Browser, url: str, *, path: str = "/", **how: Any) -> Self:
        """A new profile with the app open; with `position=False` without leave to be located."""
        context = await browser.new_context(**_options(url, how))
        return await cls.on(context, path)

    @classmethod
    async def installed(
        cls, playwright: Playwright, folder: Path, url: str, *, path: str = "/", **how: Any
    ) -> Self:
        """The profile in `folder`, as it was left: what a restart of the browser keeps."""
        context = await playwright.chromium.launch_persistent_context(
            folder, executable_path=str(CHROMIUM), args=list(_FLAGS), **_options(url, how)
        )
        return await cls.on(context, path)

    @classmethod
    async def on(cls, context: BrowserContext, path: str = "/") -> Self:
        """Another tab of the profile."""
        phone = cls(context, await context.new_page())
        await phone.page.add_init_script(_COLLECT)
        phone.page.on("console", phone._hear)
        phone.page.on("pageerror", lambda error: phone.complaints.append(f"error: {error}"))
        await phone.page.goto(path)
        await phone.ready()
        return phone

    def _hear(self, said: Any) -> None:
        # a request that fails without a network is what the app is made for
        if said.type == "error" and "net::ERR" not in said.text:
            self.complaints.append(said.text)

    async def ready(self) -> None:
        """Wait until the app has taken over the form."""
        await self.page.wait_for_selector("html[data-ready]", state="attached")

    async def kept_offline(self) -> None:
        """Wait until the service worker has everything and looks after this page."""
        await self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        if not await self.page.evaluate("Boolean(navigator.serviceWorker.controller)"):
            await self.page.reload()
            await self.ready()

    async def write(self, text: str, *, category: str = "giao-thong-o-ga") -> None:
        """Fill in what is needed, in a commune, without pictures."""
        await self.page.select_option("#f-unit", "21028")
        await self.page.fill("#f-text", text)
        await self.page.select_option("#f-category", category)

    async def add_photo(self, name: str, content: bytes, kind: str = "image/jpeg") -> None:
        """Choose a photo and wait until it is there."""
        before = await self.page.locator(".thumbs figure").count()
        await self.page.set_input_files(
            "#f-photos", files=[{"name": name, "mimeType": kind, "buffer": content}]
        )
        await expect(self.page.locator(".thumbs figure")).to_have_count(before + 1, timeout=30_000)

    async def preview(self) -> None:
        """Go on to the last look before sending."""
        await self.page.click("#report [type=submit]")
        await self.page.wait_for_selector("#review .preview")

    async def send(self) -> None:
        """Look, and send."""
        await self.preview()
        await self.page.click("#review .send-bar .button >> nth=0")
        await self.page.wait_for_selector("#report:not([hidden])")

    async def reports(self, state: str | None = None) -> list[dict[str, Any]]:
        """What the phone keeps, as it lies in its storage."""
        found: list[dict[str, Any]] = await self.page.evaluate(_READ)
        return [one for one in found if state in (None, one["state"])]

    async def close(self) -> None:
        await self.context.close()


_READ: Final = """
new Promise((done, failed) => {
  const request = indexedDB.open('caunoi');
  request.onerror = () => failed(request.error);
  request.onsuccess = () => {
    const all = request.result.transaction('reports').objectStore('reports').getAll();
    all.onsuccess = () => { request.result.close(); done(all.result); };
  };
})
"""


def _options(url: str, how: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {"viewport": SIZE, "locale": "vi-VN", "base_url": url, **how}
    if options.pop("position", True):
        options["geolocation"] = {"longitude": LON, "latitude": LAT, "accuracy": 12}
        # naming permissions denies all others, background sync among them
        options["permissions"] = ["geolocation"]
    return options
