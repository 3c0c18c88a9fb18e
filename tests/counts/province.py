"""The demo province's units, agencies, categories and rules, loaded into a test's database."""

import asyncpg

from backend.demo.boundaries import load_boundaries
from backend.demo.configuration import build_configuration, store_configuration
from geo.units import UnitAt


async def load_province(owner: asyncpg.Connection) -> None:
    """Both generations of units, and everything that routing needs."""
    await load_boundaries(owner)
    rows = await owner.fetch(
        """
        SELECT code, name, kind, level, parent_code AS parent, valid_from, is_approximate
        FROM unit WHERE level = 'commune' AND valid_from = '2025-07-01'
        """
    )
    units = [UnitAt(**row) for row in rows]
    async with owner.transaction():
        await store_configuration(owner, build_configuration(units))
