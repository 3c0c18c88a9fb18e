"""Web Push: read by the browser alone, signed as ours, sent nowhere that a stranger chooses."""

import asyncio
import base64
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from backend.errors import SettingsError
from backend.messages import webpush
from backend.messages.egress import CheckedNetwork
from backend.messages.errors import BadDevice
from backend.messages.letters import Letter
from backend.messages.subscriptions import PushServices, read_subscription
from backend.messages.vapid import Vapid, open_vapid
from backend.messages.webpush import WebPush
from backend.settings import PUSH_SERVICES, Settings
from tests.twins import push_service as faults
from tests.twins.push_service import Browser, PushTwin, decode, decrypt, push_twin

HERE: Final = PushServices((), allows_loopback=True)
BROWSERS: Final = PushServices(PUSH_SERVICES)


@pytest.fixture
def vapid() -> Vapid:
    return Vapid(ec.generate_private_key(ec.SECP256R1()), "mailto:webmaster@example.org")


@pytest.fixture
def twin() -> Iterator[PushTwin]:
    with push_twin() as running:
        yield running


@pytest.fixture
async def push(vapid: Vapid) -> AsyncIterator[WebPush]:
    sender = WebPush(vapid, HERE)
    yield sender
    await sender.close()


def a_letter(browser: Browser, **changes: object) -> Letter:
    letter = Letter(
        notification_id=1,
        device_kind="webpush",
        device_value=browser.value,
        collapse_key="ev-17",
        title="Cầu Nối",
        body="Phản ánh của bạn đang được xử lý.",
        link="/theo-doi/QNG-7K3M-2F9A",
        code="QNG-7K3M-2F9A",
    )
    return replace(letter, **changes)  # type: ignore[arg-type]  # fields of Letter


async def test_message_reaches_the_browser_encrypted_and_signed(
    push: WebPush, vapid: Vapid, twin: PushTwin
) -> None:
    browser = twin.subscribe(vapid.public_key)
    (outcome,) = await push.send([a_letter(browser)])
    assert twin.refused == []
    assert outcome.fate == "sent"
    (shown,) = twin.accepted
    assert shown.payload == {
        "title": "Cầu Nối",
        "body": "Phản ánh của bạn đang được xử lý.",
        "tag": "ev-17",
        "link": "/theo-doi/QNG-7K3M-2F9A",
        "urgent": False,
    }
    assert (shown.topic, shown.urgency, shown.ttl) == ("ev-17", "normal", 86400)
    assert "QNG" not in shown.headers, "nothing of a report stands outside of the encryption"


async def test_urgent_message_says_so_and_all_are_of_one_length(
    push: WebPush, vapid: Vapid, twin: PushTwin
) -> None:
    browser = twin.subscribe(vapid.public_key)
    letters = [
        a_letter(browser, body=body, is_urgent=len(body) > 5) for body in ("Ngắn", "Dài" * 40)
    ]
    await push.send(letters)
    assert [one.urgency for one in sorted(twin.accepted, key=lambda one: one.urgency)] == [
        "high",
        "normal",
    ]
    assert len({one.body_bytes for one in twin.accepted}) == 1


