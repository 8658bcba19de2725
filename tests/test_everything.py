"""Walks over all templates and pages: what every one of them must have."""

from __future__ import annotations

import re

import pytest

from cpd import paths
from tests.web.addresses import pages

# Documents that leave the site and so are whole by themselves: no CSP holds there, and a test of their own reads them.
DOCUMENTS = {"mail/letter.html", "my_data/download.html"}
FILES = {file.relative_to(paths.TEMPLATES).as_posix(): file for file in sorted(paths.TEMPLATES.rglob("*.html"))}
TEMPLATES = {name: file for name, file in FILES.items() if name not in DOCUMENTS}
TEXTS = {name: file.read_text(encoding="utf-8") for name, file in TEMPLATES.items()}
EXTENDS = re.compile(r'\A{% extends "([^"]+)" %}\n')
PAGES = [name for name, text in TEXTS.items() if EXTENDS.match(text)]
# Pieces of pages: macros, includes, and the card that is loaded into a page.
PIECES = [name for name in TEXTS if name not in PAGES and name not in ("base.html", "mail/letter.html")]


@pytest.mark.parametrize("name", PAGES)
def test_each_page_extends_base_and_has_one_title(name):
    chain = [name]
    while chain[-1] != "base.html":
        chain.append(EXTENDS.match(TEXTS[chain[-1]])[1])
    titles = [len(re.findall(r"{% block title %}", TEXTS[each])) for each in chain[:-1]]
    assert max(titles) == 1
    assert any(titles)


@pytest.mark.parametrize("name", PIECES)
def test_each_other_template_is_used_as_a_piece(name):
    assert "<html" not in TEXTS[name]
    named = sum(f'"{name}"' in text for text in TEXTS.values())
    rendered = sum(f'"{name}"' in file.read_text(encoding="utf-8") for file in paths.PACKAGE.rglob("*.py"))
    assert named + rendered


@pytest.mark.parametrize("name", TEXTS)
def test_no_template_holds_script_style_or_unclean_text(name):
    text = TEXTS[name]
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|\|\s*safe", text)
    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []


@pytest.mark.parametrize("name", TEXTS)
def test_each_form_that_posts_carries_its_token(name):
    for form in re.findall(r'<form[^>]*method="post".*?</form>', TEXTS[name], re.DOTALL):
        assert "csrf()" in form or "csrf_token" in form


def test_each_page_that_is_served_is_whole(app, client, write_monograph, publish, sign_in, submit):
    write_monograph("sepsis", name="Septrin")
    publish("sepsis")
    answers = [client.get(path, buffered=True) for path in pages(app)]
    sign_in()
    submit("/modules/sepsis/assessment", q1="b")
    publish("sepsis", summary="Changed.")
    answers += [client.get(path, buffered=True) for path in pages(app)]
    served = [answer for answer in answers if answer.status_code in (200, 404) and answer.text.startswith("<!doctype")]
    assert len(served) > 12
    for answer in served:
        page, path = answer.text, answer.request.path
        assert len(re.findall(r"<title>[^<]*\S[^<]* – Daybook CPD</title>", page)) == 1, path
        assert len(re.findall(r"<h1[ >]", page)) == 1, path
        assert page.count("<main") == 1, path
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert sorted(set(ids)) == sorted(ids), path
        assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=", page) == [], path
        assert [url for url in re.findall(r'(?:src|href)="(https?:[^"]+)"', page) if "example.org" not in url] == [], (
            path
        )
