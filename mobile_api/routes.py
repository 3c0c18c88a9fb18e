"""The routes of the citizens' door."""

from mobile_api import (
    devices,
    map_pages,
    own,
    pages,
    photos,
    places,
    reports,
    tracking_acts,
    tracking_pages,
)
from mobile_api.crawlers import pages as crawlers
from mobile_api.open311 import routes as open311
from mobile_api.tiles import routes as tiles

ROUTES = [
    *open311.ROUTES,
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
    devices.register,
    devices.drop,
    places.list_categories,
    places.unit_at,
    pages.report_form,
    pages.send_report,
    tracking_pages.track_form,
    tracking_pages.track,
    tracking_acts.act,
    map_pages.look_around,
    tiles.reports_tile,
    tiles.units_tile,
    crawlers.robots,
    crawlers.sitemap_index,
    crawlers.sitemap,
]
