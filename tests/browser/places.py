"""The pages of the sample content, each in every state that it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import Locator, Page

CONTENT = Path(__file__).resolve().parents[2] / "content"
MODULES = sorted(file.stem for file in CONTENT.glob("modules/*/*.md"))
MONOGRAPHS = sorted(file.stem for file in CONTENT.glob("monographs/*.md"))

# What the learner did with which module.
PASSED, REVISED, FAILED, UNOPENED = "headache", "cardiomyopathy", "groin-swelling", "parkinsons-disease"
LEARNERS_ID = 2  # of the account that has done all this
BOXED = "baclofen-intrathecal"  # a monograph with a boxed warning


class Who(Enum):
    """Who looks at a page."""

    STRANGER = "has not said that they are a healthcare professional"
    VISITOR = "is signed out"
    NEWCOMER = "is signed in, with an empty record"
    LEARNER = "has passed two modules, one of them revised since, and failed a third"
    ADMINISTRATOR = "runs the site"


@dataclass(frozen=True)
class Place:
    """A page in a state: its address, who asks for it, what they do there, and the status of the last answer."""

    name: str
    path: str
    who: Who = Who.VISITOR
    does: Callable[[Page], None] = lambda _: None
    status: int = 200


def press(name: str) -> Callable[[Page], None]:
    """Presses the first button of this name in the main part of a page, and waits for the next page."""
    return lambda page: _go_by(page, page.get_by_role("main").get_by_role("button", name=name).first)


def follow(name: str) -> Callable[[Page], None]:
    """Follows the first link of this name in the main part of a page, and waits for the next page."""
    return lambda page: _go_by(page, page.get_by_role("main").get_by_role("link", name=name).first)


def _go_by(page: Page, control: Locator) -> None:
    with page.expect_navigation():
        control.click()


def type_a_wrong_number(page: Page) -> None:
    page.locator("input[inputmode=decimal]").first.fill("a few")
    press("Submit answers")(page)


def enter_a_wrong_password(page: Page) -> None:
    page.get_by_label("E-mail address").fill("nobody@example.org")
    page.get_by_label("Password").fill("violin-gravel-otter-tundra")
    press("Sign in")(page)


def ask_for_a_link(page: Page) -> None:
    page.get_by_label("E-mail address").fill("nobody@example.org")
    press("Make a link")(page)


def overview() -> list[Place]:
    return [
        Place("home", "/"),
        Place("home-learner", "/", Who.LEARNER),
        Place("home-newcomer", "/", Who.NEWCOMER),
        Place("catalogue", "/modules/"),
        Place("catalogue-learner", "/modules/", Who.LEARNER),
        Place("catalogue-filtered", "/modules/?category=red-flags&specialty=general-practice&sort=title"),
        Place("catalogue-empty", "/modules/?category=red-flags&specialty=dermatology"),
        Place("monographs", "/monographs/"),
        Place("monographs-letter", "/monographs/?letter=B"),
        Place("monographs-letter-without-drugs", "/monographs/?letter=Q"),
        Place("monographs-by-class", "/monographs/?by=class"),
        Place("monographs-by-indication", "/monographs/?by=indication"),
        Place("monographs-by-company", "/monographs/?by=company"),
        Place("monographs-of-a-class", "/monographs/?class=skeletal-muscle-relaxant"),
        Place("monographs-for-an-indication", "/monographs/?indication=spasticity", Who.LEARNER),
        Place("monographs-of-no-class", "/monographs/?class=no-such", status=404),
        *(Place(f"page-{slug}", f"/pages/{slug}") for slug in ("about", "accessibility", "privacy", "terms")),
        Place("error-403", "/forbidden", status=403),
        Place("error-404", f"/modules/{PASSED}s", status=404),
        Place("error-500", "/broken", status=500),
    ]


def accounts() -> list[Place]:
    return [
        Place("professional", f"/modules/{PASSED}", Who.STRANGER),
        Place("register", "/auth/register"),
        Place("register-errors", "/auth/register", does=press("Create my account"), status=422),
        Place("sign-in", "/auth/sign-in"),
        Place("sign-in-errors", "/auth/sign-in", does=press("Sign in"), status=422),
        Place("sign-in-refused", "/auth/sign-in", does=enter_a_wrong_password, status=422),
        Place("reset", "/auth/reset"),
        Place("reset-errors", "/auth/reset", does=press("Make a link"), status=422),
        Place("reset-sent", "/auth/reset", does=ask_for_a_link),
        Place("reset-gone", "/auth/reset/new", status=410),
        Place("resend", "/auth/resend"),
        Place("account", "/auth/account", Who.LEARNER),
        Place("record", "/record/", Who.LEARNER),
        Place("record-empty", "/record/", Who.NEWCOMER),
    ]


def account_pages() -> list[Place]:
    """The pages of an account; nobody but its owner sees them."""
    names = ("sessions", "events", "factors", "password", "address", "details", "my-data", "my-data/delete")
    return [
        *(Place(f"account-{name.replace('/', '-')}", f"/auth/{name}", Who.LEARNER) for name in names),
        Place("account-app", "/auth/factors/app", Who.LEARNER),
        Place("account-passkey", "/auth/passkeys/add", Who.LEARNER),
        Place("account-password-errors", "/auth/password", Who.LEARNER, press("Change the password"), 422),
        Place("account-address-errors", "/auth/address", Who.LEARNER, press("Change the address"), 422),
    ]


def administration() -> list[Place]:
    acts = ("", "/events", "/role", "/sessions", "/disable", "/enable", "/factors")
    return [
        Place("admin", "/admin/", Who.ADMINISTRATOR),
        Place("admin-found", "/admin/?q=amara", Who.ADMINISTRATOR),
        Place("admin-nobody", "/admin/?q=nobody", Who.ADMINISTRATOR),
        *(
            Place(f"admin-account{act.replace('/', '-')}", f"/admin/accounts/{LEARNERS_ID}{act}", Who.ADMINISTRATOR)
            for act in acts
        ),
        Place("admin-outbox", "/admin/outbox", Who.ADMINISTRATOR),
        Place("admin-rights", "/admin/rights", Who.ADMINISTRATOR),
    ]


def learning() -> list[Place]:
    sheet = f"/modules/{UNOPENED}/assessment"
    answers = follow("See your answers")
    return [
        Place("module-newcomer", f"/modules/{UNOPENED}", Who.NEWCOMER),
        Place("module-passed", f"/modules/{PASSED}", Who.LEARNER),
        Place("module-failed", f"/modules/{FAILED}", Who.LEARNER),
        Place("module-older-revision", f"/modules/{REVISED}/revisions/1", Who.LEARNER),
        Place("assessment", sheet, Who.LEARNER),
        Place("assessment-blank", sheet, Who.LEARNER, does=press("Submit answers")),
        Place("assessment-wrong-number", sheet, Who.LEARNER, does=type_a_wrong_number, status=422),
        Place("attempt-passed", f"/modules/{PASSED}", Who.LEARNER, does=answers),
        Place("attempt-failed", f"/modules/{FAILED}", Who.LEARNER, does=answers),
    ]


def put_on_list(page: Page) -> None:
    """Adds a drug with one of its indications, from its monograph, which then says so."""
    page.get_by_role("radio").first.check()
    press("Add to my list")(page)


def list_of_one(page: Page) -> None:
    put_on_list(page)
    page.goto(urljoin(page.url, "/list"))


def comparing() -> list[Place]:
    four = "/monographs/compare?m=baclofen&m=tizanidine&m=dantrolene&m=diazepam"
    twice = "/monographs/compare?m=baclofen-intrathecal~muscle-spasms&m=baclofen-intrathecal~severe-spasticity"
    monograph = f"/monographs/{BOXED}"
    return [
        Place("list-empty", "/list"),
        Place("list", monograph, does=list_of_one),
        Place("list-learner", monograph, Who.LEARNER, does=list_of_one),
        Place("list-added", monograph, does=put_on_list),
        Place("list-removed", monograph, does=lambda page: (list_of_one(page), press("Remove Baclofen")(page))),
        Place("list-indication", monograph, does=press("Add to my list")),
        Place("compare", four),
        Place("compare-full", f"{four}&full=1&show=3,4"),
        Place("compare-indications", f"{twice}&identical=hide"),
        Place("compare-remarks", f"{four.replace('diazepam', 'nodine')}"),
        Place("compare-refused", f"{four}&m=warfarin", status=400),
        Place("compare-choose", "/monographs/compare?m=tizanidine&find=1&q=b"),
    ]


def modules() -> list[Place]:
    return [Place("module" if slug == UNOPENED else f"module-{slug}", f"/modules/{slug}") for slug in MODULES]


def monographs() -> list[Place]:
    return [Place("monograph" if slug == BOXED else f"monograph-{slug}", f"/monographs/{slug}") for slug in MONOGRAPHS]


def everything() -> list[Place]:
    groups = (overview, accounts, account_pages, administration, learning, comparing, modules, monographs)
    return [place for group in groups for place in group()]
