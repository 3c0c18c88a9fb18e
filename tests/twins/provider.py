"""Identity providers for tests: the certified npm package oidc-provider, and one that lies.

The real one runs as its own process on this machine (tests/twins/provider.mjs): it insists on PKCE,
checks redirect addresses, and signs with fresh keys. The lying one speaks the same protocol and
answers with whatever token a test has forged.
"""

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import KeySet, RSAKey

from tests.shared_data import CHECKOUT

CLIENT_ID = "caunoi"
CLIENT_SECRET = "a-secret-for-tests-and-nothing-else-at-all"


@contextmanager
def real_provider(redirect_uri: str) -> Iterator[str]:
    """A running oidc-provider that knows us by CLIENT_ID; its issuer."""
    node = shutil.which("node")
    if node is None or not (CHECKOUT / "web/node_modules/oidc-provider").is_dir():
        pytest.skip("npm package oidc-provider absent (./run setup dev installs web/node_modules)")
    environ = {
        "PATH": os.environ["PATH"],
        "NODE_NO_WARNINGS": "1",
        "CLIENT_ID": CLIENT_ID,
        "CLIENT_SECRET": CLIENT_SECRET,
        "REDIRECT_URI": redirect_uri,
    }
    process = subprocess.Popen(
        [node, str(CHECKOUT / "tests/twins/provider.mjs")],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("http"), f"oidc-provider did not start: {line!r}"
        yield line.strip()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=5)
        if process.stdout is not None:
            process.stdout.close()


@dataclass
class Liar:
    """A provider whose ID token is whatever `forge` makes of the nonce it was sent."""

    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "right"}))
    forge: Callable[[str], object] = lambda nonce: nonce
    document: dict[str, Any] = field(default_factory=dict)
    token_status: int = 200
    nonce: str = ""
    asked: list[str] = field(default_factory=list)
    forms: list[dict[str, list[str]]] = field(default_factory=list)

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "code_challenge_methods_supported": ["S256"],
            **self.document,
        }


@contextmanager
def lying_provider() -> Iterator[Liar]:
    """A running liar."""
    liar = Liar()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            liar.asked.append(path)
            if path == "/jwks":
                self._answer(200, KeySet([liar.key]).as_dict(private=False))
            else:
                self._answer(200, liar.discovery())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            liar.asked.append(self.path)
            liar.forms.append(parse_qs(body))
            token = liar.forge(liar.nonce)
            answer = {"access_token": "x", "token_type": "Bearer", "id_token": token}
            self._answer(liar.token_status, answer)

        def _answer(self, status: int, body: object) -> None:
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    liar.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield liar
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
