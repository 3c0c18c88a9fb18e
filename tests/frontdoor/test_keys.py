"""The keys an installation keeps: made once, and each outlives a change of the other."""

from dataclasses import replace
from pathlib import Path

import pytest

from backend.messages.vapid import derive_key, open_vapid
from backend.roof.installation import secret_key_path, vapid_key_path, with_keys
from backend.settings import Settings


@pytest.fixture
def bare(tmp_path: Path) -> Settings:
    """An installation before its first start."""
    return Settings(var_dir=tmp_path)


def test_first_start_makes_a_key_that_does_not_follow_from_the_secret(bare: Settings) -> None:
    first = with_keys(bare)
    assert first.vapid_key is not None
    assert first.vapid_key != derive_key(first.secret_key)
    assert vapid_key_path(bare).stat().st_mode & 0o777 == 0o600
    assert with_keys(bare) == first
    assert len(open_vapid(first).public_key) == 87


def test_earlier_installation_keeps_the_key_its_browsers_subscribed_with(bare: Settings) -> None:
    secret_key_path(bare).parent.mkdir()
    secret_key_path(bare).write_text("an earlier secret\n")
    before = open_vapid(replace(bare, secret_key=b"an earlier secret")).public_key
    assert open_vapid(with_keys(bare)).public_key == before
    secret_key_path(bare).write_text("a new secret\n")
    after = with_keys(bare)
    assert after.secret_key == b"a new secret"
    assert open_vapid(after).public_key == before


def test_machines_that_are_given_one_secret_agree_on_the_key(tmp_path: Path) -> None:
    machines = [
        with_keys(Settings(var_dir=tmp_path / name, secret_key=b"given")) for name in ("a", "b")
    ]
    assert len({open_vapid(one).public_key for one in machines}) == 1
    rotated = with_keys(replace(machines[0], secret_key=b"another", vapid_key=None))
    assert open_vapid(rotated).public_key == open_vapid(machines[1]).public_key


def test_key_of_the_settings_is_not_written_down(bare: Settings) -> None:
    given = derive_key(b"anything")
    assert with_keys(replace(bare, vapid_key=given)).vapid_key == given
    assert not vapid_key_path(bare).exists()
