"""The mails that tell the owner of an account what happened to it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from types import SimpleNamespace

import pytest
import time_machine

from cpd import paths
from cpd.auth import notices
from cpd.auth.notices import Notice
from cpd.db import db
from cpd.outbox.mail import LINK, letter, one_line
from cpd.web import clock
from tests.auth.mails import sent, text_of

# What is told beside the time, by those who ask for the mail.
VALUES = {
    Notice.NEW_DEVICE: {"user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "network": "192.0.2.1"},
    Notice.FACTOR_ADDED: {"factor": "passkey", "name": "Phone"},
    Notice.FACTOR_REMOVED: {"factor": "authenticator app", "name": ""},
    Notice.RECOVERY_CODE_USED: {"left": 9},
    Notice.ROLE_CHANGED: {"before": "learner", "role": "author"},
    Notice.SIGN_ON_LINKED: {"provider": "St Example's Hospital"},
    Notice.SIGN_ON_UNLINKED: {"provider": "St Example's Hospital"},
    Notice.DELETION_ASKED: {"due_at": "2026-12-10T09:30:00+00:00"},
}
SUMMER = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # 23:30 in London


@pytest.fixture
def tell(app, browser, rows_of):
    """Registers Ann, tells her something, and gives the mail."""
    browser.register()
    sent(app)

    def tell(notice, *, to=None, **values):
        with app.app_context(), time_machine.travel(SUMMER, tick=False):
            notices.tell(rows_of("account")[0]["id"], notice, to=to, now=clock.now(), **values)
            db.session.commit()
        [mail] = sent(app)
        return mail

    return tell


@pytest.mark.parametrize("notice", Notice)
def test_each_notice_says_when_it_happened_in_the_zone_of_the_owner_and_leads_to_pages_that_are_there(
    app, tell, notice
):
    mail = tell(notice, **VALUES.get(notice, {}))
    text = text_of(mail)
    assert mail["To"] == "ann@example.org"
    assert mail["Subject"] == one_line(str(mail["Subject"]))
    if notice is not Notice.DOWNLOAD_READY:
        assert "1 July 2026" in text
    if notice not in (Notice.DOWNLOAD_READY, Notice.DELETED):
        assert "23:30" in text
    for link in re.findall(r"http://127\.0\.0\.1:8000(/\S*)", text):
        assert app.url_map.bind("").match(link, method="GET"), link
    assert "{" not in text
    assert "None" not in text


def test_a_device_is_named_in_our_words_alone(tell):
    text = text_of(tell(Notice.NEW_DEVICE, **VALUES[Notice.NEW_DEVICE]))
    assert "Device: Firefox on Linux\nNetwork address: 192.0.2.1" in text
    evil = text_of(tell(Notice.NEW_DEVICE, user_agent="Win at https://evil.example.com", network=""))
    assert "evil" not in evil
    assert "Device: Unknown device\nNetwork address: unknown" in evil


def test_a_notice_may_go_to_an_address_that_the_account_no_longer_has(tell):
    assert tell(Notice.ADDRESS_CHANGED, to="old@example.org")["To"] == "old@example.org"


def test_an_account_that_is_gone_is_told_at_the_address_that_is_given_or_not_at_all(app):
    with app.app_context():
        notices.tell(77, Notice.DELETED, to="ann@example.org", now=SUMMER)
        notices.tell(77, Notice.ENABLED, now=SUMMER)
        db.session.commit()
    assert [mail["Subject"] for mail in sent(app)] == ["Your account is deleted"]


@pytest.fixture
def written(monkeypatch):
    """Gives what a notice hands to its template, for an owner in New York or for nobody."""
    owner = SimpleNamespace(email="ann@example.org", zone="America/New_York")

    def written(*, to=None, has_owner=True, **values):
        asked, made = [], []
        monkeypatch.setattr(notices, "letter", lambda *given, **named: made.append((given, named)) or "a mail")
        monkeypatch.setattr(notices.queries, "owner_of", lambda number: asked.append(number) or (has_owner and owner))
        payload = {"account_id": 7, "notice": "enabled", "at": SUMMER.isoformat(), "to": to, "values": values}
        mails = notices.write(payload, now=SUMMER)
        assert asked == [7]
        assert mails == ["a mail"] * len(made)
        return made

    return written


def test_a_notice_hands_its_values_to_its_template_and_moments_in_the_zone_of_the_owner(written):
    [(given, named)] = written(left=9, due_at="2026-12-10T09:30:00+00:00", at_home="2026-12-10", chat="x")
    assert given == ("enabled",)
    assert {name: str(value) for name, value in named.items()} == {
        "to": "ann@example.org",
        "at": "2026-07-01 18:30:00-04:00",
        "due_at": "2026-12-10 04:30:00-05:00",
        "left": "9",
        "at_home": "2026-12-10",
        "chat": "x",
    }


def test_a_notice_about_somebody_who_is_gone_gives_times_in_utc(written):
    [(_, named)] = written(to="old@example.org", has_owner=False)
    assert (named["to"], str(named["at"])) == ("old@example.org", "2026-07-01 22:30:00+00:00")
    assert written(has_owner=False) == []


def test_only_a_notice_of_a_device_names_one(written):
    [(_, named)] = written(user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
    assert named["device"] == "Firefox on Linux"
    [(_, named)] = written(to="other@example.org")
    assert set(named) == {"to", "at"}
    assert named["to"] == "other@example.org"


def test_a_notice_waits_in_the_outbox_with_all_that_it_will_say(app, rows_of):
    with app.app_context():
        notices.tell(7, Notice.RECOVERY_CODE_USED, now=SUMMER, to="ann@example.org", left=9)
        notices.tell(8, Notice.ENABLED, now=SUMMER)
        db.session.commit()
    at = SUMMER.isoformat()
    assert [(row["kind"], row["payload"]) for row in rows_of("outbox")] == [
        (
            "notice",
            {
                "account_id": 7,
                "notice": "recovery_code_used",
                "at": at,
                "to": "ann@example.org",
                "values": {"left": 9},
            },
        ),
        ("notice", {"account_id": 8, "notice": "enabled", "at": at, "to": None, "values": {}}),
    ]
    assert {row["created_at"] for row in rows_of("outbox")} == {SUMMER}


# How mails are written


def paragraphs_of(html):
    body = html[html.index("<body") : html.index("<hr>")]
    found = [unescape(re.sub(r"<br>", "\n", each)) for each in re.findall(r"<p>(.*?)</p>", body, re.DOTALL)]
    return [re.sub(r"<[^>]+>", "", each) for each in found]


@pytest.mark.parametrize("notice", Notice)
def test_both_parts_of_a_mail_say_the_same_and_nothing_in_them_comes_from_elsewhere(tell, notice):
    mail = tell(notice, **VALUES.get(notice, {}))
    html = mail.get_body(("html",)).get_content()
    told = [piece for piece in text_of(mail).strip().split("\n\n") if not piece.startswith("-- ")]
    shown = [each for each in paragraphs_of(html) if not each.startswith("If the link does not work")]
    links = [LINK.fullmatch(piece) for piece in told]
    assert shown == [found["label"] if found else piece for found, piece in zip(links, told, strict=True)]
    for found in filter(None, links):
        assert f'<a href="{found["address"]}">' in html
    assert not re.search(r"<(img|style|script|link|iframe|form)\b|style=|\bsrc=|url\(", html)
    assert set(re.findall(r'href="([^"]*?)(?:/[^":]*)?"', html)) == {"http://127.0.0.1:8000"}


@pytest.mark.parametrize(
    "name", ["<b>Ann</b> & \"Co\" 'x'", "https://evil.example.com/", "A:\nhttps://evil.example.com"]
)
def test_what_others_typed_is_no_markup_and_no_link(app, name):
    with app.app_context():
        mail = letter("factor_added", to="ann@example.org", at=SUMMER, factor="passkey", name=name)
    assert "<b>" not in mail.html
    assert 'href="https://evil' not in mail.html
    assert name.splitlines()[0] in mail.text


def test_what_could_end_a_header_becomes_a_blank():
    assert one_line(" A\r\nBcc: x\x00\x85y\u2028z\t ") == "A Bcc: x y z"


def test_every_template_begins_with_its_subject():
    files = sorted((paths.TEMPLATES / "mail").glob("*.txt"))
    assert {file.stem for file in files} > {notice.value for notice in Notice}
    for file in files:
        first, second = file.read_text(encoding="utf-8").split("\n")[:2]
        assert first.startswith("Subject: "), file.name
        assert len(first) < 70, file.name
        assert second == "", file.name
