"""What a provider may answer, and what of it is believed."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from hypothesis import HealthCheck, given, settings, strategies
from joserfc import jwt
from joserfc.jwk import ECKey
from requests.adapters import HTTPAdapter

from cpd.auth.sign_on import fetching
from cpd.auth.sign_on import provider as providers
from cpd.auth.sign_on.asking import Question
from cpd.auth.sign_on.fault import ProviderFault
from cpd.auth.sign_on.provider import Provider
from cpd.web import clock
from tests.auth.sign_on import fake as fakes
from tests.auth.sign_on.fake import ANN, CLIENT_ID, CLIENT_SECRET, SITE, Fake, Raw
from tests.conftest import settings_for

QUESTION = Question(state="s" * 43, nonce="n" * 43, verifier="v" * 43, wanted="/", kept="")
HOUR = 3_600
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


@pytest.fixture
def provider(fake: Fake, tmp_path: Path) -> Provider:
    return provider_of(fake, tmp_path)


def provider_of(fake: Fake, folder: Path) -> Provider:
    told = {"sign_on_issuer": fake.issuer, "sign_on_client_id": CLIENT_ID, "sign_on_client_secret": CLIENT_SECRET}
    return Provider(replace(settings_for("sqlite://", folder), site_url=SITE, **told))


def identity(provider: Provider, fake: Fake, question: Question = QUESTION) -> Any:
    """Who comes back from a visit to the provider."""
    back = fake.authorize(provider.authorization_url(question, now=clock.now()))
    code = parse_qs(urlsplit(back).query)["code"][0]
    return provider.identity(code, question, now=clock.now())


def test_who_comes_back_is_known_by_subject_address_and_name(provider, fake):
    who = identity(provider, fake)
    assert (who.issuer, who.subject, who.email.canon, who.name) == (
        fake.issuer,
        ANN["sub"],
        "ann@example.org",
        "Ann Example",
    )


def soon() -> int:
    return int(clock.now().timestamp())


NO_ID_TOKEN = "its token endpoint gave no ID token"
NOBODY = "its ID token names nobody"
FORGED = {
    "unsigned": ({"sign": fakes.unsigned}, "UnsupportedAlgorithmError"),
    "signed with the public key as a secret": ({"sign": fakes.signed_with_public_key}, "UnsupportedAlgorithmError"),
    "signed with the client's secret": ({"sign": fakes.signed_with_client_secret}, "UnsupportedAlgorithmError"),
    "signed by somebody else": ({"sign": fakes.signed_by_another}, "BadSignatureError"),
    "changed after it was signed": ({"sign": fakes.changed_afterwards}, "BadSignatureError"),
    "signed with a key that is not published": ({"kid": "secret"}, "InvalidKeyIdError"),
    "with a header that must be understood": ({"header": {"crit": ["exp"], "exp": 1}}, "UnsupportedHeaderError"),
    "with an algorithm that is a list": ({"header": {"alg": ["RS256"]}}, "InvalidHeaderValueError"),
    "with a kid that is a number": ({"header": {"kid": 1}}, "InvalidHeaderValueError"),
    "of one part": ({"token": {"id_token": "nothing"}}, "DecodeError"),
    "of five parts, as if encrypted": ({"token": {"id_token": "a.b.c.d.e"}}, "DecodeError"),
    "not ASCII": ({"token": {"id_token": "é.é.é"}}, "DecodeError"),
    "with half a character": ({"token": {"id_token": "\ud800"}}, "UnicodeEncodeError"),
    "a number": ({"token": {"id_token": 1}}, NO_ID_TOKEN),
    "missing": ({"token": {"id_token": None}}, NO_ID_TOKEN),
    "of another issuer": ({"claims": {"iss": "https://evil.example.org"}}, "InvalidClaimError iss"),
    "of no issuer": ({"claims": {"iss": None}}, "MissingClaimError iss"),
    "of a list of issuers": ({"claims": {"iss": ["https://evil.example.org"]}}, "InvalidClaimError iss"),
    "for another site": ({"claims": {"aud": "another"}}, "InvalidClaimError aud"),
    "for other sites": ({"claims": {"aud": ["another", "third"]}}, "InvalidClaimError aud"),
    "for nobody": ({"claims": {"aud": None}}, "MissingClaimError aud"),
    "for an empty list": ({"claims": {"aud": []}}, "InvalidClaimError aud"),
    "for this site and another, without saying who asked": (
        {"claims": {"aud": [CLIENT_ID, "another"]}},
        "MissingClaimError azp",
    ),
    "for this site and another, which asked": (
        {"claims": {"aud": [CLIENT_ID, "another"], "azp": "another"}},
        "InvalidClaimError azp",
    ),
    "asked for by another": ({"claims": {"azp": "another"}}, "InvalidClaimError azp"),
    "without a nonce": ({"claims": {"nonce": None}}, "MissingClaimError nonce"),
    "with the nonce of another sign-in": ({"claims": {"nonce": "m" * 43}}, "InvalidClaimError nonce"),
    "with a list of nonces": ({"claims": {"nonce": ["n" * 43]}}, "InvalidClaimError nonce"),
    "without an end": ({"claims": {"exp": None}}, "MissingClaimError exp"),
    "that has ended": ({"claims": {"exp": 1}}, "ExpiredTokenError exp"),
    "whose end is a text": ({"claims": {"exp": "9999999999"}}, "InvalidClaimError exp"),
    "whose end is yes": ({"claims": {"exp": True}}, "InvalidClaimError exp"),
    "without a time of issue": ({"claims": {"iat": None}}, "MissingClaimError iat"),
    "of tomorrow": ({"claims": {"iat": 9_999_999_999}}, "InvalidClaimError iat"),
    "of long ago": ({"claims": {"iat": 1}}, "it is not of this sign-in"),
    "not valid yet": ({"claims": {"nbf": 9_999_999_999}}, "InvalidClaimError nbf"),
    "for another access token": ({"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}}, "InvalidClaimError at_hash"),
    "with a hash that is a list": ({"claims": {"at_hash": [1]}}, "InvalidClaimError at_hash"),
    "about nobody": ({"claims": {"sub": None}}, "MissingClaimError sub"),
    "about an empty name": ({"claims": {"sub": ""}}, NOBODY),
    "about a number": ({"claims": {"sub": 248289761001}}, "InvalidClaimError sub"),
    "about a name that is too long": ({"claims": {"sub": "x" * 256}}, NOBODY),
    "about a name with a NUL": ({"claims": {"sub": "a\x00b"}}, NOBODY),
    "about a name with half a character": ({"claims": {"sub": "\ud800"}}, NOBODY),
}


@pytest.mark.parametrize(("wrong", "words"), FORGED.values(), ids=FORGED)
def test_an_id_token_is_refused_that_is(provider, fake, wrong, words):
    for name, value in wrong.items():
        setattr(fake, name, value)
    with pytest.raises(ProviderFault) as fault:
        identity(provider, fake)
    assert str(fault.value) in (words, f"its ID token is refused: {words}")


GOOD = {
    "for a list of this site alone": {"claims": {"aud": [CLIENT_ID]}},
    "for several sites, asked for by this one": {"claims": {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}},
    "with more in its header": {"header": {"typ": "JWT", "x5t": "abc", "pi.atm": "1"}},
    "without naming the only key": {"sign": fakes.signed_without_kid},
    "with claims nobody asked for": {"claims": {"groups": ["a"] * 100, "validate": {}, "acr": "1", "amr": ["pwd"]}},
}


@pytest.mark.parametrize("right", GOOD.values(), ids=GOOD)
def test_an_id_token_is_believed_that_is(provider, fake, right):
    for name, value in right.items():
        setattr(fake, name, value)
    assert identity(provider, fake).subject == ANN["sub"]


@pytest.mark.parametrize("subject", ["x", "x" * 255, "a b|c/d"], ids=len)
def test_a_subject_has_up_to_255_characters_of_any_kind(provider, fake, subject):
    fake.person["sub"] = subject
    assert identity(provider, fake).subject == subject


@pytest.mark.parametrize(
    ("issued", "ends", "believed"),
    [
        (60, 300, True),
        (61, 300, False),
        (-300, -59, True),
        (-300, -60, False),
        (-600, 1, True),
        (-601, 1, False),
    ],
    ids=["a minute fast", "faster", "slow", "a minute slow", "ten minutes old", "older"],
)
def test_clocks_may_differ_by_a_minute_and_a_token_be_ten_minutes_old(provider, fake, issued, ends, believed):
    with time_machine.travel(NOW, tick=False):
        fake.claims = {"iat": soon() + issued, "exp": soon() + ends}
        if believed:
            assert identity(provider, fake).subject == ANN["sub"]
        else:
            with pytest.raises(ProviderFault, match=r"^its ID token is refused: "):
                identity(provider, fake)


@pytest.mark.parametrize(
    ("claims", "believed"),
    [
        ({}, True),
        ({"email_verified": "true"}, False),
        ({"email_verified": "false"}, False),
        ({"email_verified": False}, False),
        ({"email_verified": None}, False),
        ({"email_verified": 1}, False),
        ({"email": None}, False),
        ({"email": ["ann@example.org"]}, False),
        ({"email": "ann"}, False),
        ({"email": "ann@example.org\x00"}, False),
        ({"email": "ann@example.org\r\nBcc: eve@example.org"}, False),
        ({"email": "\ud800@example.org"}, False),
    ],
    ids=ascii,
)
def test_an_address_counts_only_where_the_provider_has_verified_it(provider, fake, claims, believed):
    fake.description = {"userinfo_endpoint": None}
    fake.claims = claims
    assert (identity(provider, fake).email is not None) == believed


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("  Ann\u202e \x00 Example ", "Ann Example"),
        ("x" * 500, "x" * 120),
        ("\ud800Ann", "Ann"),
        (None, ""),
        (["Ann"], ""),
    ],
    ids=ascii,
)
def test_a_name_is_cleaned_as_if_it_were_typed(provider, fake, name, read):
    fake.claims = {"name": name}
    assert identity(provider, fake).name == read


# What some providers say only when asked with the access token


def test_what_the_id_token_leaves_out_is_asked_for(provider, fake):
    fake.in_id_token = False
    assert identity(provider, fake).email.canon == "ann@example.org"
    path, _, headers = fake.sent[-1]
    assert (path, headers["Authorization"]) == ("/userinfo", "Bearer an-access-token")


def test_userinfo_is_not_asked_for_what_is_known(provider, fake):
    identity(provider, fake)
    assert fake.asked["/userinfo"] == 0


def test_what_the_id_token_says_is_not_taken_from_elsewhere(provider, fake):
    fake.in_id_token = False
    fake.claims = {"email_verified": False}
    assert identity(provider, fake).email is None


@pytest.mark.parametrize("sub", ["somebody-else", None, 1], ids=str)
def test_userinfo_about_somebody_else_is_refused(provider, fake, sub):
    fake.in_id_token = False
    fake.raw["/userinfo"] = Raw(json.dumps({**ANN, "sub": sub}).encode())
    with pytest.raises(ProviderFault, match=r"^its userinfo is about somebody else$"):
        identity(provider, fake)


@pytest.mark.parametrize("in_id_token", [True, False])
def test_only_what_is_needed_is_sent_and_asked_for(provider, fake, in_id_token):
    fake.in_id_token = in_id_token
    identity(provider, fake)
    paths = ["/.well-known/openid-configuration", "/token", "/keys", "/userinfo"]
    assert [path for path, _, _ in fake.sent] == paths[: 3 if in_id_token else 4]
    for _, _, headers in fake.sent:
        assert {headers[name] for name in ("Accept", "User-Agent")} == {"application/json", "cpd"}
        assert headers["Accept-Encoding"] == "identity"
    assert [headers.get("Authorization", "")[:6] for _, _, headers in fake.sent] == ["", "Basic ", "", "Bearer"][
        : 3 if in_id_token else 4
    ]
    sent = parse_qs(fake.sent[1][1])
    code = sent.pop("code")
    assert len(code[0]) > 10
    assert sent == {
        "grant_type": ["authorization_code"],
        "redirect_uri": [f"{SITE}/auth/single-sign-on/callback"],
        "code_verifier": [QUESTION.verifier],
    }


def test_a_browser_is_sent_with_what_ties_its_answer_to_it(provider, fake):
    address = urlsplit(provider.authorization_url(QUESTION, now=clock.now()))
    digest = hashlib.sha256(QUESTION.verifier.encode()).digest()
    assert address.geturl().startswith(f"{fake.issuer}/authorize?")
    assert parse_qs(address.query) == {
        "response_type": ["code"],
        "client_id": [CLIENT_ID],
        "redirect_uri": [f"{SITE}/auth/single-sign-on/callback"],
        "scope": ["openid email profile"],
        "state": [QUESTION.state],
        "nonce": [QUESTION.nonce],
        "code_challenge": [urlsafe_b64encode(digest).decode().rstrip("=")],
        "code_challenge_method": ["S256"],
    }


def test_an_issuer_may_end_in_a_slash(fake, tmp_path):
    issuer = f"{fake.issuer}/realm/"
    fake.description = {"issuer": issuer}
    described = fake.answer("/.well-known/openid-configuration", "", {})
    fake.raw["/realm/.well-known/openid-configuration"] = described
    told = {"sign_on_issuer": issuer, "sign_on_client_id": CLIENT_ID, "sign_on_client_secret": CLIENT_SECRET}
    provider = Provider(replace(settings_for("sqlite://", tmp_path), site_url=SITE, **told))
    assert provider.description(clock.now()).issuer == issuer


# Answers that are none

DEEP = b'{"a":' + b"[" * 100_000
NONSENSE = {
    "no JSON": Raw(b"<html>"),
    "half of it": Raw(b'{"access_token":'),
    "a list": Raw(b"[]"),
    "a text": Raw(b'"yes"'),
    "not UTF-8": Raw(b'{"a":"\xff"}'),
    "too deep": Raw(DEEP),
    "a web page": Raw(b"{}", kind="text/html"),
    "of no kind": Raw(b"{}", kind=""),
    "5 MB": Raw(b'{"a":"' + b"x" * 5_000_000 + b'"}'),
    "5 MB in pieces": Raw(chunks=(b"x" * 50_000 for _ in range(100))),
    "compressed": Raw(b"\x1f\x8b\x08\x00", headers={"Content-Encoding": "gzip"}),
    "an error of the server": Raw(b'{"error":"server_error"}', status=500),
    "a page of a gateway": Raw(b"<html>", kind="text/html", status=502),
    "a refusal": Raw(b'{"error":"invalid_client"}', status=401),
    "a refusal that says nothing": Raw(b"{}", status=403),
    "elsewhere": Raw(status=302, headers={"Location": "http://127.0.0.1:1/"}),
    "elsewhere for good": Raw(status=308, headers={"Location": "/keys"}),
    "with an end that is none": Raw(b'{"access_token":"a","expires_in":"soon"}'),
    "with an end in a list": Raw(b'{"access_token":"a","expires_in":[]}'),
    "with an endless end": Raw(b'{"access_token":"a","expires_in":1e999}'),
    "an error that is a list": Raw(b'{"error":[1]}', status=400),
}


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token", "/userinfo"])
@pytest.mark.parametrize("raw", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_a_fault_of_the_provider(provider, fake, path, raw):
    fake.in_id_token = False
    fake.raw[path] = replace(raw, chunks=(b"x" * 50_000 for _ in range(100)) if raw.chunks else None)
    with pytest.raises(ProviderFault) as fault:
        identity(provider, fake)
    assert CLIENT_SECRET not in str(fault.value)
    assert fake.asked["/keys"] < 2


WHAT = {
    "/.well-known/openid-configuration": "its description cannot be had",
    "/keys": "its keys cannot be had",
    "/token": "it gives no tokens for a code",
    "/userinfo": "its userinfo cannot be had",
}
WORDS = {
    "a page": (Raw(b"<html>", kind="text/html", status=502), "the answer, with status 502, is no JSON"),
    "no JSON": (Raw(b"<html>"), "the answer, with status 200, is no JSON object"),
    "a list": (Raw(b"[]"), "the answer, with status 200, is no JSON object"),
    "too deep": (Raw(DEEP), "the answer, with status 200, is no JSON object"),
    "of no kind": (Raw(b"{}", kind=""), "the answer, with status 200, is no JSON"),
    "that does not say its kind": (Raw(b"{}", kind=None), "the answer, with status 200, is no JSON"),
    "compressed, as nobody asked for": (
        Raw(gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}),
        "the answer, with status 200, is no JSON object",
    ),
    "too large": (Raw(b"{" + b" " * (256 * 1_024 - 1) + b"}"), "the answer is too large"),
}


@pytest.mark.parametrize(("path", "what"), WHAT.items())
@pytest.mark.parametrize(("raw", "words"), WORDS.values(), ids=WORDS)
def test_the_operator_is_told_which_answer_was_none_and_why(provider, fake, path, what, raw, words):
    fake.in_id_token = False
    fake.raw[path] = raw
    with pytest.raises(ProviderFault) as fault:
        identity(provider, fake)
    assert str(fault.value) == f"{what}: {words}"


@pytest.mark.parametrize("path", [path for path in WHAT if path != "/token"])
def test_the_operator_is_told_with_which_status_the_provider_refuses(provider, fake, path):
    fake.in_id_token = False
    fake.raw[path] = Raw(status=503)
    with pytest.raises(ProviderFault) as fault:
        identity(provider, fake)
    assert str(fault.value) == f"{WHAT[path]}: HTTPError status 503"


@pytest.mark.parametrize("path", WHAT)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_provider_is_not_followed_elsewhere(provider, fake, path, status):
    fake.in_id_token = False
    fake.raw[path] = Raw(status=status, headers={"Location": "/elsewhere"})
    with pytest.raises(ProviderFault, match=f"^{WHAT[path]}: TooManyRedirects"):
        identity(provider, fake)
    assert fake.asked["/elsewhere"] == 0


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON ; charset=utf-8", "application/jwk-set+json"])
def test_an_answer_may_be_as_large_as_a_quarter_of_a_megabyte_and_of_each_kind_of_json(provider, fake, kind):
    fake.raw["/keys"] = Raw(fake.answer("/keys", "", {}).body.ljust(256 * 1_024), kind=kind)
    assert identity(provider, fake).subject == ANN["sub"]


def test_every_address_is_asked_with_care():
    session = requests.Session()
    fetching.careful(session)
    for address in ("https://id.example.org/", "http://127.0.0.1:8080/"):
        assert isinstance(session.get_adapter(address), fetching.CarefulAdapter)
    assert session.max_redirects == 0


def test_each_request_has_its_limits_and_keeps_what_the_operator_says_of_certificates(monkeypatch):
    asked = []
    monkeypatch.setattr(HTTPAdapter, "send", lambda *_, **options: asked.append(options))
    with pytest.raises(AttributeError):  # there is no answer
        fetching.CarefulAdapter().send(requests.PreparedRequest(), stream=False, timeout=99, verify="own.pem")
    assert asked == [{"stream": True, "timeout": (3.0, 5.0), "verify": "own.pem"}]


@pytest.mark.parametrize("wrong", [None, 1, "é", "x" * 4_001], ids=lambda wrong: ascii(wrong)[:9])
def test_an_access_token_that_cannot_be_sent_is_a_fault_of_the_provider(provider, fake, wrong):
    fake.token = {"access_token": wrong}
    with pytest.raises(ProviderFault, match=r"^its token endpoint gave no access token$"):
        identity(provider, fake)


def test_an_access_token_may_have_four_thousand_characters(provider, fake):
    fake.in_id_token = False
    fake.token = {"access_token": "x" * 4_000}
    assert identity(provider, fake).email.canon == ANN["email"]
    assert fake.sent[-1][2]["Authorization"] == f"Bearer {'x' * 4_000}"


@pytest.mark.parametrize(
    "keys",
    [{}, {"keys": []}, {"keys": {}}, {"keys": [1]}, {"keys": [{"kty": "RSA"}]}, {"keys": [{"kty": "x"}]}, {"keys": 1}],
    ids=str,
)
def test_keys_that_are_none_are_a_fault_of_the_provider(provider, fake, keys):
    fake.raw["/keys"] = Raw(json.dumps(keys).encode())
    with pytest.raises(ProviderFault, match=r"^its keys cannot be read: [A-Za-z]+Error$"):
        identity(provider, fake)


def test_an_answer_that_does_not_begin_is_not_waited_for(provider, fake, monkeypatch):
    monkeypatch.setattr(fetching, "LONGEST_SILENCE", 0.05)
    for path in ("/.well-known/openid-configuration", "/keys", "/token"):
        fake.raw = {path: Raw(wait=threading.Event())}
        try:
            with (
                time_machine.travel(clock.now() + timedelta(hours=2), tick=False),
                pytest.raises(ProviderFault, match=r"Timeout|broke off"),
            ):
                identity(provider, fake)
        finally:
            fake.raw[path].wait.set()


def test_an_answer_that_does_not_end_is_not_waited_for(provider, fake, monkeypatch):
    monkeypatch.setattr(fetching, "LONGEST_ANSWER", 0.05)
    let_go = threading.Event()
    fake.raw["/token"] = Raw(chunks=dripping(let_go))
    provider.description(clock.now())
    with pytest.raises(ProviderFault, match=r"^it gives no tokens for a code: the answer took too long$"):
        identity(provider, fake)
    let_go.set()


def dripping(let_go: threading.Event) -> Iterator[bytes]:
    yield b"{"
    while not let_go.wait(0.02):
        yield b" "


def test_an_answer_that_breaks_off_is_a_fault_of_the_provider(provider, fake):
    fake.raw["/token"] = Raw(b"{}", headers={"Transfer-Encoding": "chunked"})
    with pytest.raises(ProviderFault, match=r"^it gives no tokens for a code: the answer broke off: ProtocolError$"):
        identity(provider, fake)


def test_only_so_many_wait_for_it_at_once(provider, fake, monkeypatch, tmp_path):
    monkeypatch.setattr(providers, "MOST_AT_ONCE", 1)
    provider = provider_of(fake, tmp_path)
    identity(provider, fake)
    slow = fake.raw["/token"] = Raw(wait=threading.Event())
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(identity, provider, fake)
        while fake.asked["/token"] < 2:
            assert not waiting.done()
        with pytest.raises(ProviderFault, match=r"^too many wait for it at this moment$"):
            identity(provider, fake)
        slow.wait.set()
        with pytest.raises(ProviderFault):
            waiting.result()
    fake.raw = {}
    assert identity(provider, fake).subject == ANN["sub"]


def test_a_provider_that_is_away_is_asked_again_after_ten_seconds(fake, tmp_path):
    gone = provider_of(Fake(port=1), tmp_path)
    with pytest.raises(ProviderFault, match="its description cannot be had: ConnectionError"):
        gone.description(clock.now())

    provider, now = provider_of(fake, tmp_path), clock.now()
    fake.raw["/.well-known/openid-configuration"] = Raw(status=500)
    for seconds, asked in ((0, 1), (5, 1), (9.9, 1), (10, 2), (15, 2)):
        with pytest.raises(ProviderFault, match="status 500"):
            provider.description(now + timedelta(seconds=seconds))
        assert fake.asked["/.well-known/openid-configuration"] == asked
    fake.raw = {}
    assert provider.description(now + timedelta(seconds=20)).issuer == fake.issuer


def test_what_the_provider_states_is_kept_for_an_hour(provider, fake):
    now = clock.now()
    for seconds, asked in ((0, 1), (0, 1), (HOUR - 1, 1), (HOUR, 2), (2 * HOUR - 1, 2), (-5, 3)):
        provider.description(now + timedelta(seconds=seconds))
        assert fake.asked["/.well-known/openid-configuration"] == asked


def test_after_a_fault_of_ours_the_provider_is_said_to_be_at_fault_in_no_words():
    kept = providers.Kept(lambda _: {}["no such thing"])
    with pytest.raises(KeyError):
        kept.get(NOW)
    with pytest.raises(ProviderFault) as fault:
        kept.get(NOW)
    assert str(fault.value) == ""


def test_a_new_key_is_learned_at_once_but_keys_are_asked_for_once_a_minute(provider, fake):
    start = clock.now()
    fake.header = {"pi.atm": "1"}

    def visit(seconds: int, kid: str) -> bool:
        fake.kid = kid
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            try:
                identity(provider, fake)
            except ProviderFault:
                return False
            return True

    assert visit(0, "first")
    fake.published = ("first", "second")
    assert visit(61, "second")
    assert fake.asked["/keys"] == 2
    fake.published = ("first", "second", "third")
    assert [visit(62, "third"), visit(120, "third"), visit(120, "first")] == [False, False, True]
    assert fake.asked["/keys"] == 2
    assert visit(121, "third")
    assert fake.asked["/keys"] == 3


def test_a_new_key_brings_no_algorithm_that_was_not_stated(provider, fake):
    identity(provider, fake)
    key = ECKey.generate_key("P-256", {"kid": "elliptic", "use": "sig", "alg": "ES256"})
    fake.raw["/keys"] = Raw(json.dumps({"keys": [key.as_dict(private=False)]}).encode())
    fake.sign = lambda _, claims: jwt.encode({"alg": "ES256", "kid": "elliptic"}, claims, key)
    with (
        time_machine.travel(clock.now() + timedelta(seconds=61), tick=False),
        pytest.raises(ProviderFault, match="UnsupportedAlgorithmError"),
    ):
        identity(provider, fake)


def test_keys_that_are_taken_back_do_not_count_after_an_hour(provider, fake):
    identity(provider, fake)
    fake.published = ("second",)
    with (
        time_machine.travel(clock.now() + timedelta(hours=1), tick=False),
        pytest.raises(ProviderFault, match="InvalidKeyIdError"),
    ):
        identity(provider, fake)


def test_secrets_can_go_in_the_form_where_the_provider_wants_them_there(provider, fake):
    fake.description = {"token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"]}
    fake.raw["/token"] = Raw(b"{}")
    with pytest.raises(ProviderFault):
        identity(provider, fake)
    _, body, headers = fake.sent[-1]
    assert parse_qs(body)["client_secret"] == [CLIENT_SECRET]
    assert "Authorization" not in headers


@pytest.mark.parametrize("names_itself", [True, False])
def test_an_answer_must_be_of_the_provider_that_was_asked(provider, fake, names_itself):
    fake.description = {"authorization_response_iss_parameter_supported": names_itself}
    now, words = NOW, r"^an answer came that states another issuer, or none$"
    provider.description(now)
    provider.check_answer(fake.issuer, now=now)
    for other in ("https://evil.example.org", "", fake.issuer + "/"):
        with pytest.raises(ProviderFault, match=words):
            provider.check_answer(other, now=now)
    if names_itself:
        with pytest.raises(ProviderFault, match=words):
            provider.check_answer(None, now=now)
    else:
        provider.check_answer(None, now=now)


def test_a_fault_repeats_nothing_but_what_an_operator_needs(provider, fake):
    fake.raw["/token"] = Raw(b'{"error":"invalid_client","error_description":"code abc-123"}', status=401)
    with pytest.raises(ProviderFault) as known:
        identity(provider, fake)
    fake.raw["/token"] = Raw(b'{"error":"code abc-123"}', status=400)
    with pytest.raises(ProviderFault) as unknown:
        identity(provider, fake)
    assert str(known.value) == "it gives no tokens for a code: OAuthError invalid_client"
    assert str(unknown.value) == "it gives no tokens for a code: OAuthError"


def test_no_log_of_a_library_holds_a_secret(provider, fake, caplog):
    caplog.set_level(logging.DEBUG)
    identity(provider, fake)
    assert all(secret not in caplog.text for secret in (CLIENT_SECRET, "an-access-token", QUESTION.verifier))


JSON = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.floats()
    | strategies.text(strategies.characters(), max_size=20),
    lambda each: strategies.lists(each, max_size=3) | strategies.dictionaries(strategies.text(max_size=5), each),
    max_leaves=5,
)
CLAIMS = ("iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "at_hash", "auth_time", "amr", "email", "name")


@given(claims=strategies.dictionaries(strategies.sampled_from(CLAIMS), JSON, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=100)
def test_whatever_claims_hold_is_believed_or_refused(provider, fake, claims):
    fake.claims = claims
    try:
        who = identity(provider, fake)
    except ProviderFault:
        return
    assert not set(claims) & {"iss", "nonce"} or claims.get("iss", fake.issuer) in (fake.issuer, None)
    assert who.subject == claims.get("sub", ANN["sub"])
