"""Signing in with a provider: the first time, and ever after."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from tests.auth.browser import ANN, PASSWORD, error_of, hidden_fields


def test_the_first_time_the_password_is_asked_for_and_then_never_again(ann, visit, rows_of):
    page = visit.finish("/record/")
    assert page.request.path == "/auth/single-sign-on/link"
    assert 'value="ann@example.org"' in page.text
    assert not ann.signed_in

    answer = ann.post("/auth/single-sign-on/link", page, password=PASSWORD)

    assert (answer.status_code, answer.location) == (303, "/record/")
    assert ann.signed_in
    [row] = rows_of("sign_on")
    assert (row["issuer"], row["subject"]) == (visit.fake.issuer, "248289761001")
    ann.sign_out()

    assert visit.back("/record/").location == "/record/"
    assert ann.signed_in


def test_the_provider_is_asked_as_openid_connect_wants_it(visit):
    address = urlsplit(visit.begin())
    asked = parse_qs(address.query)

    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{visit.fake.issuer}/authorize"
    assert {name: asked[name] for name in ("response_type", "client_id", "scope", "code_challenge_method")} == {
        "response_type": ["code"],
        "client_id": ["daybook"],
        "scope": ["openid email profile"],
        "code_challenge_method": ["S256"],
    }
    assert asked["redirect_uri"] == ["http://localhost/auth/single-sign-on/callback"]
    assert [len(asked[name][0]) for name in ("state", "nonce", "code_challenge")] == [43, 43, 43]


def test_somebody_new_registers_with_the_address_and_name_filled_in(browser, visit, rows_of):
    page = visit.finish("/record/")
    assert page.request.path == "/auth/single-sign-on/register"
    assert 'value="Ann Example"' in page.text
    assert 'value="ann@example.org"' in page.text

    answer = browser.post("/auth/single-sign-on/register", page, **ANN)

    assert (answer.status_code, answer.location) == (303, "/record/")
    [account] = rows_of("account")
    assert account["confirmed_at"] is not None
    assert [row["account_id"] for row in rows_of("sign_on")] == [account["id"]]
    browser.sign_out()
    visit.back()
    assert browser.signed_in


def test_a_wrong_password_links_nothing(ann, visit, rows_of):
    page = visit.finish()
    answer = ann.post("/auth/single-sign-on/link", page, password="wrong")

    assert answer.status_code == 422
    assert error_of(answer.text, "password") == "The password is wrong"
    assert rows_of("sign_on") == []
    assert not ann.signed_in
    assert hidden_fields(answer.text)
