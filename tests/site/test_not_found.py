"""The page of an address that leads nowhere: what may have been meant."""

from __future__ import annotations

import re

import pytest

from cpd.site import likely

ALWAYS = ["/modules/", "/monographs/", "/"]


def likely_in(page: str) -> list[str]:
    return re.findall(r'<li><p class="mod__title"><a href="([^"]+)"', page)


@pytest.fixture
def shelf(write_module, write_monograph, republish):
    write_module("sepsis", title="Sepsis in the first hour")
    write_module("headache")
    write_module("withdrawn", status="withdrawn")
    write_monograph("baclofen")
    write_monograph("baclofen-intrathecal")
    write_monograph("zanidine")
    republish()


@pytest.mark.usefixtures("shelf")
def test_near_misses_lead_to_what_was_meant(client):
    meant = {
        "/modules/sepsiss": "/modules/sepsis",
        "/modules/spesis": "/modules/sepsis",
        "/modules/sepsis/assesment": "/modules/sepsis",
        "/modules/SEPSIS": "/modules/sepsis",
        "/modules/seps": "/modules/sepsis",
        "/modules/heedache": "/modules/headache",
        "/modules/headache.html": "/modules/headache",
        "/drugs/baclofen": "/monographs/baclofen",
        "/monographs/baclophen": "/monographs/baclofen",
        "/monographs/zanidin": "/monographs/zanidine",
        "/sepsis": "/modules/sepsis",
    }
    client.set_cookie("cpd_professional", "1")
    found = {path: likely_in(client.get(path).text)[0] for path in meant}
    assert found == meant


@pytest.mark.usefixtures("shelf")
def test_a_link_says_what_it_leads_to(client):
    page = client.get("/modules/SEPSIS").text
    assert '<a href="/modules/sepsis">Sepsis in the first hour</a></p><p class="mod__text">Modules</p>' in page


@pytest.mark.usefixtures("shelf")
def test_an_address_like_no_other_leads_to_the_lists(client):
    for path in ("/qqqqqq", "/x", "/%C3%A9t%C3%A9", "/%00%00%00", "/%ED%A0%80abc", "/%25%25%25", "/___"):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert likely_in(answer.text) == ALWAYS, path


@pytest.mark.usefixtures("shelf")
def test_a_withdrawn_module_is_no_suggestion(client):
    client.set_cookie("cpd_professional", "1")
    assert "/modules/withdrawn" not in likely_in(client.get("/modules/withdrawn").text)


@pytest.mark.usefixtures("shelf")
def test_there_are_never_more_than_three(client):
    assert len(likely_in(client.get("/monographs/baclofen-intra/x").text)) == likely.MOST
    assert len(likely_in(client.get("/" + "a" * 5_000).text)) == likely.MOST


def test_the_page_is_drawn_without_the_database(client, monkeypatch):
    def fail(*_):
        raise likely.SQLAlchemyError

    monkeypatch.setattr(likely, "read", fail)
    assert likely_in(client.get("/modules_/sepsis").text) == ALWAYS
