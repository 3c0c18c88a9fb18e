"""Logs as one JSON object a line on standard output; other libraries' lines join in."""

import logging
import sys
from typing import Any, Final

import msgspec
import structlog

_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


class _Output:
    """Writes to whatever standard output is at the moment."""

    def msg(self, line: bytes) -> None:
        sys.stdout.write(line.decode() + "\n")
        sys.stdout.flush()

    log = debug = info = warning = error = critical = exception = msg


def configure_logs(level: str) -> None:
    """Set up structlog and the standard library's logging for this process."""
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_encode)],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *_: _Output(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(_Stream())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_encode_text),
            ],
        )
    )
    root = logging.getLogger()
    for old in [
        kept for kept in root.handlers if isinstance(kept.formatter, type(handler.formatter))
    ]:
        root.removeHandler(old)
    root.addHandler(handler)
    # libraries tell their own story at "info"; ours is the one to read
    root.setLevel(max(_LEVELS[level], logging.WARNING))


class _Stream:
    """Standard output as the logging module wants it."""

    def write(self, text: str) -> None:
        sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


def _encode(event: Any, **_: Any) -> bytes:
    return msgspec.json.encode(event, enc_hook=repr)


def _encode_text(event: Any, **_: Any) -> str:
    return _encode(event).decode()
