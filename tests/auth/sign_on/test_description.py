"""What a provider states of itself: what this site can work with, and what it refuses, in words for its operator."""

from __future__ import annotations

import pytest

from cpd.auth.sign_on.description import read_description
from cpd.auth.sign_on.fault import ProviderFault

ISSUER = "https://id.example.org"
RIGHT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "userinfo_endpoint": f"{ISSUER}/me",
    "jwks_uri": "https://keys.example.org/",
    "response_types_supported": ["code", "id_token"],
    "id_token_signing_alg_values_supported": ["none", "HS256", "ES256", "RS256"],
}
UNSIGNED = (
    "it signs ID tokens with none of the algorithms RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, "
    "EdDSA, Ed25519"
)
WRONG = {
    "another issuer": (
        {"issuer": "https://id.example.org/"},
        "it states another issuer than https://id.example.org; set CPD_SIGN_ON_ISSUER to https://id.example.org/",
    ),
    "an issuer of two lines": ({"issuer": "a\nb"}, "it states another issuer than https://id.example.org"),
    "no issuer": ({"issuer": None}, "it states another issuer than https://id.example.org"),
    "unsigned tokens": ({"id_token_signing_alg_values_supported": ["none"]}, UNSIGNED),
    "tokens signed with our secret": (
        {"id_token_signing_alg_values_supported": ["HS256", "HS384", "HS512"]},
        UNSIGNED,
    ),
    "no algorithms": ({"id_token_signing_alg_values_supported": None}, UNSIGNED),
    "algorithms that are a text": ({"id_token_signing_alg_values_supported": "RS256"}, UNSIGNED),
    "algorithms that are lists": ({"id_token_signing_alg_values_supported": [["RS256"]]}, UNSIGNED),
    "no codes": ({"response_types_supported": ["id_token"]}, "it does not support the response type code"),
    "no secrets": (
        {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
        "it supports neither client_secret_basic nor client_secret_post",
    ),
    "no token endpoint": ({"token_endpoint": None}, "its token_endpoint is no https:// address"),
    "plain http": ({"token_endpoint": "http://id.example.org/"}, "its token_endpoint is no https:// address"),
    "this machine": ({"jwks_uri": "http://127.0.0.1/keys"}, "its jwks_uri is no https:// address"),
    "a file": ({"jwks_uri": "file:///etc/passwd"}, "its jwks_uri is no https:// address"),
    "no host": ({"jwks_uri": "https:///keys"}, "its jwks_uri is no https:// address"),
    "half an address": ({"jwks_uri": "https://[1"}, "its jwks_uri is no https:// address"),
    "an odd port": ({"jwks_uri": "https://a:99999/"}, "its jwks_uri is no https:// address"),
    "a password": ({"userinfo_endpoint": "https://a:b@c/"}, "its userinfo_endpoint is no https:// address"),
    "a fragment": ({"authorization_endpoint": "https://a/#b"}, "its authorization_endpoint is no https:// address"),
    "a script": ({"authorization_endpoint": "javascript:1"}, "its authorization_endpoint is no https:// address"),
    "no port": ({"jwks_uri": "https://a:0/"}, "its jwks_uri is no https:// address"),
    "a name without a password": ({"jwks_uri": "https://a@b/"}, "its jwks_uri is no https:// address"),
    "a blank": ({"jwks_uri": "https://a/b c"}, "its jwks_uri is no https:// address"),
    "two lines": ({"authorization_endpoint": "https://a/\nb"}, "its authorization_endpoint is no https:// address"),
    "too much": (
        {"authorization_endpoint": "https://a/" + "b" * 1_000},
        "its authorization_endpoint is no https:// address",
    ),
    "a list": ({"authorization_endpoint": ["https://a/"]}, "its authorization_endpoint is no https:// address"),
}


@pytest.mark.parametrize(("changes", "words"), WRONG.values(), ids=WRONG)
def test_a_description_is_refused_in_words_that_states(changes, words):
    with pytest.raises(ProviderFault) as fault:
        read_description({**RIGHT, **changes}, ISSUER)
    assert str(fault.value) == words


def test_a_description_says_what_is_needed_of_it():
    read = read_description(RIGHT, ISSUER)
    assert read.algorithms == ("RS256", "ES256")
    assert read.authentication == "client_secret_basic"
    assert (read.authorization_endpoint, read.token_endpoint) == (f"{ISSUER}/authorize", f"{ISSUER}/token")
    assert (read.userinfo_endpoint, read.jwks_uri) == (f"{ISSUER}/me", "https://keys.example.org/")
    assert read.names_itself is False


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"userinfo_endpoint": None}, "userinfo_endpoint", ""),
        ({"authorization_response_iss_parameter_supported": True}, "names_itself", True),
        ({"authorization_response_iss_parameter_supported": "yes"}, "names_itself", False),
        ({"token_endpoint_auth_methods_supported": ["client_secret_post"]}, "authentication", "client_secret_post"),
        ({"authorization_endpoint": "https://a:8443/?b=c"}, "authorization_endpoint", "https://a:8443/?b=c"),
        ({"jwks_uri": f"https://a/{'b' * 990}"}, "jwks_uri", f"https://a/{'b' * 990}"),
        ({"jwks_uri": "https://a:1/"}, "jwks_uri", "https://a:1/"),
    ],
    ids=str,
)
def test_a_provider_may_differ_in(changes, name, value):
    assert getattr(read_description({**RIGHT, **changes}, ISSUER), name) == value


def test_where_a_provider_does_not_say_how_it_wants_the_secret_it_goes_where_the_standard_has_it():
    assert read_description({**RIGHT, "token_endpoint_auth_methods_supported": []}, ISSUER).authentication == (
        "client_secret_basic"
    )


def test_a_provider_on_this_machine_does_not_lead_to_another_without_https():
    local = RIGHT | {name: f"http://localhost/{name}" for name in RIGHT if name.endswith(("endpoint", "uri"))}
    local["issuer"] = "http://localhost"
    assert read_description(local, "http://localhost").jwks_uri == "http://localhost/jwks_uri"
    with pytest.raises(ProviderFault, match=r"^its jwks_uri is no https:// address$"):
        read_description(local | {"jwks_uri": "http://keys.example.org/"}, "http://localhost")


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:99"])
def test_a_provider_on_this_machine_needs_no_https(host):
    local = {
        name: value.replace(ISSUER, f"http://{host}") if isinstance(value, str) else value
        for name, value in RIGHT.items()
    }
    assert read_description(local, f"http://{host}").token_endpoint == f"http://{host}/token"
