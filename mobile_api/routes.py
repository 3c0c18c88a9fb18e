"""The routes of the citizens' door."""

from mobile_api import own, pages, photos, places, reports

ROUTES = [
    reports.submit,
    reports.list_reports,
    reports.list_reports_near,
    reports.follow,
    own.mine,
    own.answer,
    own.rate,
    own.reopen,
    own.withdraw,
    own.edit,
    own.support,
    photos.upload,
    photos.show,
    places.list_categories,
    places.unit_at,
    pages.report_form,
    pages.send_report,
    pages.track_form,
    pages.track,
    pages.act,
    pages.look_around,
]
