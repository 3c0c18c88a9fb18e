"""OGC API – Features: published reports and units for QGIS, ogr2ogr and every other map program."""
