"""Settings: each wrong one stops the start with a sentence, and the secret is made once."""

from __future__ import annotations

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import pytest
from flask import request

from cpd import create_app, paths
from cpd.settings import OUTSIDE_NAMES, Settings, WrongSetting, kept_secret

SECRET = "s" * 32


@pytest.fixture
def read(tmp_path):
    """Reads settings from CPD_… variables, in a folder of its own."""

    def read(**given: str) -> Settings:
        variables = {f"CPD_{name.upper()}": value for name, value in given.items()}
        return Settings.from_environment({"CPD_INSTANCE_FOLDER": str(tmp_path / "instance"), **variables})

    return read


ISSUER_WORDS = "use the https:// address of a provider of OpenID Connect"
ISSUER_PARTS = "use the address that the provider states as its issuer, without a query"
CREDENTIAL = "use 1 to 500 letters, digits and signs, as the provider gave them"
WRONG = {
    "PORT": {
        "0": "use a whole number from 1 to 65535, not '0'",
        "65536": "use a whole number from 1 to 65535, not '65536'",
        "": "use a whole number from 1 to 65535, not ''",
        "80.0": "use a whole number from 1 to 65535, not '80.0'",
        "٣": "use a whole number from 1 to 65535, not '٣'",
        "-1": "use a whole number from 1 to 65535, not '-1'",
    },
    "WORKERS": {"0": "use a whole number from 1 to 64, not '0'"},
    "THREADS": {"65": "use a whole number from 1 to 64, not '65'"},
    "HASH_MEMORY": {"7": "use a whole number from 8 to 1048576, not '7'"},
    "HASH_TIME": {"0": "use a whole number from 1 to 20, not '0'"},
    "HTTPS": {"maybe": "use yes or no, not 'maybe'", "": "use yes or no, not ''"},
    "TIMEZONE": {
        "Mars/Base": "'Mars/Base' is not a time zone; use a name such as Europe/London",
        "../../etc/passwd": "'../../etc/passwd' is not a time zone; use a name such as Europe/London",
    },
    "SITE_NAME": {
        "": "use 1 to 60 printable characters",
        "x" * 61: "use 1 to 60 printable characters",
        "a\nb": "use 1 to 60 printable characters",
    },
    "WORKER": {"maybe": "use yes or no, not 'maybe'"},
    "SITE_URL": dict.fromkeys(
        ("", "learn.example.org", "ftp://learn.example.org", "https://", "https://a.org/learn", "https://a.org/?x"),
        "use an address without a path, such as https://learn.example.org",
    ),
    "MAIL_SERVER": dict.fromkeys(
        (
            "",
            "mail.example.org",
            "http://mail.example.org",
            "smtp://",
            "smtp://mail.example.org:x",
            "smtp://a.org:99999",
        ),
        "use smtp://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST:465",
    ),
    "MAIL_FROM": dict.fromkeys(
        ("", "cpd", "cpd@", "CPD <cpd@example.org>", "a@b.org, c@d.org", "a@b.org\nBcc: c@d.org"),
        "use one e-mail address, such as cpd@example.org",
    ),
    "PROXIES": {"10": "use a whole number from 0 to 9, not '10'"},
    "NOTICE": {"x" * 121: "use at most 120 printable characters, or nothing"},
    "SECRET_KEY": {"short": "use at least 32 characters, made by a random generator"},
    "INSTANCE_FOLDER": {" ": "name a folder"},
    "CONTENT_FOLDER": {"": "name a folder"},
    "SIGN_ON_ISSUER": {
        "": ISSUER_WORDS,
        "id.example.org": ISSUER_WORDS,
        "http://id.example.org": ISSUER_WORDS,
        "https://": ISSUER_WORDS,
        "https://id.example.org/?tenant=1": ISSUER_PARTS,
        "https://id.example.org/#part": ISSUER_PARTS,
        "https://name@id.example.org": ISSUER_PARTS,
        "https://id.example.org/a b": ISSUER_PARTS,
        "https://id.example.org/é": ISSUER_PARTS,
        "https://id.example.org/" + "x" * 300: ISSUER_PARTS,
    },
    "SIGN_ON_CLIENT_ID": {"": CREDENTIAL, "two words": CREDENTIAL, "é": CREDENTIAL, "x" * 501: CREDENTIAL},
    "SIGN_ON_CLIENT_SECRET": {"": CREDENTIAL, "a\nb": CREDENTIAL},
    "SIGN_ON_NAME": {"": "use 1 to 60 printable characters"},
    "DATABASE_URL": {
        "sqlite://": "use sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME",
        "sqlite:///": "use sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME",
        "postgres://localhost/cpd": "use sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME",
        "mysql://localhost/cpd": "use sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME",
    },
}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [(name, value, words) for name, values in WRONG.items() for value, words in values.items()],
    ids=ascii,
)
def test_a_wrong_value_stops_the_start_with_a_sentence(read, name, value, words):
    with pytest.raises(WrongSetting) as wrong:
        read(**{name: value})
    assert str(wrong.value) == f"CPD_{name}: {words}."


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("CPD_PROT", " Did you mean CPD_PORT?"),
        ("CPD_SITENAME", " Did you mean CPD_SITE_NAME?"),
        ("CPD_DATABASE", " Did you mean CPD_DATABASE_URL?"),
        ("CPD_QQQQQQQQ", ""),
        ("CPD_", ""),
    ],
)
def test_an_unknown_name_is_refused_and_a_near_one_suggested(tmp_path, name, suggestion):
    with pytest.raises(WrongSetting) as wrong:
        Settings.from_environment({"CPD_INSTANCE_FOLDER": str(tmp_path), name: "1"})
    assert str(wrong.value) == f"{name} is not a setting.{suggestion}"


