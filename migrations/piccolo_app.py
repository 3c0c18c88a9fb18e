"""Piccolo's umbrella app: it owns the single migration chain of every package."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

APP_CONFIG = AppConfig(
    app_name="caunoi",
    migrations_folder_path=str(Path(__file__).parent),
    table_classes=[],
    migration_dependencies=[],
)
