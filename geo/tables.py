"""The one description of the unit tables for SQLAlchemy Core; migrations own the indexes."""

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKeyConstraint,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

metadata = MetaData()


def _geometry(kind: str) -> Geometry:
    return Geometry(kind, srid=4326, dimension=2, spatial_index=False)


unit_generation = Table(
    "unit_generation",
    metadata,
    Column("level", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("state", Text, nullable=False),
    Column("is_approximate", Boolean, nullable=False),
    Column("source", Text, nullable=False),
    Column("imported_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("level", "valid_from", name="unit_generation_pkey"),
)

unit = Table(
    "unit",
    metadata,
    Column("code", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("level", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("parent_code", Text),
    Column("is_approximate", Boolean, nullable=False),
    Column("geom", _geometry("MULTIPOLYGON"), nullable=False),
    Column("label_point", _geometry("POINT"), nullable=False),
    Column("area_km2", Double, nullable=False),
    PrimaryKeyConstraint("code", "valid_from", name="unit_pkey"),
    ForeignKeyConstraint(
        ["level", "valid_from"],
        ["unit_generation.level", "unit_generation.valid_from"],
        name="unit_generation_fkey",
    ),
)

# Pieces of at most 128 corners: a point is first sought among these (see store.py).
unit_cell = Table(
    "unit_cell",
    metadata,
    Column("code", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("level", Text, nullable=False),
    Column("geom", _geometry("POLYGON"), nullable=False),
    ForeignKeyConstraint(
        ["code", "valid_from"],
        ["unit.code", "unit.valid_from"],
        name="unit_cell_unit_fkey",
        ondelete="CASCADE",
    ),
)

unit_successor = Table(
    "unit_successor",
    metadata,
    Column("old_code", Text, nullable=False),
    Column("old_valid_from", Date, nullable=False),
    Column("new_code", Text, nullable=False),
    Column("new_valid_from", Date, nullable=False),
    Column("relation", Text, nullable=False),
    PrimaryKeyConstraint(
        "old_code", "old_valid_from", "new_code", "new_valid_from", name="unit_successor_pkey"
    ),
    ForeignKeyConstraint(
        ["old_code", "old_valid_from"],
        ["unit.code", "unit.valid_from"],
        name="unit_successor_old_fkey",
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(
        ["new_code", "new_valid_from"],
        ["unit.code", "unit.valid_from"],
        name="unit_successor_new_fkey",
        ondelete="CASCADE",
    ),
)

config_epoch = Table(
    "config_epoch",
    metadata,
    Column("only_row", Boolean, nullable=False, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
)
