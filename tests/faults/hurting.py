"""What a hurt site must still do: show its pages, and refuse to record with words."""

from __future__ import annotations

from tests.faults.awarding import Answer, Browser, Learner, Sitting
from tests.faults.check import Ledger
from tests.faults.served import Served
from tests.pages import token_in

PAGES = ("/", "/modules/", "/modules/m0", "/modules/m0/assessment", "/monographs/", "/record/", "/pages/about")
REFUSED = "What you sent was not recorded"


class Patient:
    """A learner at a site that is hurt and mended."""

    def __init__(self, server: Served, learner: Learner, ledger: Ledger) -> None:
        self.server, self.learner, self.ledger = server, learner, ledger
        self.browser = Browser(server.port, learner.token)

    def open(self, number: int) -> Sitting:
        """The assessment of a module."""
        return Sitting(self.browser, self.learner, f"m{number}", self.ledger, self.server.settings.secret_key)

    def sign_in(self) -> Answer:
        """Try to sign in as somebody unknown: the tries are counted in the database."""
        visitor = Browser(self.server.port, f"a.{'x' * 43}")
        token = token_in(visitor.get("/auth/sign-in").text)
        return visitor.post("/auth/sign-in", {"csrf_token": token, "email": "no@example.org", "password": "wrong"})

    def assert_reading_goes_on(self) -> None:
        for path in PAGES:
            answer = self.browser.get(path)
            assert answer.status == 200, f"{path} answers {answer.status}: {answer.text[:500]}"

    def ready(self) -> int:
        return self.browser.get("/readyz").status


def assert_refused(answer: Answer) -> None:
    """The page says that nothing was recorded, and when to try again."""
    assert answer.status == 503, answer.text[:500]
    assert REFUSED in answer.text
    assert int(answer.retry_after or 0) > 0
