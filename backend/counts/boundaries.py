"""Figures of one generation of units shown on another's boundaries: pure.

Forward (old → new) a unit that went wholly into another adds to it; one that was split stays apart,
because nobody knows which part its cases fell in. Backward only a unit that is one old unit under
a new name or code can be shown. Decision 0006.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from backend.counts.figures import Group, add_up
from backend.counts.naming.store import SuccessorKeys, UnitName


@dataclass(frozen=True)
class Placement:
    """Where a unit's figures belong among the target units: exactly one, or one of several."""

    exactly: str | None
    among: tuple[str, ...] = ()


@dataclass(frozen=True)
class Apart:
    """Figures of a split unit, and the target units among which they would have to be shared."""

    group: Group
    among: tuple[str, ...]


@dataclass(frozen=True)
class Carried:
    """Figures on the target boundaries; `impossible` are units without a counterpart there."""

    groups: tuple[Group, ...]
    apart: tuple[Apart, ...]
    impossible: tuple[Group, ...]

    @property
    def approximate_keys(self) -> frozenset[str]:
        """The target units to which a part of what stands apart belongs."""
        return frozenset(key for apart in self.apart for key in apart.among)


def place_units(
    keys: Iterable[str], target: Collection[str], successors: Sequence[SuccessorKeys]
) -> dict[str, Placement]:
    """Where each unit key belongs among the target keys, which are one generation's."""
    forward: dict[str, list[SuccessorKeys]] = {}
    backward: dict[str, list[SuccessorKeys]] = {}
    for link in successors:
        forward.setdefault(link.old, []).append(link)
        backward.setdefault(link.new, []).append(link)
    target_from = min((_generation(key) for key in target), default="")
    return {
        key: _place_forward(key, target, forward)
        if _generation(key) < target_from
        else _place_backward(key, target, backward)
        for key in keys
    }


def carry_over(
    groups: Sequence[Group], target: Sequence[UnitName], placements: Mapping[str, Placement]
) -> Carried:
    """Sum what belongs together, keep apart what cannot be shared out."""
    names = {unit.key: unit for unit in target}
    together: dict[str, list[Group]] = {}
    apart, impossible = [], []
    for group in groups:
        placement = placements[group.key]
        if placement.exactly is not None:
            together.setdefault(placement.exactly, []).append(group)
        elif placement.among:
            apart.append(Apart(group, placement.among))
        else:
            impossible.append(group)
    return Carried(
        tuple(_sum_group(names[key], found) for key, found in sorted(together.items())),
        tuple(apart),
        tuple(impossible),
    )


def _sum_group(unit: UnitName, found: Sequence[Group]) -> Group:
    return Group(
        key=unit.key,
        code=unit.code,
        name=unit.name,
        name_en=unit.name,
        sums=add_up([group.sums for group in found]),
        valid_from=unit.valid_from.isoformat(),
    )


def _generation(key: str) -> str:
    return key.rpartition("@")[2]


def _place_forward(
    key: str, target: Collection[str], links: Mapping[str, list[SuccessorKeys]]
) -> Placement:
    if key in target:
        return Placement(key)
    onward = links.get(key, [])
    full = [link for link in onward if link.is_full]
    if len(full) == 1:
        return _place_forward(full[0].new, target, links)
    among: set[str] = set()
    for link in onward:
        further = _place_forward(link.new, target, links)
        among.update(further.among if further.exactly is None else (further.exactly,))
    return Placement(None, tuple(sorted(among)))


def _place_backward(
    key: str, target: Collection[str], links: Mapping[str, list[SuccessorKeys]]
) -> Placement:
    if key in target:
        return Placement(key)
    match links.get(key, []):
        case [only] if only.is_full:
            return _place_backward(only.old, target, links)
    return Placement(None)
