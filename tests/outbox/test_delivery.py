"""Mail leaves once, whatever the mail server does, and nothing of it leaves where it must not."""

from __future__ import annotations

import random
import smtplib
import socket
import stat
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from ipaddress import ip_address

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cpd.outbox import delivery as ways
from cpd.outbox.delivery import ByServer, Refused, ToFiles, Unreachable, delivery_for, message_of, what_mail_does
from cpd.outbox.mail import Mail
from cpd.outbox.worker import Worker
from cpd.web import clock
from tests.conftest import settings_for
from tests.outbox.smtp import context_of, mail_server
from tests.pages import token_in

MAIL = Mail(to="ann@example.org", subject="A note", text="Grüße.\n", html="<p>Grüße.</p>")
NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
PATIENT, IMPATIENT = 30, 0.5  # seconds


@pytest.fixture
def site(tmp_path):
    return settings_for("sqlite://", tmp_path)


def by_server(site, port, *, user="", scheme="smtp", timeout=PATIENT):
    changed = replace(
        site,
        mail_server=f"{scheme}://{user}127.0.0.1:{port}",
        mail_from="cpd@example.org",
        site_url="https://learn.example.org",
    )
    return ByServer(changed, timeout=timeout)


def read(content):
    return message_from_bytes(content, policy=policy.default)


# A mail


def test_a_mail_has_two_parts_and_the_headers_of_mail_that_nobody_answers(site):
    message = read(message_of(MAIL, name="a-1-0", now=NOW, settings=site).as_bytes())
    assert message["From"] == "Daybook CPD <cpd@127.0.0.1>"
    assert message["To"] == "ann@example.org"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == "<a-1-0@127.0.0.1>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message.get_body(("plain",)).get_content() == "Grüße.\n"
    assert message.get_body(("html",)).get_content().strip() == "<p>Grüße.</p>"


@pytest.mark.parametrize("evil", ["A\r\nBcc: all@example.org", "A\nBcc: x@example.org", "A\x00\x0b\x85\u2028B: c"])
def test_nothing_that_was_typed_can_end_a_header(site, evil):
    named = replace(site, site_name="Daybook")
    content = message_of(replace(MAIL, subject=evil), name="a", now=NOW, settings=named).as_bytes()
    message = read(content)
    assert message["Bcc"] is None
    assert message["B"] is None
    assert "\n" not in str(message["Subject"])


@pytest.mark.parametrize(
    "to", ["ann@example.org, bo@example.org", "ann@example.org\r\nBcc: bo@example.org", "ann", "", "<ann@example.org>"]
)
def test_a_mail_goes_to_one_address_or_nowhere(site, to):
    with pytest.raises(Refused, match="no e-mail address") as refused:
        message_of(replace(MAIL, to=to), name="a", now=NOW, settings=site)
    assert refused.value.for_good


def test_a_domain_is_written_as_every_mail_server_takes_it(site):
    message = message_of(replace(MAIL, to="ann@bücher.example.org"), name="a", now=NOW, settings=site)
    assert message["To"] == "ann@xn--bcher-kva.example.org"


# Files


def test_without_a_mail_server_mail_becomes_files_for_their_owner_alone(site, tmp_path):
    way = delivery_for(site)
    assert isinstance(way, ToFiles)
    way.deliver(MAIL, name="20261126-093000-1-0", now=NOW)
    way.deliver(MAIL, name="20261126-093000-1-0", now=NOW)
    way.close()
    [file] = (tmp_path / "mail").iterdir()
    assert file.name == "20261126-093000-1-0.eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert read(file.read_bytes())["Subject"] == "A note"


def test_a_folder_that_cannot_be_written_is_waited_for(site, tmp_path):
    (tmp_path / "mail").write_text("")
    with pytest.raises(Unreachable, match="no file can be written"):
        delivery_for(site).deliver(MAIL, name="a", now=NOW)


def test_files_are_deleted_after_thirty_days(app, settings):
    ToFiles(settings).deliver(MAIL, name="a", now=NOW)
    kept = settings.instance_folder / "mail" / "a.eml"
    with app.app_context():
        ways.forget_old_files(now=clock.now() + timedelta(days=29))
        assert kept.exists()
        ways.forget_old_files(now=clock.now() + timedelta(days=31))
        assert not kept.exists()


