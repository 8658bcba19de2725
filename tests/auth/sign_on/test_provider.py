"""What a provider may answer, and what of it is believed."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings, strategies

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
    "a number": ({"token": {"id_token": 1}}, "gave no ID token"),
    "missing": ({"token": {"id_token": None}}, "gave no ID token"),
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
    "about an empty name": ({"claims": {"sub": ""}}, "names nobody"),
    "about a number": ({"claims": {"sub": 248289761001}}, "InvalidClaimError sub"),
    "about a name that is too long": ({"claims": {"sub": "x" * 256}}, "names nobody"),
    "about a name with a NUL": ({"claims": {"sub": "a\x00b"}}, "names nobody"),
    "about a name with half a character": ({"claims": {"sub": "\ud800"}}, "names nobody"),
}


@pytest.mark.parametrize(("wrong", "words"), FORGED.values(), ids=FORGED)
def test_an_id_token_is_refused_that_is(provider, fake, wrong, words):
    for name, value in wrong.items():
        setattr(fake, name, value)
    with pytest.raises(ProviderFault, match=words):
        identity(provider, fake)


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


@pytest.mark.parametrize("seconds", [-50, 50], ids=["slow", "fast"])
def test_clocks_may_differ_by_less_than_a_minute(provider, fake, seconds):
    fake.claims = {"iat": soon() + seconds, "exp": soon() + seconds + 1}
    assert identity(provider, fake).subject == ANN["sub"]


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
    with pytest.raises(ProviderFault, match="about somebody else"):
        identity(provider, fake)


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


@pytest.mark.parametrize("wrong", [None, 1, "é", "x" * 5_000], ids=ascii)
def test_an_access_token_that_cannot_be_sent_is_a_fault_of_the_provider(provider, fake, wrong):
    fake.token = {"access_token": wrong}
    with pytest.raises(ProviderFault, match="no access token"):
        identity(provider, fake)


@pytest.mark.parametrize(
    "keys",
    [{}, {"keys": []}, {"keys": {}}, {"keys": [1]}, {"keys": [{"kty": "RSA"}]}, {"keys": [{"kty": "x"}]}, {"keys": 1}],
    ids=str,
)
def test_keys_that_are_none_are_a_fault_of_the_provider(provider, fake, keys):
    fake.raw["/keys"] = Raw(json.dumps(keys).encode())
    with pytest.raises(ProviderFault, match="its keys cannot be read"):
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
    with pytest.raises(ProviderFault, match="the answer took too long"):
        identity(provider, fake)
    let_go.set()


def dripping(let_go: threading.Event) -> Iterator[bytes]:
    yield b"{"
    while not let_go.wait(0.02):
        yield b" "


def test_an_answer_that_breaks_off_is_a_fault_of_the_provider(provider, fake):
    fake.raw["/token"] = Raw(b"{}", headers={"Transfer-Encoding": "chunked"})
    with pytest.raises(ProviderFault, match="it gives no tokens for a code: the answer broke off"):
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
        with pytest.raises(ProviderFault, match="too many wait for it"):
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
    for seconds, asked in ((0, 1), (HOUR - 1, 1), (HOUR, 2), (2 * HOUR - 1, 2), (-5, 3)):
        provider.description(now + timedelta(seconds=seconds))
        assert fake.asked["/.well-known/openid-configuration"] == asked


def test_a_new_key_is_learned_at_once_but_keys_are_asked_for_once_a_minute(provider, fake):
    start = clock.now()

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
    now = clock.now()
    provider.check_answer(fake.issuer, now=now)
    for other in ("https://evil.example.org", "", fake.issuer + "/"):
        with pytest.raises(ProviderFault, match="another issuer"):
            provider.check_answer(other, now=now)
    if names_itself:
        with pytest.raises(ProviderFault, match="another issuer"):
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
