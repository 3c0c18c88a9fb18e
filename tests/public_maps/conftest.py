"""The configured province, with an application for each module."""

from tests.province import module_town, province_settings, province_template, town

__all__ = ["module_town", "province_settings", "province_template", "town"]
