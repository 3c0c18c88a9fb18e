"""The default sender: says in the log that it would have sent, and nothing of what or to whom."""

from collections.abc import Sequence

import structlog

from backend.messages.letters import Letter, Outcome

_log = structlog.get_logger("caunoi.push")


class ConsolePush:
    """Every letter is 'sent'; its number, kind of address and collapse key go to the log."""

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        for letter in letters:
            _log.info(
                "push",
                notification_id=letter.notification_id,
                device_kind=letter.device_kind,
                collapse_key=letter.collapse_key,
            )
        return [Outcome("sent", wire_id=f"console/{one.notification_id}") for one in letters]

    async def close(self) -> None:
        return
