"""Letters go out by real SMTP and HTTP; what comes back decides what becomes of them."""

import dataclasses
import email
import json
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from backend.errors import SettingsError
from backend.jobs.errors import BadPayload, Later
from backend.messages.gateways import Mail, Sms, open_gateways, settle
from backend.messages.letters import Outcome
from backend.messages.mail import SmtpMail
from backend.messages.sms import HttpSms
from backend.settings import Settings, SmsSettings, SmtpSettings, read_settings

LETTER = Mail(
    to="lan@example.vn",
    subject="Mã đăng nhập",
    text="Mã của bạn là 123456.\n",
    html="<p>Mã của bạn là 123456.</p>",
    reference="code-1",
    unsubscribe_url="https://caunoi.example/thoi",
)
TEXT = Sms(to="+84912345678", text='Ma: 123456 "\\ {{token}}', reference="code-2")


class MailServer:
    """Takes mail on a free port; `answers` are replies to RCPT and DATA, used up in order."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.rcpt: list[str] = []
        self.data: list[str] = []
        self.envelopes: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.rcpt:
            return self.rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.data:
            return self.data.pop(0)
        assert isinstance(envelope.content, bytes)
        self.taken.append(email.message_from_bytes(envelope.content))
        self.envelopes.append(envelope)
        return "250 taken"


@pytest.fixture
def mail_server() -> Iterator[tuple[MailServer, SmtpMail]]:
    handler = MailServer()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    smtp = SmtpSettings("127.0.0.1", port, "none", "caunoi@quangngai.example")
    yield handler, SmtpMail(smtp)
    controller.stop()


async def test_an_email_arrives_as_it_was_written(
    mail_server: tuple[MailServer, SmtpMail],
) -> None:
    server, gateway = mail_server
    outcome = await gateway.send(LETTER)
    assert outcome == Outcome("sent", wire_id="<code-1@quangngai.example>")
    [message] = server.taken
    assert server.envelopes[0].rcpt_tos == ["lan@example.vn"]
    assert server.envelopes[0].mail_from == "caunoi@quangngai.example"
    assert message["Message-ID"] == "<code-1@quangngai.example>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Auto-Submitted"] == "auto-generated"
    plain, html = message.get_payload()
    assert "Mã của bạn là 123456." in plain.get_payload(decode=True).decode()
    assert html.get_content_type() == "text/html"


@pytest.mark.parametrize(
    ("rcpt", "data", "fate"),
    [
        ("550 no such mailbox", "", "gone"),
        ("450 greylisted", "", "later"),
        ("", "554 looks like spam", "bad"),
        ("", "451 try again", "later"),
    ],
)
async def test_what_the_mail_server_says_decides(
    mail_server: tuple[MailServer, SmtpMail], rcpt: str, data: str, fate: str
) -> None:
    server, gateway = mail_server
    server.rcpt, server.data = [rcpt] if rcpt else [], [data] if data else []
    outcome = await gateway.send(LETTER)
    assert outcome.fate == fate
    assert "lan" not in str(outcome)
    assert (await gateway.send(LETTER)).fate == "sent"


async def test_a_server_without_tls_is_not_spoken_to_in_the_clear(
    mail_server: tuple[MailServer, SmtpMail],
) -> None:
    server, gateway = mail_server
    wary = SmtpMail(dataclasses.replace(gateway._smtp, security="starttls"))
    assert (await wary.send(LETTER)).fate == "later"
    assert server.taken == []


async def test_nobody_there_means_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    gateway = SmtpMail(SmtpSettings("127.0.0.1", port, "none", "a@b.example"))
    assert (await gateway.send(LETTER)).fate == "later"
    sms = HttpSms(SmsSettings(f"http://127.0.0.1:{port}/send"))
    assert (await sms.send(TEXT)).fate == "later"
    await sms.close()


async def test_a_header_cannot_be_smuggled_into_an_email(
    mail_server: tuple[MailServer, SmtpMail],
) -> None:
    server, gateway = mail_server
    for changed in (
        dataclasses.replace(LETTER, to="lan@example.vn\r\nBcc: other@example.vn"),
        dataclasses.replace(LETTER, subject="Mã\r\nBcc: other@example.vn"),
    ):
        assert (await gateway.send(changed)).fate == "bad"
    assert server.taken == []
    with pytest.raises(ValueError, match="reference"):
        dataclasses.replace(LETTER, reference="../outside")


@dataclasses.dataclass
class SmsServer:
    """What an SMS gateway was sent, and what it answers."""

    url: str = ""
    asked: list[tuple[dict[str, str], Any]] = dataclasses.field(default_factory=list)
    status: int = 200
    body: bytes = b'{"CodeResult": "100"}'
    headers: dict[str, str] = dataclasses.field(default_factory=dict)


@contextmanager
def sms_server() -> Iterator[SmsServer]:
    memory = SmsServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            memory.asked.append((dict(self.headers), body))
            self.send_response(memory.status)
            for name, value in memory.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(memory.body)))
            self.end_headers()
            self.wfile.write(memory.body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    memory.url = f"http://127.0.0.1:{server.server_address[1]}/send"
    try:
        yield memory
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


async def test_a_text_message_fills_the_template_and_cannot_break_out_of_it() -> None:
    with sms_server() as server:
        sms = HttpSms(SmsSettings(server.url, "secret"))
        assert (await sms.send(TEXT)).fate == "sent"
        headers, body = server.asked[0]
        assert headers["Authorization"] == "Bearer secret"
        assert body == {"to": TEXT.to, "text": TEXT.text, "reference": "code-2"}
        await sms.close()
        template = (
            '{"ApiKey": "{{token}}", "Phone": "{{phone_local}}", "to": ["{{phone_digits}}"],'
            ' "Content": "CauNoi: {{text}}", "Brand": "CAUNOI", "Unicode": 0}'
        )
        sms = HttpSms(SmsSettings(server.url, "secret", template, "CodeResult=100"))
        assert (await sms.send(TEXT)).fate == "sent"
        headers, body = server.asked[1]
        assert "Authorization" not in headers
        assert body == {
            "ApiKey": "secret",
            "Phone": "0912345678",
            "to": ["84912345678"],
            "Content": f"CauNoi: {TEXT.text}",
            "Brand": "CAUNOI",
            "Unicode": 0,
        }
        await sms.close()


@pytest.mark.parametrize(
    ("status", "body", "headers", "fate", "wait"),
    [
        (200, b'{"CodeResult": "104"}', {}, "later", 120),
        (200, b"<html>", {}, "later", 120),
        (200, b"[" * 100_000, {}, "later", 120),
        (302, b"", {"Location": "http://127.0.0.1:1/"}, "bad", None),
        (400, b"", {}, "bad", None),
        (401, b"", {}, "later", 120),
        (429, b"", {"Retry-After": "7"}, "later", 7),
        (503, b"", {}, "later", None),
    ],
)
async def test_what_the_sms_gateway_answers_decides(
    status: int, body: bytes, headers: dict[str, str], fate: str, wait: float | None
) -> None:
    with sms_server() as server:
        server.status, server.body, server.headers = status, body, headers
        sms = HttpSms(SmsSettings(server.url, accepted="CodeResult=100"))
        outcome = await sms.send(TEXT)
        assert (outcome.fate, outcome.retry_after_seconds) == (fate, wait)
        assert "912345" not in str(outcome)
        await sms.close()


async def test_the_outbox_is_for_its_owner_only_and_stays_small(settings: Settings) -> None:
    gateways = open_gateways(settings)
    for number in range(210):
        await gateways.sms.send(dataclasses.replace(TEXT, reference=f"n-{number}"))
    assert (await gateways.mail.send(LETTER)).fate == "sent"
    folder = settings.var_dir / "outbox"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = list(folder.iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert len(files) == 200
    assert (folder / "mail-code-1.eml").exists()
    await gateways.close()


def test_an_outcome_is_what_becomes_of_the_job() -> None:
    settle(Outcome("sent"))
    with pytest.raises(Later) as later:
        settle(Outcome("later", error="smtp-450", retry_after_seconds=30))
    assert later.value.delay_seconds == 30
    for fate in ("gone", "bad"):
        with pytest.raises(BadPayload, match="smtp-550"):
            settle(Outcome(fate, error="smtp-550"))  # type: ignore[arg-type]  # both are fates


@pytest.mark.parametrize(
    "environ",
    [
        {"CAUNOI_SMTP_HOST": "mail.example"},
        {"CAUNOI_SMTP_HOST": "mail.example", "CAUNOI_MAIL_FROM": "nobody"},
        {"CAUNOI_SMS_URL": "ftp://x"},
        {"CAUNOI_SMS_URL": "https://x", "CAUNOI_SMS_TEMPLATE": "{{phone}} {{text}}"},
        {"CAUNOI_SMS_URL": "https://x", "CAUNOI_SMS_TEMPLATE": '{"to": "{{phone}}"}'},
        {"CAUNOI_SMS_URL": "https://x", "CAUNOI_SMS_ACCEPTED": "ok"},
        {"CAUNOI_OIDC_ISSUER": "http://vneid.example", "CAUNOI_OIDC_CLIENT_ID": "x"},
        {"CAUNOI_OIDC_ISSUER": "https://vneid.example"},
        {
            "CAUNOI_OIDC_ISSUER": "https://vneid.example",
            "CAUNOI_OIDC_CLIENT_ID": "x",
            "CAUNOI_OIDC_ALGORITHMS": "RS256,HS256",
        },
    ],
)
def test_settings_that_cannot_work_stop_the_start(environ: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        read_settings({"CAUNOI_VAR": str(tmp_path), **environ})