def test_variables_of_others_are_left_alone(tmp_path):
    others = {"PATH": "/bin", "XCPD_PORT": "x"} | dict.fromkeys(OUTSIDE_NAMES, "x")
    assert Settings.from_environment({"CPD_INSTANCE_FOLDER": str(tmp_path), **others}) == Settings.from_environment(
        {"CPD_INSTANCE_FOLDER": str(tmp_path)}
    )


def test_values_are_read_as_their_types(read, tmp_path):
    settings = read(
        port="8080",
        https="YES",
        trusted_hosts="a.example.org, b.example.org,",
        site_name=" Daybook of the North ",
        timezone="Pacific/Auckland",
        secret_key=SECRET,
        content_folder=str(tmp_path / "texts" / ".." / "texts"),
    )
    assert settings.port == 8080
    assert settings.https is True
    assert settings.trusted_hosts == ("a.example.org", "b.example.org")
    assert settings.site_name == "Daybook of the North"
    assert settings.zone.key == "Pacific/Auckland"
    assert settings.content_folder == tmp_path / "texts"


def test_without_variables_everything_is_in_the_instance_folder(read, tmp_path):
    settings = read()
    assert settings.database_url == f"sqlite:///{tmp_path / 'instance' / 'cpd.sqlite'}"
    assert settings.on_sqlite
    assert len(settings.secret_key) >= 32
    assert (settings.site_name, settings.timezone, settings.host, settings.port) == (
        "Daybook",
        "Europe/London",
        "127.0.0.1",
        8000,
    )


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (3, 3), (8, 8), (32, 8)])
def test_there_is_a_worker_for_each_core_that_may_be_used_up_to_eight(read, monkeypatch, cores, workers):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert read().workers == workers


def test_where_the_system_does_not_tell_which_cores_may_be_used_all_count(read, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert read().workers == 5


def test_content_is_that_of_the_working_folder_if_it_is_there(read, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read().content_folder == paths.sample_content()
    (tmp_path / "content").mkdir()
    assert read().content_folder == tmp_path / "content"


def test_every_setting_can_be_set(read):
    examples = {
        "instance_folder": "/tmp/x",  # noqa: S108  # named, never made: the key is given
        "content_folder": "/srv/content",
        "database_url": "postgresql+psycopg://cpd@/cpd",
        "secret_key": SECRET,
        "timezone": "Europe/Paris",
        "https": "yes",
        "access_log": "no",
        "port": "9",
        "workers": "3",
        "threads": "3",
        "proxies": "1",
        **MAIL,
        "worker": "no",
        **SIGN_ON,
        "hash_memory": "9",
        "hash_time": "3",
    }
    names = {field.name for field in fields(Settings)}
    given = {name: examples.get(name, "something") for name in names}
    settings, others = read(**given), read(secret_key="t" * 32)
    assert [name for name in names if getattr(settings, name) == getattr(others, name)] == []


SIGN_ON = {
    "sign_on_issuer": "https://id.example.org/hospital",
    "sign_on_client_id": "daybook",
    "sign_on_client_secret": "a+secret/of=signs",
    "sign_on_name": "St Example's",
    "site_url": "https://learn.example.org/",
}


def test_a_provider_of_single_sign_on_is_named_by_five_settings(read):
    settings = read(**SIGN_ON)
    assert settings.single_sign_on
    assert settings.sign_on_issuer == "https://id.example.org/hospital"
    assert settings.address == "https://learn.example.org"
    assert not read().single_sign_on


@pytest.mark.parametrize("left_out", SIGN_ON)
def test_of_the_settings_of_single_sign_on_none_may_be_left_out(read, left_out):
    given = {name: value for name, value in SIGN_ON.items() if name != left_out}
    with pytest.raises(WrongSetting, match=f"so CPD_{left_out.upper()} is needed too"):
        read(**given)


@pytest.mark.parametrize("name", [name for name in SIGN_ON if name != "site_url"])
def test_one_setting_of_single_sign_on_means_nothing_alone(read, name):
    with pytest.raises(WrongSetting, match=f"CPD_{name.upper()} is set, so CPD_SIGN_ON_.* is needed too"):
        read(**{name: SIGN_ON[name]})


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:99"])
def test_a_provider_on_this_machine_may_go_by_http(read, host):
    assert read(**(SIGN_ON | {"sign_on_issuer": f"http://{host}"})).sign_on_issuer == f"http://{host}"


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path):
    folder = tmp_path / "new" / "instance"
    secret = kept_secret(folder)
    assert kept_secret(folder) == secret
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600
    assert [file.name for file in folder.iterdir()] == ["secret_key"]


def test_two_installations_have_two_secrets(tmp_path):
    assert kept_secret(tmp_path / "a") != kept_secret(tmp_path / "b")


def test_processes_that_start_at_once_agree_on_the_secret(tmp_path):
    together = threading.Barrier(8)

    def start(_: int) -> str:
        together.wait()
        return kept_secret(tmp_path)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(start, range(8)))) == 1