def test_the_operator_is_told_what_becomes_of_mail(site, tmp_path):
    assert str(tmp_path / "mail") in what_mail_does(site)
    assert "addresses are not confirmed" in what_mail_does(site)
    for address, place in (("smtp://u:secret@mail.example.org", ":587"), ("smtps://mail.example.org", ":465")):
        said = what_mail_does(replace(site, mail_server=address))
        assert said == f"Mail goes out through mail.example.org{place}."


# A mail server


def test_mail_goes_through_the_server_over_one_connection(site):
    with mail_server() as (server, port):
        way = by_server(site, port)
        for number in range(3):
            way.deliver(MAIL, name=f"a-{number}", now=NOW)
        way.close()
        way.close()
    assert len(server.connections) == 1
    message = read(server.mails[0])
    assert (message["From"], message["To"]) == ("Daybook CPD <cpd@example.org>", "ann@example.org")
    assert set(server.ids) == {f"<a-{number}@learn.example.org>" for number in range(3)}


def test_a_server_that_is_down_is_unreachable(site):
    with mail_server() as (_, port):
        pass
    with pytest.raises(Unreachable, match="Connection refused"):
        by_server(site, port).deliver(MAIL, name="a", now=NOW)


@pytest.mark.parametrize(
    ("fault", "words", "for_good"),
    [
        ("refuse", "the address was refused with 550", True),
        ("refuse later", "the address was refused with 450", False),
        ("reject", "the mail was refused with 554", False),
        ("slow", "the connection broke: no answer in time", False),
        ("die", "the connection broke: it hung up", False),
        ("die after DATA", "the connection broke: it hung up", False),
    ],
)
def test_what_the_server_does_not_take_is_told_without_its_words(site, fault, words, for_good):
    with mail_server() as (server, port):
        server.faults = [fault]
        way = by_server(site, port, timeout=IMPATIENT if fault == "slow" else PATIENT)
        with pytest.raises(Refused) as refused:
            way.deliver(MAIL, name="first", now=NOW)
        assert (str(refused.value), refused.value.for_good) == (words, for_good)
        way.deliver(MAIL, name="second", now=NOW)
        way.close()
    assert server.ids["<second@learn.example.org>"] == 1


def test_a_server_that_turns_everybody_away_is_unreachable(site):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def turn_away():
            with listening.accept()[0] as client:
                client.sendall(b"421 too busy\r\n")

        thread = threading.Thread(target=turn_away)
        thread.start()
        with pytest.raises(Unreachable, match="it answered with 421"):
            by_server(site, listening.getsockname()[1]).deliver(MAIL, name="a", now=NOW)
        thread.join()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (TimeoutError(), "no answer in time"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (smtplib.SMTPServerDisconnected("ann@example.org"), "it hung up"),
        (smtplib.SMTPException("ann@example.org"), "SMTPException"),
        (OSError("ann@example.org"), "OSError"),
    ],
)
def test_no_reason_quotes_anybody(fault, words):
    assert ways._why(fault) == words