def test_twin_decrypts_the_example_of_the_rfc() -> None:
    """RFC 8291 §5 and appendix A."""
    private = int.from_bytes(decode("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big")
    body = decode(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    key = ec.derive_private_key(private, ec.SECP256R1())
    plain = decrypt(body, key, decode("BTBZMqHH6r4Tts7J_aSIgg"))
    assert plain == b"When I grow up, I want to be a watermelon"


@pytest.mark.parametrize(
    ("fault", "fate", "error"),
    [
        (faults.NOT_FOUND, "gone", "http-404"),
        (faults.GONE, "gone", "http-410"),
        (faults.TOO_LARGE, "bad", "http-413"),
        (faults.BAD_REQUEST, "bad", "http-400"),
        (faults.FORBIDDEN, "bad", "http-403"),
        (faults.BUSY, "later", "http-429"),
        (faults.INTERNAL, "later", "http-500"),
        (faults.UNAVAILABLE, "later", "http-503"),
        (faults.ANSWER_LOST, "later", "RemoteProtocolError"),
        (faults.Fault(301, location="http://127.0.0.1:1/"), "bad", "http-301"),
        (faults.Fault(307, location="http://127.0.0.1:1/"), "bad", "http-307"),
    ],
)
async def test_answer_of_the_push_service_decides(
    push: WebPush, vapid: Vapid, twin: PushTwin, fault: faults.Fault, fate: str, error: str
) -> None:
    twin.faults.append(fault)
    (outcome,) = await push.send([a_letter(twin.subscribe(vapid.public_key))])
    assert (outcome.fate, outcome.error) == (fate, error)
    assert twin.requests == 1


async def test_service_that_is_busy_is_left_alone_for_as_long_as_it_says(
    push: WebPush, vapid: Vapid, twin: PushTwin
) -> None:
    with push_twin() as other:
        busy, free = twin.subscribe(vapid.public_key), other.subscribe(vapid.public_key)
        twin.faults.append(faults.Fault(429, retry_after="1"))
        (first,) = await push.send([a_letter(busy)])
        assert first.retry_after_seconds == 1.0
        again, elsewhere = await push.send([a_letter(busy), a_letter(free)])
        assert (again.fate, again.error) == ("later", "left-alone")
        assert elsewhere.fate == "sent", "another service is not busy"
        assert twin.requests == 1
    await asyncio.sleep(1.05)
    (third,) = await push.send([a_letter(busy)])
    assert third.fate == "sent"


async def test_service_that_asks_for_a_day_is_tried_again_sooner(
    push: WebPush, vapid: Vapid, twin: PushTwin
) -> None:
    browser = twin.subscribe(vapid.public_key)
    twin.faults.append(faults.Fault(429, retry_after="86400"))
    await push.send([a_letter(browser)])
    (again,) = await push.send([a_letter(browser)])
    assert again.error == "left-alone"
    assert again.retry_after_seconds is not None
    assert again.retry_after_seconds <= 600


async def test_hanging_service_is_given_up_in_time(
    push: WebPush, vapid: Vapid, twin: PushTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webpush, "_TIMEOUT_SECONDS", 0.3)
    browser = twin.subscribe(vapid.public_key)
    twin.by_browser[browser.name] = faults.Fault(201, hang_seconds=1.5)
    started = time.monotonic()
    (outcome,) = await push.send([a_letter(browser)])
    assert outcome.fate == "later"
    assert time.monotonic() - started < 1.3


async def test_dead_service_costs_fifty_letters_one_wait(push: WebPush, vapid: Vapid) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        twin = PushTwin(url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        letters = [a_letter(twin.subscribe(vapid.public_key)) for _ in range(50)]
        outcomes = await push.send(letters)
    assert {outcome.fate for outcome in outcomes} == {"later"}


def a_subscription(endpoint: object, **keys: object) -> str:
    point = (
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    )
    given = {"p256dh": point, "auth": "BTBZMqHH6r4Tts7J_aSIgg", **keys}
    return json.dumps({"endpoint": endpoint, "keys": given})


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
        "https://web.push.apple.com/QGu",
        "https://wns2-par02p.notify.windows.com/w/?token=BQY",
    ],
)
def test_addresses_that_browsers_give_are_taken(endpoint: str) -> None:
    subscription = read_subscription(a_subscription(endpoint), BROWSERS)
    assert subscription.endpoint == endpoint
    assert read_subscription(subscription.text(), BROWSERS) == subscription


ENDPOINT: Final = "https://fcm.googleapis.com/fcm/send/abc:d~f?t=%2F"


@pytest.mark.parametrize(
    "spelling",
    [
        "https://fcm.googleapis.com:443/fcm/send/abc:d~f?t=%2F",
        "https://fcm.googleapis.com:0443/fcm/send/abc:d~f?t=%2F",
        "https://fcm.googleapis.com:/fcm/send/abc:d~f?t=%2F",
        "HTTPS://FCM.googleapis.COM/fcm/send/abc:d~f?t=%2F",
        "https://fcm.googleapis.com./fcm/send/abc:d~f?t=%2f",
        "https://fcm.googleapis.com/f%63m/send/%61bc:d%7Ef?%74=%2F",
        "https://fcm.googleapis.com/x/../fcm/./send/abc:d~f?t=%2f",
        "https://fcm.googleapis.com/%2e%2E/fcm/%2E/send/abc:d~f?t=%2f",
    ],
)
@pytest.mark.parametrize("services", [BROWSERS, PushServices(("*",))], ids=["browsers", "any"])
def test_one_endpoint_is_one_device_however_it_is_spelled(
    spelling: str, services: PushServices
) -> None:
    """RFC 3986 §6.2.2 and §6.2.3: these spellings are the same address to every server."""
    assert read_subscription(a_subscription(spelling), services).endpoint == ENDPOINT


@pytest.mark.parametrize(
    "other",
    [
        "https://fcm.googleapis.com/fcm/send/ABC:d~f?t=%2F",
        "https://fcm.googleapis.com/fcm/send/abc:d~f/?t=%2F",
        "https://fcm.googleapis.com/fcm%2Fsend/abc:d~f?t=%2F",
        "https://fcm.googleapis.com/fcm/send/abc%3Ad~f?t=%2F",
        "https://fcm.googleapis.com/fcm/send/abc:d~f?t=/",
        "https://fcm.googleapis.com//fcm/send/abc:d~f?t=%2F",
    ],
)
def test_addresses_that_a_server_may_tell_apart_stay_apart(other: str) -> None:
    assert read_subscription(a_subscription(other), BROWSERS).endpoint == other


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com../fcm/send/abc",
        "https://fcm%2egoogleapis.com/fcm/send/abc",
        "https://.googleapis.com/fcm/send/abc",
        "https://a..example.org/fcm/send/abc",
        "https://-a.example.org/fcm/send/abc",
        "https://127.0.0.1./",
        "https://fcm.googleapis.com/#",
        "https://evil.example/",
        "https://fcm.googleapis.com.evil.example/",
        "https://evilfcm.googleapis.com/",
        "https://push.apple.com.evil.example/",
        "https://user@fcm.googleapis.com/",
        "https://user:word@fcm.googleapis.com/",
        "https://fcm.googleapis.com@127.0.0.1/",
        "https://fcm.googleapis.com:8443/",
        "https://fcm.googleapis.com:0/",
        "https://fcm.googleapis.com:99999/",
        "https://fcm.googleapis.com/#x",
        "https://fcm.googleapis.com\\@127.0.0.1/",
        "https://fcm.googleapis.com /",
        "https://fcm.googleapis.com\t/",
        "https://fcm。googleapis。com/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://localhost/",
        "https://localhost:5432/",
        "http://127.0.0.1:5432/",
        "https:///path",
        "https://",
        "file:///etc/passwd",
        "gopher://fcm.googleapis.com/",
        "//fcm.googleapis.com/",
        "fcm.googleapis.com",
        "https://fcm.googleapis.com/" + "a" * 2100,
        "https://[",
        "",
        17,
        None,
        ["https://fcm.googleapis.com/"],
    ],
)
@pytest.mark.parametrize("services", [BROWSERS, PushServices(("*",))], ids=["browsers", "any"])
def test_addresses_of_elsewhere_are_refused(endpoint: object, services: PushServices) -> None:
    if services.hosts == ("*",) and isinstance(endpoint, str) and _is_plain_https(endpoint):
        read_subscription(a_subscription(endpoint), services)
        return
    with pytest.raises(BadDevice):
        read_subscription(a_subscription(endpoint), services)