@pytest.mark.parametrize("kept", ["", "short", "é" * 40], ids=["empty", "short", "not ASCII"])
def test_a_kept_secret_that_is_of_no_use_stops_the_start(tmp_path, kept):
    (tmp_path / "secret_key").write_text(kept, encoding="utf-8")
    with pytest.raises(WrongSetting, match="does not hold a usable secret key"):
        kept_secret(tmp_path)


def test_a_folder_that_cannot_be_made_stops_the_start(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongSetting, match="CPD_SECRET_KEY is not set and none can be kept in"):
        kept_secret(tmp_path / "file" / "instance")


def test_a_given_secret_is_not_kept(read, tmp_path):
    read(secret_key=SECRET)
    assert not (tmp_path / "instance").exists()


def test_the_application_does_not_start_on_a_wrong_setting(monkeypatch):
    monkeypatch.setenv("CPD_PORT", "none")
    with pytest.raises(WrongSetting, match="CPD_PORT"):
        create_app()


def test_only_trusted_hosts_are_answered(client_with):
    client = client_with(trusted_hosts=("daybook.example.org",))
    assert client.get("/healthz", headers={"Host": "daybook.example.org"}).status_code == 200
    for host in ("evil.example.org", "localhost.daybook.example.org", "daybook.example.org.evil.example.org", ""):
        assert client.get("/healthz", headers={"Host": host}).status_code == 400, host


def test_the_site_bears_its_name(client_with):
    assert "Night &amp; Day" in client_with(site_name="Night & Day").get("/").text


def test_the_notice_of_sample_content_can_be_left_out(client_with):
    assert "Sample content" in client_with().get("/").text.split("<main")[0]
    assert "Sample content" not in client_with(notice="").get("/").text.split("<main")[0]


def test_only_as_many_proxies_as_there_are_say_who_asked(client_with):
    asked = {}
    for proxies in (0, 1, 2):
        client = client_with(proxies=proxies)
        client.application.view_functions["health.alive"] = lambda: str(request.remote_addr)
        asked[proxies] = client.get("/healthz", headers={"X-Forwarded-For": "192.0.2.1, 192.0.2.2, 192.0.2.3"}).text
    assert asked == {0: "127.0.0.1", 1: "192.0.2.3", 2: "192.0.2.2"}


MAIL = {
    "mail_server": "smtps://cpd:a%20word@mail.example.org",
    "mail_from": "cpd@example.org",
    "site_url": "https://learn.example.org",
}


@pytest.mark.parametrize("lacking", ["mail_from", "site_url"])
def test_a_mail_server_needs_a_sender_and_the_address_of_the_site(read, lacking):
    given = {name: value for name, value in MAIL.items() if name != lacking}
    with pytest.raises(WrongSetting) as wrong:
        read(**given)
    assert str(wrong.value) == f"CPD_MAIL_SERVER is set, so CPD_{lacking.upper()} is needed too."


def test_addresses_are_confirmed_where_mail_goes_out(read):
    assert read(**MAIL).confirms_addresses
    assert not read().confirms_addresses


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"host": "::1", "port": "80"}, "http://[::1]:80"),
        ({"site_url": "https://learn.example.org/"}, "https://learn.example.org"),
    ],
)
def test_links_in_mail_lead_to_the_address_of_the_site(read, given, address):
    assert read(**given).address == address
