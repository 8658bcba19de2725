"""Static files: kept for a year under their own addresses, sent compressed, never stale."""

from __future__ import annotations

import gzip
import re
import shutil

import pytest

from cpd import create_app, paths
from cpd.web import static
from cpd.web.headers import HEADERS
from cpd.web.static import TYPES, static_files, static_url

FONT = "vendor/fonts/source-sans-3-latin-wght-normal.woff2"
KEPT = "public, max-age=31536000, immutable"
ASKED_FOR = "public, no-cache"


def get(client, address, **headers):
    return client.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_files_are_sent_as_they_are_with_their_types(client):
    for name, file in static_files().items():
        answer = client.get(static_url(name))
        assert (answer.status_code, answer.data) == (200, file.content), name
        assert answer.headers["Content-Type"] == TYPES[paths.STATIC.joinpath(name).suffix]


def test_every_file_that_ships_is_served():
    names = {file.relative_to(paths.STATIC).as_posix() for file in paths.STATIC.rglob("*") if file.is_file()}
    assert names == set(static_files())


def test_text_is_compressed_for_browsers_that_take_it(client):
    answer = get(client, static_url("app.css"), Accept_Encoding="br, gzip")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data) == client.get(static_url("app.css")).data
    assert int(answer.headers["Content-Length"]) == len(answer.data)


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "identity"])
def test_text_is_not_compressed_for_other_browsers(client, accepted):
    answer = get(client, static_url("app.css"), Accept_Encoding=accepted)
    assert "Content-Encoding" not in answer.headers
    assert answer.data == static_files()["app.css"].content


def test_caches_hold_both_forms_of_a_text_and_one_of_a_font(client):
    assert "Accept-Encoding" in get(client, static_url("app.css")).headers["Vary"]
    assert "Accept-Encoding" in get(client, static_url("app.css"), Accept_Encoding="gzip").headers["Vary"]
    assert "Accept-Encoding" not in get(client, static_url(FONT)).headers.get("Vary", "")


def test_a_font_is_not_compressed_again(client):
    assert "Content-Encoding" not in get(client, static_url(FONT), Accept_Encoding="gzip").headers


@pytest.mark.parametrize("accepted", ["identity", "gzip"])
def test_a_browser_that_has_a_file_is_told_so(client, accepted):
    first = get(client, static_url("app.css"), Accept_Encoding=accepted)
    again = get(client, static_url("app.css"), Accept_Encoding=accepted, If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == KEPT


def test_the_two_forms_of_a_text_are_told_apart(client):
    tags = {get(client, static_url("app.css"), Accept_Encoding=accepted).headers["ETag"] for accepted in ("", "gzip")}
    assert len(tags) == 2


def test_head_says_the_same_without_the_file(client):
    got, head = client.get(static_url("app.css")), client.head(static_url("app.css"))
    assert head.data == b""
    assert {"ETag", "Content-Length", "Content-Type", "Cache-Control"} <= set(head.headers.keys())
    assert head.headers["Content-Length"] == got.headers["Content-Length"]


def test_a_part_of_a_file_is_a_part_of_what_it_holds(client):
    answer = get(client, static_url("app.css"), Range="bytes=10-19", Accept_Encoding="gzip")
    assert answer.status_code == 206
    assert answer.data == static_files()["app.css"].content[10:20]
    assert answer.headers["Content-Range"] == f"bytes 10-19/{len(static_files()['app.css'].content)}"


def test_a_part_that_is_not_there_is_refused(client):
    assert get(client, static_url("app.css"), Range="bytes=99999999-").status_code == 416


@pytest.mark.parametrize(
    ("asked", "kept"),
    {"": ASKED_FOR, "?v=": ASKED_FOR, "?v=0123456789ab": ASKED_FOR, "?v={}": KEPT, "?v={}&v=1": KEPT}.items(),
)
def test_only_the_address_with_the_fingerprint_of_what_is_sent_may_be_kept(client, asked, kept):
    address = f"/static/app.css{asked.format(static_files()['app.css'].fingerprint)}"
    assert client.get(address).headers["Cache-Control"] == kept


def test_every_file_that_the_stylesheet_names_may_be_kept(client):
    named = re.findall(r"url\(([^)#]+)", client.get(static_url("app.css")).text)
    assert len(named) > 6
    for address in named:
        assert client.get(f"/static/{address}").headers["Cache-Control"] == KEPT, address


def test_pages_name_static_files_by_addresses_that_may_be_kept(client, republish):
    republish()
    named = re.findall(r'(?:src|href)="(/static/[^"]+)"', client.get("/pages/terms").text)
    assert {re.sub(r"\?.*", "", address).rpartition(".")[2] for address in named} == {"css", "js", "svg", "woff2"}
    for address in named:
        assert client.get(address).headers["Cache-Control"] == KEPT, address


def test_fonts_fetched_ahead_are_those_that_the_stylesheet_names(client, republish):
    republish()
    ahead = re.findall(r'rel="preload" href="/static/([^"]+)"', client.get("/pages/terms").text)
    named = re.findall(r"url\(([^)]+)\)", client.get(static_url("app.css")).text)
    assert ahead
    assert set(ahead) <= set(named)


@pytest.mark.parametrize("asked", ["", "?v=1", "/missing.css"])
def test_security_headers_are_on_static_files_and_on_missing_ones(client, asked):
    answer = client.get(f"/static/app.css{asked}")
    for name, value in HEADERS.items():
        assert answer.headers.getlist(name) == [value]


@pytest.mark.parametrize(
    "name", ["missing.css", "vendor", "vendor/", "../settings.py", "%2e%2e/settings.py", "vendor//htmx.min.js", "%00"]
)
def test_nothing_else_is_served(client, name):
    assert client.get(f"/static/{name}").status_code in (404, 308)


@pytest.fixture
def own_files(tmp_path, monkeypatch):
    """A folder of static files that may be changed."""
    folder = tmp_path / "static"
    folder.mkdir()
    shutil.copy(paths.STATIC / "app.css", folder)
    monkeypatch.setattr(paths, "STATIC", folder)
    static.forget()
    yield folder
    static.forget()


def test_developers_are_shown_what_they_changed_at_once(own_files, settings, monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "1")
    client = create_app(settings).test_client()
    before = client.get("/static/app.css", headers={"Accept-Encoding": "gzip"})
    (own_files / "app.css").write_text("main { color: black }", encoding="utf-8")
    after = client.get("/static/app.css", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(after.data) == b"main { color: black }"
    assert after.headers["ETag"] != before.headers["ETag"]
    assert client.get(static_url("app.css")).headers["Cache-Control"] == ASKED_FOR


@pytest.mark.usefixtures("own_files")
def test_a_file_that_is_missing_still_has_an_address():
    assert static_url("nothing.css") == "/static/nothing.css?v=missing"
