"""Walks over every address of the site."""

from __future__ import annotations

import pytest

from cpd.web.csrf import CsrfFailed
from cpd.web.headers import HEADERS
from tests.web.addresses import changes, pages, path_of

# Everybody may open these. Every other address asks a visitor to sign in.
PUBLIC = {
    "/",
    "/auth/confirm",
    "/auth/register",
    "/auth/resend",
    "/auth/reset",
    "/auth/reset/new",
    "/auth/sent",
    "/auth/sign-in",
    "/healthz",
    "/list",
    "/list/panel",
    "/modules/",
    "/modules/sepsis",
    "/monographs/",
    "/monographs/compare",
    "/monographs/sepsis",
    "/monographs/sepsis/card",
    "/monographs/sepsis/modules",
    "/monographs/sepsis/sections/contraindications",
    "/pages/sepsis",
    f"/pictures/{'0' * 64}.png",
    "/readyz",
    "/search",
    "/search/complete",
    "/static/app.css",
}
BOUNDARY_IDS = (0, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 10**40)


@pytest.fixture
def sepsis(publish, write_monograph):
    write_monograph("sepsis", name="Septrin")
    publish("sepsis")


@pytest.mark.usefixtures("sepsis")
def test_each_page_asks_a_visitor_to_sign_in_unless_it_is_public(app, client):
    asked = {path for path in pages(app) if "/auth/sign-in?next=" in (client.get(path, buffered=True).location or "")}
    assert set(pages(app)) - asked == PUBLIC


@pytest.mark.usefixtures("sepsis")
def test_no_change_is_made_without_a_token(app, client, sign_in):
    sign_in()
    assert changes(app)
    for method, path in changes(app):
        answer = client.open(path, method=method, data={"q1": "a", "theme": "dark"})
        assert answer.status_code == 400, path
        assert CsrfFailed.description in answer.text, path
    assert client.get("/auth/account").status_code == 200


@pytest.mark.usefixtures("sepsis")
def test_every_answer_carries_the_security_headers_once(app, client, sign_in):
    client.set_cookie("cpd_professional", "1")
    answers = [client.get(path, buffered=True) for path in pages(app)]
    answers += [client.open(path, method=method) for method, path in changes(app)]
    answers += [client.get("/no/such/page"), client.delete("/"), client.get("/static/no-such.css"), client.head("/")]
    sign_in()
    answers += [client.get(path, buffered=True) for path in pages(app)]
    assert {answer.status_code for answer in answers} >= {200, 302, 400, 404, 405}
    for answer in answers:
        for name, value in HEADERS.items():
            assert answer.headers.getlist(name) == [value], answer.request.path


@pytest.mark.usefixtures("sepsis")
def test_pages_are_not_kept_by_caches(app, client, sign_in):
    sign_in()
    kept = [path for path in pages(app) if client.get(path, buffered=True).headers["Cache-Control"] != "no-store"]
    assert kept == ["/search/complete", "/static/app.css"]


@pytest.mark.usefixtures("sepsis")
def test_ids_beyond_what_a_database_holds_are_not_found(app, client, sign_in):
    sign_in()
    rules = [rule for rule in app.url_map.iter_rules() if rule.arguments & {"number", "attempt_id"}]
    assert rules
    for rule in rules:
        for number in BOUNDARY_IDS:
            path = path_of(rule, **dict.fromkeys(rule.arguments - {"slug"}, number))
            assert client.get(path, buffered=True).status_code == 404, path


@pytest.mark.usefixtures("sepsis")
def test_an_id_is_digits_alone(client, sign_in):
    sign_in()
    for odd in ("-1", "01", "1.0", "1e3", "%D9%A3", "1%00", "x", " 1"):
        assert client.get(f"/modules/sepsis/attempts/{odd}").status_code == 404, odd


@pytest.mark.usefixtures("sepsis")
def test_odd_methods_are_answered_with_a_page(app, client):
    for path in pages(app):
        for method in ("DELETE", "PUT", "PATCH", "TRACE", "PROPFIND", "X" * 40):
            answer = client.open(path, method=method)
            assert answer.status_code == 405, (method, path)
            assert "GET" in answer.headers["Allow"]
            assert "That does not work here" in answer.text


@pytest.mark.usefixtures("sepsis")
def test_head_answers_like_get_without_a_body(app, client, sign_in):
    sign_in()
    for path in pages(app):
        head = client.head(path, buffered=True)
        assert (head.status_code, head.data) == (client.get(path, buffered=True).status_code, b""), path
