"""The one place that reads the wall clock; rules take `now` as an argument."""

from datetime import UTC, date, datetime, timedelta, timezone

# Vietnam keeps one zone without daylight saving time, so a fixed offset is exact.
VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def day_of(moment: datetime) -> date:
    """The calendar day in Vietnam (UTC+7) on which `moment` falls."""
    return moment.astimezone(VIETNAM).date()
