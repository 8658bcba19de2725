"""Whatever is typed or sent, the answer is a page and never a fault of ours."""

from __future__ import annotations

import pytest

from tests.pages import hidden_in, token_in
from tests.web.addresses import pages

HOSTILE = (
    b"a\x00b",
    b"\x00",
    "\ud800".encode("utf-8", "surrogatepass"),
    b"\xff\xfe",
    "\u202eevil\u2066".encode(),
    ("e" + "\u0301" * 300).encode(),
    "\U0001f469\u200d\U0001f52c".encode(),
    b"'; DROP TABLE entry; --",
    b"%_\\",
    b"{{ 7*7 }}",
    b"<script>alert(1)</script>",
    b"9" * 400,
    b"-1",
    b"1e999",
    b"NaN",
    b"x" * 20_000,
)
READ = {
    "category": ["/modules/"],
    "specialty": ["/modules/"],
    "sort": ["/modules/"],
    "after": ["/modules/", "/monographs/", "/record/"],
    "letter": ["/monographs/"],
    "next": ["/auth/sign-in", "/auth/register"],
    "m": ["/monographs/compare"],
    "show": ["/monographs/compare"],
    "q": ["/monographs/compare"],
}
PERSON = ("name", "email", "password", "profession", "registration_body", "registration_number")
FORMS = {
    "/auth/register": (*PERSON, "professional", "consent", "documents", "next"),
    "/auth/sign-in": ("email", "password", "next"),
    "/auth/professional": ("next",),
    "/theme": ("theme", "next"),
    "/list": ("monograph", "indication", "next", "asked"),
    "/list/restore": ("item", "place", "next"),
    "/list/move": ("item", "direction"),
    "/list/remove": ("item", "next"),
    "/modules/sepsis/assessment": ("attempt", "q1", "q2", "q3", "anyway"),
}


def urlencoded(fields: dict[str, bytes]) -> bytes:
    return b"&".join(
        name.encode() + b"=" + b"".join(b"%%%02X" % byte for byte in value) for name, value in fields.items()
    )


@pytest.fixture
def sepsis(publish, sign_in):
    publish(
        "sepsis", assessment="### What?\n\n- [x] A\n  > Yes.\n- [ ] B\n  > No.\n\n### How many?\n\n= 0.6 mL\n\nSo.\n"
    )
    sign_in()


@pytest.mark.usefixtures("sepsis")
def test_no_query_is_a_fault_of_ours(app, client):
    for path in pages(app):
        for value in HOSTILE[:4]:
            query = urlencoded(dict.fromkeys((*READ, "q", "credits", "status", "v"), value)).decode()
            answer = client.get(path, query_string=f"{query}&{query[:9]}&=&%00=1&&%", buffered=True)
            assert answer.status_code < 500, (path, value[:40])


@pytest.mark.usefixtures("sepsis")
@pytest.mark.parametrize(("name", "paths"), READ.items())
def test_no_field_of_a_query_is_a_fault_of_ours(client, name, paths):
    for path in paths:
        for value in HOSTILE:
            answer = client.get(path, query_string=urlencoded({name: value}).decode())
            assert answer.status_code in (200, 302, 404), (path, value[:40])


@pytest.mark.usefixtures("sepsis")
@pytest.mark.parametrize("path", FORMS)
def test_no_form_field_is_a_fault_of_ours(client, path):
    visitor = client.application.test_client() if path.startswith("/auth/") else client
    page = visitor.get(path if path.startswith(("/auth/reg", "/auth/sign", "/modules")) else "/").text
    valid = {"csrf_token": token_in(page).encode()}
    if path.endswith("assessment"):
        valid |= {"attempt": hidden_in(page, "attempt").encode(), "q1": b"a", "q2": b"0.6"}
    for name in FORMS[path]:
        for value in HOSTILE:
            body = urlencoded(valid | {name: value})
            answer = visitor.post(path, data=body, content_type="application/x-www-form-urlencoded")
            assert answer.status_code < 500, (name, value[:40])
            assert "alert(1)</script>" not in answer.text


@pytest.mark.usefixtures("sepsis")
def test_no_path_is_a_fault_of_ours(client):
    for value in HOSTILE:
        quoted = urlencoded({"": value[:2_000]})[1:].decode()
        for path in (
            "/{}",
            "/modules/{}",
            "/monographs/{}/card",
            "/modules/sepsis/attempts/{}",
            "/pages/{}",
            "/static/{}",
        ):
            answer = client.get(path.format(quoted), buffered=True)
            assert answer.status_code in (404, 400), (path, value[:40])


@pytest.mark.parametrize(
    "name", ["cpd_session", "cpd_professional", "cpd_theme", "cpd_known_browser", "cpd_list", "cpd_message"]
)
def test_no_cookie_is_a_fault_of_ours(client, name):
    for value in HOSTILE:
        header = f"{name}={value[:3_000].decode('latin-1')}"
        header = f"cpd_professional=1; {header}" if name == "cpd_list" else header
        path = "/list" if name == "cpd_list" else "/auth/sign-in"
        answer = client.get(path, headers={"Cookie": header.replace("\x00", "%00")})
        assert answer.status_code == 200, value[:40]


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data", "text/plain", "x", "multipart/form-data; boundary="]
)
def test_another_kind_of_body_is_refused_like_a_form_without_a_token(client, kind):
    client.get("/auth/sign-in")
    for body in (b"", b"{}", b"[" * 100_000, b"--\r\n\x00"):
        assert client.post("/auth/sign-in", data=body, content_type=kind).status_code == 400


@pytest.mark.parametrize("path", ["/../../etc/passwd", "/static/../cpd/settings.py", "/static/%2e%2e/settings.py"])
def test_nothing_outside_the_static_folder_is_served(client, path):
    assert client.get(path).status_code == 404
