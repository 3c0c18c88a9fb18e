"""What Piccolo looks up by name: the engine of this process and the app that owns the migrations.

Piccolo finds its engine through a module (PICCOLO_CONF); backend.database points it here and
configures the engine when the settings are known.
"""

from piccolo.conf.apps import AppRegistry

from backend.engine import SafeEngine

DB = SafeEngine(config={})
APP_REGISTRY = AppRegistry(apps=["migrations.piccolo_app"])
