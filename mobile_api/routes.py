"""The routes of the citizens' door."""

from mobile_api import (
    devices,
    map_pages,
    own,
    pages,
    photos,
    places,
    reports,
    sign_in,
    sign_in_pages,
    tracking_acts,
    tracking_pages,
)
from mobile_api.account import api as account_api
from mobile_api.account import pages as account_pages
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
    sign_in.ask,
    sign_in.enter,
    sign_in_pages.ask_page,
    sign_in_pages.ask,
    sign_in_pages.code_page,
    sign_in_pages.enter,
    *account_api.ROUTES,
    *account_pages.ROUTES,
]
