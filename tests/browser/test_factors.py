"""Second factors in Chromium: passkeys of its virtual authenticator, codes without script, the keyboard alone."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from cpd.db import Base, db
from cpd.web import clock
from tests.browser.hands import Keyboard, Pointer
from tests.browser.journey import PASSWORD, Learner
from tests.browser.looking import NARROWEST, PHONE, WIDE, faults_of, too_wide
from tests.browser.sample import publish_sample, sample_app
from tests.browser.serving import serving
from tests.factories import write_site

OPTIONS = {
    "protocol": "ctap2",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
CODE = "Code from your authenticator app"


class Device:
    """Chromium's virtual authenticator: a phone or laptop (`internal`), or a security key (`usb`)."""

    def __init__(self, page, transport="internal"):
        self.session = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        options = {**OPTIONS, "transport": transport}
        self.id = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def tell(self, command, **values):
        return self.session.send(f"WebAuthn.{command}", {"authenticatorId": self.id, **values})

    @property
    def keys(self):
        return self.tell("getCredentials")["credentials"]


class Person:
    """Somebody at a browser, with an address that broke another product's passkeys by its apostrophe."""

    def __init__(self, page, url, number, hand=Pointer):
        self.page, self.url, self.hand = page, url, hand(page)
        self.email = f"o'brien{number}@example.org"

    def register(self):
        self.page.goto(self.url)
        Learner(self.page, Pointer(self.page)).register(name="Ann O'Brien", email=self.email)

    def go(self, path):
        self.page.goto(self.url + path)

    def type(self, label, text):
        self.hand.type(self.page.get_by_role("main").get_by_label(label, exact=True), text)

    def press(self, name):
        self.hand.press(self.page.get_by_role("main").get_by_role("button", name=name, exact=True).first)

    def follow(self, name):
        self.hand.press(self.page.get_by_role("main").get_by_role("link", name=name, exact=True).first)

    def is_at(self, path):
        expect(self.page).to_have_url(self.url + path)

    def reads(self, heading):
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)

    def is_told(self, text):
        expect(self.page.get_by_role("main").get_by_text(text)).to_be_visible()

    def is_signed_in(self):
        expect(self.page.get_by_role("button", name=re.compile("account menu"))).to_be_visible()

    def add_passkey(self, name="Work phone"):
        self.go("/auth/passkeys/add")
        self.page.get_by_label("Name").fill(name)
        self.press("Add a passkey")

    def add_app(self):
        self.go("/auth/factors/app")
        secret = self.page.locator(".factor-secret").inner_text().replace(" ", "")
        self.type(CODE, code_of(secret))
        self.press("Set up the app")
        self.reads("Your authenticator app is set up")
        return secret, self.page.locator(".codes code").all_inner_texts()

    def sign_out(self):
        self.go("/auth/account")
        Pointer(self.page).press(self.page.get_by_role("main").get_by_role("button", name="Sign out"))
        self.is_at("/")

    def enter_password(self):
        self.go("/auth/sign-in")
        self.type("E-mail address", self.email)
        self.type("Password", PASSWORD)
        self.press("Sign in")
        self.is_at("/auth/two-factor")


def code_of(secret, steps=0):
    """What the app shows now, or so many steps of 30 seconds later."""
    return pyotp.TOTP(secret).at(int(clock.now().timestamp()) + 30 * steps)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """An application, and its address under a name that passkeys can belong to."""
    folder = tmp_path_factory.mktemp("factors")
    write_site(folder / "content")
    app = sample_app(folder)
    publish_sample(app)
    with serving(app) as url:
        yield app, url.replace("127.0.0.1", "localhost")
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def change(site):
    """Changes all rows of a table."""
    app, _ = site

    def change(table, **values):
        with app.app_context():
            db.session.execute(update(Base.metadata.tables[table]).values(**values))
            db.session.commit()

    return change


numbers = iter(range(1, 1_000))


@pytest.fixture
def ann(site, open_browser):
    """Registered and signed in."""
    app, url = site
    with app.app_context():
        db.session.execute(Base.metadata.tables["throttle"].delete())
        db.session.commit()
    ann = Person(open_browser(), url, next(numbers))
    ann.register()
    return ann


@pytest.mark.parametrize("transport", ["internal", "usb"])
def test_a_passkey_is_made_and_then_signs_in_by_itself(ann, transport):
    device = Device(ann.page, transport)
    ann.add_passkey()
    ann.reads("Your passkey is set up")
    [key] = device.keys
    assert (key["isResidentCredential"], key["rpId"], key["userName"]) == (True, "localhost", ann.email)
    ann.follow("I have kept them: go on")
    expect(ann.page.get_by_role("heading", name="Work phone")).to_be_visible()

    ann.sign_out()
    ann.go("/auth/sign-in?next=/record/")
    ann.press("Sign in with a passkey")
    ann.is_at("/record/")
    ann.is_signed_in()
    ann.go("/auth/factors")
    ann.is_told("Last used")


