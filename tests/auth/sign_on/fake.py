"""A provider of OpenID Connect that does whatever a test wants it to: lies, dawdles, and sends nonsense."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from cpd.web import clock
from tests.auth.browser import Browser

NAME = "St Example's"
CLIENT_ID = "daybook"
CLIENT_SECRET = "a-secret-of-the-site-for-tests"
SITE = "http://localhost"
CALLBACK = "/auth/single-sign-on/callback"
ANN = {"sub": "248289761001", "email": "ann@example.org", "email_verified": True, "name": "Ann Example"}


@cache
def key_named(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


@dataclass
class Raw:
    """An answer as it is sent."""

    body: bytes = b"{}"
    kind: str | None = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait: threading.Event | None = None  # before the answer begins
    chunks: Iterator[bytes] | None = None  # instead of the body


@dataclass
class Fake:
    """What it says and does; a test changes what it is about."""

    port: int = 0
    person: dict[str, Any] = field(default_factory=lambda: dict(ANN))
    in_id_token: bool = True  # the claims about the person, besides `sub`
    claims: dict[str, Any] = field(default_factory=dict)  # of the ID token, in the place of right ones; None: left out
    header: dict[str, Any] = field(default_factory=dict)
    kid: str = "first"
    published: tuple[str, ...] = ("first",)
    description: dict[str, Any] = field(default_factory=dict)
    token: dict[str, Any] = field(default_factory=dict)  # of the token endpoint's answer
    raw: dict[str, Raw] = field(default_factory=dict)  # path → answer, whatever was asked
    sign: Callable[[dict[str, Any], dict[str, Any]], str] | None = None
    asked: Counter[str] = field(default_factory=Counter)
    sent: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)  # path, body, headers
    broken: list[str] = field(default_factory=list)  # faults of its own
    codes: dict[str, dict[str, str]] = field(default_factory=dict)  # code → what the browser came with

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def authorize(self, address: str) -> str:
        """Somebody is signed in there; gives the address that the browser is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        given = {"code": code, "state": asked["state"], "iss": self.issuer}
        return f"{CALLBACK}?{urlencode(given)}"

    def answer(self, path: str, body: str, headers: dict[str, str]) -> Raw:
        self.asked[path] += 1
        self.sent.append((path, body, headers))
        if path in self.raw:
            return self.raw[path]
        made = {
            "/.well-known/openid-configuration": self._describe,
            "/keys": self._keys,
            "/token": lambda: self._token(body, headers),
            "/userinfo": lambda: self.person,
        }
        content = made[path]()
        return Raw(json.dumps(content).encode(), status=400 if "error" in content else 200)

    def _describe(self) -> dict[str, Any]:
        right = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": True,
        }
        return {name: value for name, value in (right | self.description).items() if value is not None}

    def _keys(self) -> dict[str, Any]:
        return {"keys": [key_named(kid).as_dict(private=False) for kid in self.published]}

    def _token(self, body: str, headers: dict[str, str]) -> dict[str, Any]:
        sent = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self.codes.pop(sent["code"], None)
        if asked is None:
            return {"error": "invalid_grant"}
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == asked["code_challenge"]
        assert sent["redirect_uri"] == asked["redirect_uri"] == SITE + CALLBACK
        pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        assert headers["Authorization"] == f"Basic {pair}"
        right = {"access_token": "an-access-token", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}
        return {name: value for name, value in (right | self.token).items() if value is not None}

    def id_token(self, nonce: str) -> str:
        now = int(clock.now().timestamp())
        about = self.person if self.in_id_token else {"sub": self.person["sub"]}
        right = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce, **about}
        claims = {name: value for name, value in (right | self.claims).items() if value is not None}
        header = {"alg": "RS256", "kid": self.kid, **self.header}
        return (self.sign or signed)(header, claims)


def signed(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """As it should be: with the private key that the header names."""
    return _with_key(header, claims, key_named(header["kid"]))


def signed_without_kid(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return _with_key({"alg": header["alg"]}, claims, key_named(header["kid"]))


def signed_by_another(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return _with_key(header, claims, key_named("of somebody else"))


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return f"{_part({**header, 'alg': 'none'})}.{_part(claims)}."


def signed_with_public_key(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """With HMAC, the secret being what everybody can read."""
    return _with_secret(header, claims, key_named(header["kid"]).as_pem(private=False))


def signed_with_client_secret(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return _with_secret(header, claims, CLIENT_SECRET.encode())


def changed_afterwards(header: dict[str, Any], claims: dict[str, Any]) -> str:
    head, _, signature = signed(header, claims).split(".")
    return f"{head}.{_part({**claims, 'sub': 'somebody-else'})}.{signature}"


# By hand: a library would refuse to make what must be refused.


def _with_key(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    text = f"{_part(header)}.{_part(claims)}"
    return f"{text}.{_encoded(key.private_key.sign(text.encode(), PKCS1v15(), SHA256()))}"


def _with_secret(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    text = f"{_part({**header, 'alg': 'HS256'})}.{_part(claims)}"
    return f"{text}.{_encoded(hmac.digest(secret, text.encode(), 'sha256'))}"


def _part(content: dict[str, Any]) -> str:
    return _encoded(json.dumps(content).encode())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _handler(fake: Fake) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length).decode()
            try:
                raw = fake.answer(urlsplit(self.path).path, body, dict(self.headers))
            except BaseException as fault:
                fake.broken.append(repr(fault))
                raise
            if raw.wait:
                raw.wait.wait(30)
            self.send_response(raw.status)
            for name, value in {"Content-Type": raw.kind, **raw.headers}.items():
                if value is not None:
                    self.send_header(name, value)
            if raw.chunks is None:
                self.send_header("Content-Length", str(len(raw.body)))
            self.end_headers()
            try:
                for piece in raw.chunks or [raw.body]:
                    self.wfile.write(piece)
            except OSError:  # whoever asked has heard enough
                self.close_connection = True

        do_POST = do_GET  # noqa: N815  # a name of the standard library

        def log_message(self, *_: object) -> None:
            return None

    return Handler


@contextmanager
def serving_fake() -> Iterator[Fake]:
    """A fake that listens on 127.0.0.1."""
    fake = Fake()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake)) as server:
        server.daemon_threads = True
        fake.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()
    assert fake.broken == []


def settings_of(fake: Fake) -> dict[str, Any]:
    """The settings of a site whose people may sign in with a fake."""
    return {
        "site_url": SITE,
        "sign_on_issuer": fake.issuer,
        "sign_on_client_id": CLIENT_ID,
        "sign_on_client_secret": CLIENT_SECRET,
        "sign_on_name": NAME,
    }


class Visit:
    """A browser on its way to the provider and back."""

    def __init__(self, browser: Browser, fake: Fake) -> None:
        self.browser, self.fake = browser, fake

    def begin(self, wanted: str = "/") -> str:
        """The address at the provider that the site sends the browser to."""
        answer = self.browser.get(f"/auth/single-sign-on/start?next={wanted}")
        assert answer.status_code == 303, answer.text
        return str(answer.location)

    def back(self, wanted: str = "/") -> TestResponse:
        """What the site answers when the browser comes back."""
        return self.browser.get(self.fake.authorize(self.begin(wanted)))

    def finish(self, wanted: str = "/") -> TestResponse:
        """The page that the browser is led to then."""
        answer = self.back(wanted)
        return self.browser.get(answer.location)
