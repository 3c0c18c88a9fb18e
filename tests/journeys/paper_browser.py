"""A browser without scripts: it follows links, fills forms in, sends them, and keeps cookies."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Self

import httpx

from tests.province import Town

Files = list[tuple[str, tuple[str, bytes, str]]]


@dataclass
class Form:
    """A form as its page gives it: what is filled in already, and what has to be."""

    method: str
    action: str
    is_multipart: bool = False
    values: dict[str, str] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)


class _Forms(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._open: Form | None = None
        self._select = self._area = ""
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "form":
            multipart = given.get("enctype") == "multipart/form-data"
            self._open = Form(given.get("method", "get"), given.get("action", ""), multipart)
            self.forms.append(self._open)
        form = self._open
        if form is None:
            return
        name = given.get("name", "")
        if name and "required" in given:
            form.required.add(name)
        if tag == "button" and name:
            form.options.setdefault(name, []).append(given.get("value", ""))
        elif tag == "input" and given.get("type") == "file":
            form.files.add(name)
        elif tag == "input" and given.get("type") in ("checkbox", "radio"):
            form.options.setdefault(name, []).append(given.get("value", "on"))
            if "checked" in given:
                form.values[name] = given.get("value", "on")
        elif tag == "input" and name:
            form.values[name] = given.get("value", "")
        elif tag == "textarea":
            self._area = name
            form.values[name] = ""
        elif tag == "select":
            self._select = name
            form.options[name] = []
        elif tag == "option" and self._select:
            options = form.options[self._select]
            options.append(given.get("value", ""))
            if len(options) == 1 or "selected" in given:
                form.values[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._area and self._open is not None:
            self._open.values[self._area] += data


@dataclass
class Paper:
    """One person at a browser; `page` is what is on the screen."""

    town: Town
    client: httpx.AsyncClient
    page: httpx.Response | None = None

    @classmethod
    def at(cls, town: Town) -> Self:
        headers = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Site": "same-origin"}
        client = httpx.AsyncClient(
            base_url=town.url, headers=headers, follow_redirects=True, timeout=30
        )
        return cls(town, client)

    async def open(self, path: str, *, status: int = 200) -> str:
        """Go to a page; its words."""
        return self._arrived(await self.client.get(path), status)

    async def send(
        self, _form: dict[str, str], *, files: Files | None = None, status: int = 200, **typed: str
    ) -> str:
        """Fill in the form that has these values, send it, and arrive where it leads."""
        form = self.form(**_form)
        for name, value in typed.items():
            assert name in form.values or name in form.options, f"no field {name}"
            if name in form.options:
                assert value in form.options[name], f"{name} has no option {value}"
            form.values[name] = value
        left = {name for name in form.required if not form.values.get(name)} - form.files
        assert not left, f"left empty, though required: {left}"
        if form.method == "get":
            return self._arrived(await self.client.get(form.action, params=form.values), status)
        if form.is_multipart:
            parts: Any = [(name, (None, value)) for name, value in form.values.items()]
            parts += files or [(name, ("", b"", "application/octet-stream")) for name in form.files]
            return self._arrived(await self.client.post(form.action, files=parts), status)
        return self._arrived(await self.client.post(form.action, data=form.values), status)

    def form(self, **values: str) -> Form:
        """The form on the page with these values in it."""
        found = [
            form
            for form in self._parsed().forms
            if all(
                form.values.get(name) == value or (name == "action" and form.action == value)
                for name, value in values.items()
            )
        ]
        assert len(found) == 1, f"{len(found)} forms with {values}"
        return found[0]

    @property
    def moves(self) -> list[str]:
        """The moves that the page offers."""
        return [form.values["move"] for form in self._parsed().forms if "move" in form.values]

    @property
    def links(self) -> list[str]:
        return self._parsed().links

    def _parsed(self) -> _Forms:
        assert self.page is not None
        return _Forms(self.page.text)

    def _arrived(self, page: httpx.Response, status: int) -> str:
        assert page.status_code == status, (page.url, page.status_code, page.text)
        self.page = page
        return " ".join("".join(self._parsed().words).split())
