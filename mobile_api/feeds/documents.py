"""Feeds as XML: Atom (RFC 4287) and RSS 2.0, with places as GeoRSS Simple.

An entry's id is its report's, for good, whatever becomes of its code's address; `updated` moves
with its stage. What XML cannot hold is left out of people's words.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Final
from uuid import UUID
from xml.etree import ElementTree

ATOM: Final = "http://www.w3.org/2005/Atom"
GEORSS: Final = "http://www.georss.org/georss"
ElementTree.register_namespace("georss", GEORSS)
# XML 1.0, production 2: no control characters but tab and ends of lines, no half of a pair
_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Entry:
    """One published report."""

    id: UUID
    link: str
    title: str
    text: str
    category: tuple[str, str]
    lon: float
    lat: float
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Feed:
    """A feed: its own address, the page it belongs to, its entries, newest first."""

    address: str
    page: str
    title: str
    subtitle: str
    language: str
    updated_at: datetime
    entries: tuple[Entry, ...]


def atom(feed: Feed) -> bytes:
    """The feed as Atom."""
    root = ElementTree.Element(f"{{{ATOM}}}feed", {"xml:lang": feed.language})
    _add(root, ATOM, (("id", feed.address), ("title", feed.title), ("subtitle", feed.subtitle)))
    _add(root, ATOM, (("updated", _moment(feed.updated_at)),))
    author = ElementTree.SubElement(root, f"{{{ATOM}}}author")
    _add(author, ATOM, (("name", "Cầu Nối – Quảng Ngãi"),))
    for rel, href, kind in (
        ("self", feed.address, "application/atom+xml"),
        ("alternate", feed.page, "text/html"),
    ):
        ElementTree.SubElement(root, f"{{{ATOM}}}link", {"rel": rel, "href": href, "type": kind})
    for entry in feed.entries:
        one = ElementTree.SubElement(root, f"{{{ATOM}}}entry")
        _add(one, ATOM, (("id", entry.id.urn), ("title", entry.title)))
        ElementTree.SubElement(
            one, f"{{{ATOM}}}link", {"rel": "alternate", "href": entry.link, "type": "text/html"}
        )
        moments = (("published", entry.created_at), ("updated", entry.updated_at))
        _add(one, ATOM, ((name, _moment(moment)) for name, moment in moments))
        code, name = entry.category
        ElementTree.SubElement(one, f"{{{ATOM}}}category", {"term": code, "label": _writable(name)})
        content = ElementTree.SubElement(one, f"{{{ATOM}}}content", {"type": "text"})
        content.text = _writable(entry.text)
        _add(one, GEORSS, (("point", f"{entry.lat:.6f} {entry.lon:.6f}"),))
    return _written(root, default=ATOM)


def rss(feed: Feed) -> bytes:
    """The feed as RSS 2.0."""
    root = ElementTree.Element("rss", {"version": "2.0"})
    channel = ElementTree.SubElement(root, "channel")
    _add(channel, "", (("title", feed.title), ("link", feed.page), ("description", feed.subtitle)))
    _add(channel, "", (("language", feed.language),))
    _add(channel, "", (("lastBuildDate", format_datetime(feed.updated_at, usegmt=True)),))
    ElementTree.SubElement(
        channel,
        f"{{{ATOM}}}link",
        {"rel": "self", "href": feed.address, "type": "application/rss+xml"},
    )
    for entry in feed.entries:
        one = ElementTree.SubElement(channel, "item")
        _add(one, "", (("title", entry.title), ("link", entry.link)))
        guid = ElementTree.SubElement(one, "guid", {"isPermaLink": "false"})
        guid.text = entry.id.urn
        _add(one, "", (("pubDate", format_datetime(entry.created_at, usegmt=True)),))
        ElementTree.SubElement(one, "category").text = _writable(entry.category[1])
        _add(one, "", (("description", entry.text),))
        _add(one, GEORSS, (("point", f"{entry.lat:.6f} {entry.lon:.6f}"),))
    return _written(root)


def _add(parent: ElementTree.Element, space: str, children: Iterable[tuple[str, str]]) -> None:
    for name, text in children:
        tag = f"{{{space}}}{name}" if space else name
        ElementTree.SubElement(parent, tag).text = _writable(text)


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("", text)


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _written(root: ElementTree.Element, *, default: str | None = None) -> bytes:
    ElementTree.register_namespace("" if default else "atom", ATOM)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text
