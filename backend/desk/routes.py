"""The routes of the officers' door."""

from backend.desk import pages, reports, routing

ROUTES = [
    reports.list_queue,
    reports.get_case,
    reports.get_history,
    reports.move,
    reports.upload_evidence,
    reports.show_photo,
    routing.explain,
    pages.queue,
    pages.case,
    pages.act,
]
