"""The routes of Open311."""

from mobile_api.open311 import catalogue, requests, sending

ROUTES = [
    catalogue.discover,
    catalogue.services,
    catalogue.definition,
    requests.requests,
    requests.one_request,
    requests.token,
    sending.send,
]
