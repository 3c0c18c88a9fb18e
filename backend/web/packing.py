"""Answers packed with gzip, for the handlers that ask for it: a page is then a third of its size.

Not for all: where a secret stands beside words that somebody else chose, the packed length tells of
the secret (BREACH, CVE-2013-3587).
"""

from typing import Final

from litestar.config.compression import CompressionConfig
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware

_CONFIG: Final = CompressionConfig(backend="gzip", gzip_compress_level=6, minimum_size=600)

# `@get(…, middleware=PACKED)`
PACKED: Final = (DefineMiddleware(CompressionMiddleware, config=_CONFIG),)