@pytest.mark.parametrize("transport", ["internal", "usb"])
def test_a_passkey_is_the_second_step_and_proves_again(ann, change, transport):
    Device(ann.page, transport)
    ann.add_passkey()
    ann.reads("Your passkey is set up")
    ann.sign_out()
    ann.enter_password()
    ann.press("Use your passkey")
    ann.is_at("/")
    ann.is_signed_in()

    change("session", proved_at=clock.now() - timedelta(hours=1))
    ann.go("/auth/passkeys/add")
    ann.reads("Is it you?")
    ann.press("Use your passkey")
    ann.is_at("/auth/passkeys/add")
    ann.reads("Add a passkey")


def test_a_removed_passkey_no_longer_signs_in(ann, journal):
    device = Device(ann.page)
    ann.add_app()
    ann.add_passkey()
    ann.is_at("/auth/factors")
    ann.follow("Remove Work phone")
    ann.press("Remove it")
    ann.is_at("/auth/factors")
    assert len(device.keys) == 1  # the phone knows nothing of it
    ann.sign_out()
    ann.go("/auth/sign-in")
    ann.press("Sign in with a passkey")
    expect(ann.page.get_by_role("alert")).to_have_text(re.compile("does not know that passkey"))
    assert journal.take_answers() == [(422, f"{ann.url}/auth/passkeys/sign-in")]
    ann.go("/auth/account")
    ann.reads("Sign in")


def test_a_copied_key_is_refused_once_the_other_was_used(ann, journal):
    device = Device(ann.page, "usb")
    ann.add_passkey()
    ann.reads("Your passkey is set up")
    [copy] = device.keys
    ann.sign_out()
    ann.go("/auth/sign-in")
    ann.press("Sign in with a passkey")
    ann.is_signed_in()

    device.tell("clearCredentials")
    device.tell("addCredential", credential=copy)  # with the count it had before
    ann.sign_out()
    ann.go("/auth/sign-in")
    ann.press("Sign in with a passkey")
    expect(ann.page.get_by_role("alert")).to_have_text(re.compile("a copy of it may be in use"))
    assert journal.take_answers() == [(422, f"{ann.url}/auth/passkeys/sign-in")]


def test_a_passkey_that_is_not_unlocked_does_nothing_and_the_page_says_so(ann):
    device = Device(ann.page)
    ann.add_passkey()
    ann.reads("Your passkey is set up")
    ann.sign_out()
    device.tell("setUserVerified", isUserVerified=False)
    ann.go("/auth/sign-in")
    ann.press("Sign in with a passkey")
    ann.is_told("No passkey was used. Try again, or choose another way.")
    device.tell("setUserVerified", isUserVerified=True)
    ann.press("Sign in with a passkey")
    ann.is_at("/")
    ann.is_signed_in()


def test_the_same_device_is_not_added_twice(ann):
    Device(ann.page)
    ann.add_passkey()
    ann.reads("Your passkey is set up")
    ann.add_passkey("Again")
    ann.is_told("This device or key has a passkey for your account already.")
    ann.go("/auth/factors")
    expect(ann.page.get_by_role("heading", name="Again")).to_have_count(0)


def test_a_name_that_is_missing_is_asked_for_and_a_second_try_works(ann, journal):
    Device(ann.page)
    ann.add_passkey("")
    expect(ann.page.get_by_role("alert")).to_contain_text("Enter your name")
    assert [status for status, _ in journal.take_answers()] == [422]


def test_two_steps_by_keyboard_alone(ann):
    Device(ann.page)
    secret, codes = ann.add_app()
    ann.add_passkey()
    ann.is_at("/auth/factors")
    ann.hand = Keyboard(ann.page)
    ann.sign_out()
    ann.enter_password()
    ann.type(CODE, code_of(secret, steps=1))  # the code of now was used
    ann.press("Sign in")
    ann.is_at("/")
    ann.is_signed_in()

    ann.sign_out()
    ann.enter_password()
    ann.hand.press(ann.page.locator("summary", has_text="Use a recovery code"))
    ann.type("Recovery code", codes[0])
    ann.press("Sign in with a recovery code")
    ann.is_at("/")
    ann.is_told("You have 9 recovery codes left.")

    ann.sign_out()
    ann.go("/auth/sign-in")
    ann.press("Sign in with a passkey")
    ann.is_at("/")
    ann.go("/auth/factors")
    ann.follow("Rename Work phone")
    ann.hand.reach(ann.page.get_by_label("Name"))
    ann.page.keyboard.press("Control+A")
    ann.type("Name", "Tablet")
    ann.press("Rename it")
    ann.is_told("The passkey has its new name.")
    expect(ann.page.get_by_role("heading", name="Tablet")).to_be_visible()


