"""The provider of OpenID Connect that the settings name: where it is, what it signs with, whom it knows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import requests
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]  # ships no types
from authlib.integrations.requests_client import OAuth2Session  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from flask import Flask, current_app
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from cpd.auth.sign_on.asking import Question
from cpd.auth.sign_on.description import WELL_KNOWN, Description, read_description
from cpd.auth.sign_on.fault import ProviderFault
from cpd.auth.sign_on.fetching import WrongAnswer, careful
from cpd.auth.sign_on.identity import Identity, read_identity
from cpd.settings import Settings

CALLBACK = "/auth/single-sign-on/callback"
SCOPE = "openid email profile"
KEPT_FOR = timedelta(hours=1)  # what the provider states, and its keys
TRIED_AGAIN_AFTER = timedelta(seconds=10)  # where that could not be had
MOST_AT_ONCE = 16  # requests of one process that wait for it
NEW_KEYS_AFTER = timedelta(minutes=1)  # where a token is signed with a key that is not known
CLOCKS_DIFFER = 60  # seconds
OLDEST_TOKEN = 600
LONGEST_TOKEN = 4_000  # characters, of an access token
# The codes of OAuth that an operator can do something about; others are not repeated.
KNOWN_ERRORS = ("invalid_client", "invalid_grant", "invalid_request", "unauthorized_client", "invalid_scope")

# What reading a token or a key may raise, whatever is in it.
REFUSALS = (JoseError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

Fetched = TypeVar("Fetched")


class Kept(Generic[Fetched]):
    """Something of the provider's that is fetched when it is needed, and then kept for a while."""

    def __init__(self, fetch: Callable[[datetime], Fetched]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._tried_at: datetime | None = None
        self._value: Fetched | None = None
        self._fault = ""

    def get(self, now: datetime) -> Fetched:
        """The value, at most an hour old. Raises ProviderFault; what failed is tried again 10 seconds later."""
        with self._lock:
            lasts = TRIED_AGAIN_AFTER if self._value is None else KEPT_FOR
            return self._not_older_than(lasts, now)

    def get_newer(self, now: datetime) -> Fetched:
        """The value, fetched anew unless that was done within a minute. Raises ProviderFault."""
        with self._lock:
            return self._not_older_than(NEW_KEYS_AFTER, now)

    def _not_older_than(self, lasts: timedelta, now: datetime) -> Fetched:
        if self._tried_at is None or not timedelta() <= now - self._tried_at < lasts:
            self._tried_at, self._value = now, None
            try:
                self._value = self._fetch(now)
            except ProviderFault as fault:
                self._fault = str(fault)
        if self._value is None:
            raise ProviderFault(self._fault)
        return self._value


class Provider:
    """The provider. All of this but `authorization_url` from the second time on asks it by the network."""

    def __init__(self, settings: Settings) -> None:
        self._issuer = settings.sign_on_issuer
        self._client_id = settings.sign_on_client_id
        self._client_secret = settings.sign_on_client_secret
        self._redirect_uri = settings.address + CALLBACK
        self._description = Kept(self._fetch_description)
        self._keys = Kept(self._fetch_keys)
        self._lines = threading.BoundedSemaphore(MOST_AT_ONCE)

    def description(self, now: datetime) -> Description:
        """What the provider states of itself. Raises ProviderFault."""
        return self._description.get(now)

    def authorization_url(self, question: Question, *, now: datetime) -> str:
        """Where to send a browser. Raises ProviderFault."""
        description = self.description(now)
        options = {"redirect_uri": self._redirect_uri, "scope": SCOPE, "code_challenge_method": "S256"}
        with self._session(**options) as session:
            address, _ = session.create_authorization_url(
                description.authorization_endpoint,
                state=question.state,
                nonce=question.nonce,
                code_verifier=question.verifier,
            )
        return str(address)

    def check_answer(self, issuer: str | None, *, now: datetime) -> None:
        """Raise ProviderFault unless what a browser brings back is of this provider, as far as it says (RFC 9207)."""
        if issuer != self._issuer and (issuer is not None or self.description(now).names_itself):
            raise ProviderFault("an answer came that states another issuer, or none")

    def identity(self, code: str, question: Question, *, now: datetime) -> Identity:
        """Who came back with a code. Raises ProviderFault, also where what the provider says cannot be trusted."""
        description = self.description(now)
        token = self._exchange(description, code, question.verifier)
        access_token = token.get("access_token")
        if not isinstance(access_token, str) or not access_token.isascii() or len(access_token) > LONGEST_TOKEN:
            raise ProviderFault("its token endpoint gave no access token")
        claims = self._claims(description, token.get("id_token"), access_token, nonce=question.nonce, now=now)
        if "email" not in claims and description.userinfo_endpoint:
            more = self._userinfo(description, access_token)
            if more.get("sub") != claims["sub"]:
                raise ProviderFault("its userinfo is about somebody else")
            claims = {**more, **claims}
        return read_identity(claims, issuer=self._issuer)

    def _fetch_description(self, _: datetime) -> Description:
        address = self._issuer.rstrip("/") + WELL_KNOWN
        return read_description(self._get(address, "its description"), self._issuer)

    def _fetch_keys(self, now: datetime) -> KeySet:
        document = self._get(self.description(now).jwks_uri, "its keys")
        try:
            return KeySet.import_key_set(document)  # type: ignore[arg-type]  # what else it may be is caught below
        except REFUSALS as fault:
            raise ProviderFault(f"its keys cannot be read: {_words(fault)}") from None

    def _userinfo(self, description: Description, access_token: str) -> dict[str, Any]:
        return self._get(description.userinfo_endpoint, "its userinfo", {"Authorization": f"Bearer {access_token}"})

    def _get(self, address: str, what: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        with self._line() as session:
            try:
                answer = session.get(address, withhold_token=True, headers=headers)
                answer.raise_for_status()
            except requests.RequestException as fault:
                raise ProviderFault(f"{what} cannot be had: {_words(fault)}") from None
            return dict(answer.json())

    def _exchange(self, description: Description, code: str, verifier: str) -> dict[str, Any]:
        """What the provider gives for a code: an ID token and an access token."""
        method = description.authentication
        with self._line(token_endpoint_auth_method=method, redirect_uri=self._redirect_uri) as session:
            try:
                given = session.fetch_token(
                    description.token_endpoint, grant_type="authorization_code", code=code, code_verifier=verifier
                )
            except (*REFUSALS, AuthlibBaseError, requests.RequestException) as fault:
                raise ProviderFault(f"it gives no tokens for a code: {_words(fault)}") from None
            return dict(given)

    def _claims(
        self, description: Description, id_token: Any, access_token: str, *, nonce: str, now: datetime
    ) -> dict[str, Any]:
        """What an ID token says, once its signature and all that ties it to this sign-in have been checked."""
        if not isinstance(id_token, str):
            raise ProviderFault("its token endpoint gave no ID token")
        expected = {"iss": {"value": self._issuer}, "aud": {"value": self._client_id}}
        tied_to = {"nonce": nonce, "client_id": self._client_id, "access_token": access_token}
        seconds = int(now.timestamp())
        try:
            token = self._decoded(description, id_token, now)
            claims = CodeIDToken(token.claims, token.header, expected, tied_to)
            claims.validate(now=seconds, leeway=CLOCKS_DIFFER)
        except REFUSALS as fault:
            raise ProviderFault(f"its ID token is refused: {_words(fault)}") from None
        if seconds - claims["iat"] > OLDEST_TOKEN:
            raise ProviderFault("its ID token is refused: it is not of this sign-in")
        return dict(claims)

    def _decoded(self, description: Description, id_token: str, now: datetime) -> jwt.Token:
        registry = JWSRegistry(algorithms=description.algorithms, strict_check_header=False)
        try:
            return jwt.decode(id_token, self._keys.get(now), registry=registry)
        except InvalidKeyIdError:  # the provider may have taken a new key
            return jwt.decode(id_token, self._keys.get_newer(now), registry=registry)

    @contextmanager
    def _line(self, **options: Any) -> Iterator[OAuth2Session]:
        """A session for asking by the network, unless too many are at it."""
        if not self._lines.acquire(blocking=False):
            raise ProviderFault("too many wait for it at this moment")
        try:
            with self._session(**options) as session:
                yield session
        finally:
            self._lines.release()

    def _session(self, **options: Any) -> OAuth2Session:
        session = OAuth2Session(client_id=self._client_id, client_secret=self._client_secret, **options)
        careful(session)
        return session


def configure(app: Flask, settings: Settings) -> None:
    app.extensions["sign_on"] = Provider(settings)


def of_this_app() -> Provider:
    provider: Provider = current_app.extensions["sign_on"]
    return provider


def _words(fault: Exception) -> str:
    """What a fault may tell the operator: of all that was sent only a code of OAuth and the name of a claim."""
    if isinstance(fault, WrongAnswer):
        return str(fault)
    code = getattr(fault, "error", "")
    known = code if code in KNOWN_ERRORS else ""
    response = getattr(fault, "response", None)
    status = f"status {response.status_code}" if response is not None else ""
    return " ".join(filter(None, [type(fault).__name__, known, getattr(fault, "claim", ""), status]))
