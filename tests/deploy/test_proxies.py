"""The shipped configurations of nginx and Caddy, in front of the real server."""

from __future__ import annotations

import gzip
import re
import sqlite3
import subprocess
import sys
import urllib.parse
from contextlib import closing

import pytest

from cpd.web.headers import HEADERS
from cpd.web.limits import LARGEST_REQUEST
from tests.deploy.slow import sent_by, slow_clients
from tests.pages import hidden_in, token_in, words_of

SLOW = 300


def test_a_configuration_is_valid(kind, tmp_path):
    file, _ = kind.write(tmp_path, 8000)
    done = subprocess.run(kind.checking(file), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_page_comes_through_with_its_headers_once(proxy):
    answer = proxy.get("/pages/terms")
    assert answer.status == 200
    assert "Terms" in words_of(answer.body.decode())
    for name, value in HEADERS.items():
        assert answer.headers.get_all(name) == [value]
    assert answer.headers.get_all("Strict-Transport-Security") == ["max-age=31536000"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_page_is_compressed_for_browsers_that_take_it(proxy):
    plain, zipped = proxy.get("/pages/terms"), proxy.get("/pages/terms", Accept_Encoding="gzip")
    assert plain.headers["Content-Encoding"] is None
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in ", ".join(zipped.headers.get_all("Vary"))
    assert gzip.decompress(zipped.body).startswith(plain.body[:100])


def test_cookies_are_for_https_and_this_host_alone(proxy):
    cookie = proxy.get("/auth/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("__Host-cpd_session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))


def test_visitors_who_come_by_plain_http_are_sent_to_https(proxy):
    answer = proxy.ask_plainly("/modules/?q=one%20two")
    assert answer.status in (301, 308)
    assert re.fullmatch(r"https://(example\.org|127\.0\.0\.1:\d+)/modules/\?q=one%20two", answer.headers["Location"])


def test_a_redirect_of_ours_stays_on_the_site(proxy):
    answer = proxy.get("/record/")
    assert answer.status == 302
    assert re.match(r"(https://example\.org)?/auth/sign-in\?", answer.headers["Location"])


def test_the_machine_itself_is_no_probe_behind_a_proxy(proxy):
    assert proxy.get("/healthz").status == 200
    assert proxy.get("/readyz").status == 404


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have 127.0.0.1 alone")
def test_an_address_that_a_visitor_claims_is_not_believed(proxy, installation):
    high, low = divmod(proxy.port, 256)  # addresses that no other test uses
    one, another = f"127.1.{high}.{low}", f"127.2.{high}.{low}"
    counted = []
    for source, claimed in [(one, "203.0.113.1"), (one, "203.0.113.2"), (another, "203.0.113.2")]:
        fail_to_sign_in(proxy, source=source, X_Forwarded_For=claimed, Forwarded=f"for={claimed}")
        with closing(sqlite3.connect(installation.instance_folder / "cpd.sqlite")) as database:
            counted.append({key for (key,) in database.execute("SELECT key FROM throttle")})
    by_one, by_the_same, by_another = counted
    assert by_one == by_the_same
    assert len(by_another - by_the_same) == 1


def fail_to_sign_in(proxy, **around):
    page = proxy.get("/auth/sign-in")
    typed = {"csrf_token": token_in(page.body.decode()), "email": "nobody@example.org", "password": "wrong"}
    typed["next"] = hidden_in(page.body.decode(), "next")
    answer = proxy.ask(
        "POST",
        "/auth/sign-in",
        body=urllib.parse.urlencode(typed).encode(),
        Cookie=page.headers["Set-Cookie"].split(";")[0],
        Content_Type="application/x-www-form-urlencoded",
        **around,
    )
    assert answer.status == 422


def test_under_another_name_nothing_is_shown(proxy):
    answer = proxy.get("/", Host="elsewhere.example.org")
    assert answer.status == 400 or answer.body == b""


def test_a_request_that_is_too_large_is_refused_with_words(proxy):
    answer = proxy.ask("POST", "/auth/sign-in", body=b"x" * (LARGEST_REQUEST + 1))
    assert answer.status == 413
    assert "What was sent is larger than this site accepts" in answer.body.decode()


def test_a_static_file_comes_compressed_and_may_be_kept_for_a_year(proxy):
    page = proxy.get("/pages/terms").body.decode()
    address = re.search(r'href="(/static/app\.css\?v=\w+)"', page)[1]
    answer = proxy.get(address, Accept_Encoding="gzip")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Security-Policy"]
    assert gzip.decompress(answer.body) == proxy.get(address).body
    assert proxy.get(address, Accept_Encoding="gzip", If_None_Match=answer.headers["ETag"]).status == 304


def test_a_server_that_is_away_is_explained(proxy_of_nobody):
    answer = proxy_of_nobody.get("/")
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "30"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Reload this page in a minute" in words_of(answer.body.decode())


def test_pages_are_answered_while_three_hundred_clients_are_slow(proxy):
    cookie = proxy.get("/auth/sign-in").headers["Set-Cookie"].split(";")[0]
    kinds = list(sent_by(cookie).values())
    with slow_clients(proxy.connect, kinds * (SLOW // len(kinds))) as clients:
        assert len(clients) == SLOW
        assert [proxy.get("/pages/terms").status for _ in range(5)] == [200] * 5