def test_codes_work_without_script(site, open_browser):
    _, url = site
    ann = Person(open_browser(java_script_enabled=False), url, next(numbers))
    ann.register()
    ann.go("/auth/factors")
    ann.follow("Set up an authenticator app")
    secret, codes = ann.add_app()
    with ann.page.expect_download() as download:
        ann.press("Save as a text file")
    kept = Path(download.value.path()).read_text(encoding="utf-8")
    assert download.value.suggested_filename == "recovery-codes.txt"
    assert kept.splitlines()[-10:] == codes
    assert ann.email in kept
    ann.follow("I have kept them: go on")
    ann.is_at("/auth/factors")

    ann.go("/auth/passkeys/add")
    ann.is_told("This browser cannot make a passkey")
    expect(ann.page.get_by_role("main").get_by_role("button")).to_have_count(0)

    ann.sign_out()
    ann.go("/auth/sign-in")
    expect(ann.page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)
    ann.enter_password()
    ann.type(CODE, code_of(secret, steps=1))  # the code of now was used
    ann.press("Sign in")
    ann.is_signed_in()

    ann.sign_out()
    ann.enter_password()
    ann.page.locator("summary").click()
    ann.type("Recovery code", codes[5].upper())
    ann.press("Sign in with a recovery code")
    ann.is_signed_in()


def test_an_author_is_led_to_a_second_factor_and_back(ann, change):
    Device(ann.page)
    change("account", role="author")
    ann.go("/auth/two-factor/needed?next=/record/")
    ann.reads("Two-step sign-in is needed")
    ann.follow("Add a passkey")
    ann.type("Name", "Key")
    ann.press("Add a passkey")
    ann.reads("Your passkey is set up")
    ann.follow("I have kept them: go on")
    ann.is_at("/record/")
    ann.go("/auth/factors")
    ann.follow("Remove Key")
    ann.press("Remove it")
    expect(ann.page.get_by_role("alert")).to_contain_text("Your role needs a second factor")
    change("account", role="learner")


def test_at_an_address_that_is_a_number_no_passkey_is_offered(ann):
    ann.page.goto(ann.url.replace("localhost", "127.0.0.1") + "/auth/sign-in")
    expect(ann.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(ann.page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)


def test_every_page_of_two_step_sign_in_is_accessible_and_fits(ann, change, journal):
    """At both widths, in both themes, with errors and without."""
    page, faults = ann.page, []

    def look(name):
        for size in (WIDE, PHONE):
            page.set_viewport_size(size)
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme)
                faults.extend(f"{name}, {size['width']} {theme}: {fault}" for fault in faults_of(page))
        page.set_viewport_size(NARROWEST)
        faults.extend(f"{name}: {fault}" for fault in too_wide(page))
        page.set_viewport_size(WIDE)

    Device(page)
    for path in ("/auth/factors", "/auth/two-factor/needed", "/auth/factors/app", "/auth/passkeys/add"):
        ann.go(path)
        look(path)
    ann.go("/auth/factors/app")
    ann.type(CODE, "12")
    ann.press("Set up the app")
    look("app with an error")
    ann.add_app()
    look("recovery codes")
    ann.add_passkey("W" * 60)
    ann.is_at("/auth/factors")
    look("overview with a message")
    ann.follow(f"Rename {'W' * 60}")
    look("passkey")
    ann.type("Name", "")
    ann.press("Rename it")
    look("passkey with an error")
    ann.follow("Remove it")
    look("remove")
    for path in ("/auth/factors/app/remove", "/auth/recovery-codes"):
        ann.go(path)
        look(path)
    change("recovery_code", used_at=clock.now())
    ann.go("/auth/factors")
    look("overview without codes")
    change("session", proved_at=clock.now() - timedelta(hours=1))
    ann.go("/auth/again")
    for summary in page.locator("summary").all():
        summary.click()
    look("again")
    ann.sign_out()
    ann.go("/auth/sign-in")
    look("sign in")
    ann.enter_password()
    look("step")
    ann.type(CODE, "000000")
    ann.press("Sign in")
    page.locator("summary").click()
    look("step with an error")

    assert {status for status, _ in journal.take_answers()} == {422}
    assert faults == []
