"""What a browser complains about while pages are used: console messages, scripts that fail, requests that fail."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response

# Said for every answer of 400 and above, which `answers` has already, and whenever somebody signs out.
NO_COMPLAINTS = ("Failed to load resource: the server responded with a status of", "Clear-Site-Data header on")
LEFT_BEHIND = "net::ERR_ABORTED"  # of a page that was left before all of it had come


@dataclass
class Journal:
    """Complaints, and answers of 400 and above as (status, address)."""

    complaints: list[str] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._note_message)
        context.on("weberror", lambda fault: self.complaints.append(f"script failed: {fault.error}"))
        context.on("requestfailed", self._note_failure)
        context.on("response", self._note_answer)

    def take_answers(self) -> list[tuple[int, str]]:
        """The answers of 400 and above since this was asked last."""
        taken, self.answers = self.answers, []
        return taken

    def _note_message(self, message: ConsoleMessage) -> None:
        if not message.text.startswith(NO_COMPLAINTS):
            self.complaints.append(f"{message.type} on {message.location['url']}: {message.text}")

    def _note_failure(self, request: Request) -> None:
        if request.failure != LEFT_BEHIND:
            self.complaints.append(f"request failed: {request.url}: {request.failure}")

    def _note_answer(self, response: Response) -> None:
        if response.status >= 400:
            self.answers.append((response.status, response.url))