def _is_plain_https(endpoint: str) -> bool:
    return endpoint in (
        "https://evil.example/",
        "https://fcm.googleapis.com.evil.example/",
        "https://evilfcm.googleapis.com/",
        "https://push.apple.com.evil.example/",
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "17",
        "{}",
        '{"endpoint": "https://fcm.googleapis.com/"}',
        '{"endpoint": "https://fcm.googleapis.com/", "keys": []}',
        a_subscription("https://fcm.googleapis.com/", p256dh="AAAA"),
        a_subscription("https://fcm.googleapis.com/", p256dh=base64.b64encode(b"\4" * 65).decode()),
        a_subscription("https://fcm.googleapis.com/", auth="AAAA"),
        a_subscription("https://fcm.googleapis.com/", auth="!!!!"),
        a_subscription("https://fcm.googleapis.com/", auth=17),
        "[" * 50_000,
    ],
)
def test_what_is_no_subscription_is_refused(text: str) -> None:
    with pytest.raises(BadDevice):
        read_subscription(text, BROWSERS)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255"),
        *("::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1"),
        *(
            "fd00::1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
        ),
        # reachable by what Python 3.11 says, or by a relay that is no longer there
        *("fec0::1", "feff::1", "192.88.99.1", "3fff::1", "3fff:fff:ffff::1", "2002:808:808::1"),
        *("192.0.0.9", "192.31.196.1", "192.52.193.1", "192.175.48.1", "2620:4f:8000::1"),
        *("2001:1::1", "2001:4:112::1", "2001:20::1", "2001::808:808", "5f00::1", "4000::1"),
        *("64:ff9b:1::808:808", "64:ff9b::c058:6301", "100::1", "100:0:0:1::1", "::8.8.8.8"),
        *("::ffff:8.8.8.8", "203.0.113.1", "198.51.100.1", "192.0.2.1", "172.31.255.255"),
    ],
)
def test_addresses_that_are_not_of_the_internet_are_not_connected_to(address: str) -> None:
    assert not CheckedNetwork().lets(address)


