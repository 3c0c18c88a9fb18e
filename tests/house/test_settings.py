"""Every setting is documented in the README, and nothing is documented that is no setting."""

import re
from collections.abc import Iterator, Mapping

from backend.settings import read_settings
from tests.house.sources import text_of, tracked_files

# read by ./run and ./test themselves
_OF_THE_SCRIPTS = {"CAUNOI_VENV", "CAUNOI_SHARED_DATA", "CAUNOI_TEST_DATABASE_URL"}


class _Asked(Mapping[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = given
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self.given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.given)

    def __len__(self) -> int:
        return len(self.given)


def _settings_names() -> set[str]:
    asked = _Asked(
        {
            "CAUNOI_S3_URL": "http://127.0.0.1:1",
            "CAUNOI_S3_ACCESS_KEY": "key",
            "CAUNOI_S3_SECRET_KEY": "secret",
        }
    )
    read_settings(asked)
    return asked.names


def test_every_setting_is_documented_in_the_readme() -> None:
    names = _settings_names()
    assert {"CAUNOI_PORT", "CAUNOI_VAR", "CAUNOI_S3_BUCKET"} <= names
    documented = set(re.findall(r"`(CAUNOI_[A-Z0-9_]+)`", text_of("README.md")))
    assert names - documented == set()


def test_the_readme_documents_no_setting_that_does_not_exist() -> None:
    documented = set(re.findall(r"CAUNOI_[A-Z0-9_]+", text_of("README.md")))
    assert documented - _settings_names() - _OF_THE_SCRIPTS == set()


def test_the_environment_is_read_in_the_roof_only() -> None:
    # the darkroom hands its sandboxed process a few harmless variables, and no setting
    allowed = re.compile(
        r"^(backend/(settings/installation|database|__main__)\.py|backend/roof/|moderation/darkroom\.py"
        r"|tests/|bench/)"
    )
    found = [
        name
        for name in tracked_files()
        if name.endswith(".py")
        and not allowed.search(name)
        and re.search(r"\bos\.(environ|getenv)\b", text_of(name))
    ]
    assert not found, "\n".join(["", *found])
