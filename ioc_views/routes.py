"""The routes of the leaders' door."""

from ioc_views import page, reports, stream

ROUTES = [
    reports.show_summary,
    reports.show_breakdown,
    stream.stream,
    page.board,
]