@pytest.mark.parametrize(
    "address",
    [
        *("8.8.8.8", "172.32.0.1", "192.0.1.1", "100.128.0.1", "198.20.0.1", "223.255.255.254"),
        *("2607:f8b0:4004:800::200a", "2001:4860:4860::8888", "2001:200::1", "3ffe::1"),
        "64:ff9b::808:808",
    ],
)
def test_addresses_of_the_internet_may_be_connected_to(address: str) -> None:
    assert CheckedNetwork().lets(address)


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::1"], []])
async def test_name_that_leads_into_our_own_network_is_not_followed(
    vapid: Vapid, twin: PushTwin, answers: list[str]
) -> None:
    """A hostile name server: the name is asked for once, and what it says is what is looked at."""
    asked = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers

    services = PushServices(("*.example.org",))
    sender = WebPush(vapid, services, CheckedNetwork(resolve=resolve))
    browser = replace(twin.subscribe(vapid.public_key), endpoint="https://push.example.org/x")
    (outcome,) = await sender.send([a_letter(browser)])
    await sender.close()
    assert (outcome.fate, outcome.error) == ("later", "ConnectError")
    assert asked == ["push.example.org"]
    assert twin.requests == 0


async def test_connection_goes_to_the_address_that_was_checked(
    vapid: Vapid, twin: PushTwin
) -> None:
    port = int(twin.url.rpartition(":")[2])

    async def resolve(host: str, port: int) -> list[str]:
        assert host == "localhost"
        return ["127.0.0.1"]

    sender = WebPush(vapid, HERE, CheckedNetwork(allows_loopback=True, resolve=resolve))
    twin.url = f"http://localhost:{port}"
    (outcome,) = await sender.send([a_letter(twin.subscribe(vapid.public_key))])
    await sender.close()
    assert twin.refused == []
    assert outcome.fate == "sent"


async def test_address_is_dropped_when_its_service_is_no_longer_allowed(
    vapid: Vapid, twin: PushTwin
) -> None:
    sender = WebPush(vapid, BROWSERS)
    (outcome,) = await sender.send([a_letter(twin.subscribe(vapid.public_key))])
    assert (outcome.fate, outcome.error, twin.requests) == ("gone", "not-allowed", 0)


def test_key_is_the_same_in_every_process_and_another_in_every_installation() -> None:
    ours = Settings(var_dir=Path("/nowhere"), secret_key=b"one")
    theirs = replace(ours, secret_key=b"another")
    assert open_vapid(ours).public_key == open_vapid(ours).public_key
    assert open_vapid(ours).public_key != open_vapid(theirs).public_key
    assert len(decode(open_vapid(ours).public_key)) == 65


def test_key_of_the_settings_goes_first() -> None:
    key = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
    given = Settings(var_dir=Path("/nowhere"), secret_key=b"one", vapid_key=key)
    public = (
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    )
    assert open_vapid(given).public_key == public


@pytest.mark.parametrize("key", ["short", "A" * 43, "!" * 43, "AAAA" * 16])
def test_key_that_is_none_stops_the_start(key: str) -> None:
    with pytest.raises(SettingsError):
        open_vapid(Settings(var_dir=Path("/nowhere"), secret_key=b"one", vapid_key=key))