def certificate(folder, *, host="127.0.0.1"):
    """A certificate with its key in a file, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "mail.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return str(file)


@pytest.fixture
def far_away(monkeypatch):
    """This machine counts as another one."""
    monkeypatch.setattr(ways, "_is_loopback", lambda _: False)


@pytest.mark.usefixtures("far_away")
def test_mail_leaves_this_machine_encrypted_and_after_signing_in(site, tmp_path, monkeypatch):
    file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", file)
    options = {"tls_context": context_of(file), "require_starttls": True, "auth_required": True}
    with mail_server(**options) as (server, port):
        way = by_server(site, port, user="a%40b:a%20p%40ss@")
        way.deliver(MAIL, name="a", now=NOW)
        way.close()
    assert server.encrypted == [True]
    assert server.signed_in == [b"a@b"]


@pytest.mark.usefixtures("far_away")
@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9"], ids=["nobody vouches for it", "of another host"])
def test_a_certificate_that_is_not_good_stops_mail(site, tmp_path, monkeypatch, host):
    file = certificate(tmp_path, host=host)
    if host != "127.0.0.1":
        monkeypatch.setenv("SSL_CERT_FILE", file)
    with (
        mail_server(tls_context=context_of(file)) as (server, port),
        pytest.raises(Unreachable, match="its certificate is not good"),
    ):
        by_server(site, port).deliver(MAIL, name="a", now=NOW)
    assert server.mails == []


@pytest.mark.usefixtures("far_away")
def test_nothing_is_sent_to_another_machine_without_encryption(site):
    with (
        mail_server() as (server, port),
        pytest.raises(Unreachable, match="it does not offer what is needed"),
    ):
        by_server(site, port).deliver(MAIL, name="a", now=NOW)
    assert server.mails == []


def test_smtps_is_encrypted_from_the_beginning(site, tmp_path, monkeypatch):
    file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", file)
    with mail_server(ssl_context=context_of(file)) as (server, port):
        way = by_server(site, port, scheme="smtps")
        way.deliver(MAIL, name="a", now=NOW)
        way.close()
    assert len(server.mails) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_wrong_password_is_told_and_no_mail_is_lost(site):
    options = {"auth_required": True, "auth_require_tls": False}
    with (
        mail_server(**options) as (_, port),
        pytest.raises(Unreachable, match="user or password were refused with 535"),
    ):
        by_server(site, port, user="cpd:wrong@").deliver(MAIL, name="a", now=NOW)


@pytest.mark.parametrize(
    ("host", "near"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("192.0.2.1", False), ("a.org", False)]
)
def test_only_this_machine_is_near(host, near):
    assert ways._is_loopback(host) == near


# All together


def deliver_through_faults(app, ask, count, faults):
    """Deliver so many mails through a server with such faults, as long as it takes; gives how often each came in."""
    chance = random.Random(9)  # noqa: S311  # the same every time
    with mail_server() as (server, port):
        way = by_server(app.config["SETTINGS"], port)
        ask(*map(str, range(count)))
        server.faults = faults + [""] * (count - len(faults))
        chance.shuffle(server.faults)
        with time_machine.travel(clock.now()) as time:
            for _ in range(30):
                Worker(app, way).work_off()
                time.shift(timedelta(hours=5))
    return server.ids


@pytest.mark.parametrize("fault", ["refuse later", "reject", "die", "die after DATA"])
@pytest.mark.usefixtures("handle")
def test_every_mail_arrives_and_is_doubled_at_most_where_nobody_was_told(app, ask, waiting, fault):
    arrived = deliver_through_faults(app, ask, 30, [fault] * 5)
    assert waiting() == []
    assert len(arrived) == 30
    doubled = {name: times for name, times in arrived.items() if times > 1}
    assert len(doubled) == (5 if fault == "die after DATA" else 0)
    assert set(doubled.values()) <= {2}


@pytest.mark.slow
@pytest.mark.usefixtures("handle")
def test_ten_thousand_mails_arrive_through_a_hundred_faults(app, ask, waiting):
    faults = ["refuse later", "reject", "die", "die after DATA"] * 25
    arrived = deliver_through_faults(app, ask, 10_000, faults)
    assert waiting() == []
    assert len(arrived) == 10_000
    assert sum(arrived.values()) - 10_000 == 25
    assert max(arrived.values()) == 2


@pytest.mark.usefixtures("handle")
def test_a_server_that_was_down_gets_everything_once_it_is_back(app, ask, waiting):
    ask("first", "second")
    with mail_server() as (_, port):
        pass
    worker = Worker(app, by_server(app.config["SETTINGS"], port))
    worker.work_off()
    assert len(waiting()) == 2
    with mail_server(port=port) as (server, _):
        worker.work_off()
    assert len(server.mails) == 2
    assert waiting() == []


def test_asking_for_a_mail_does_not_wait_for_the_mail_server(client_with, republish):
    """The server takes a connection and never says a word."""
    republish()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        client = client_with(
            mail_server=f"smtp://127.0.0.1:{port}", mail_from="cpd@example.org", site_url="https://learn.example.org"
        )
        page = client.get("/auth/reset")
        begun = time.perf_counter()
        answer = client.post("/auth/reset", data={"csrf_token": token_in(page.text), "email": "ann@example.org"})
        assert answer.status_code == 303
        assert time.perf_counter() - begun < PATIENT / 2
