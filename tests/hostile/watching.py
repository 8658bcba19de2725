"""A browser that notes each script that runs and each request that leaves for another host, and a site laid bare."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Route

# What authors' scripts may call. It stands in every frame before anything of the page runs.
LISTEN = "window.alert = window.confirm = window.prompt = number => { window.hit(number) }"
NOT_NEEDED = ("stylesheet", "font", "image", "media", "other")
# Uses everything on a page that reacts to being used, and whatever leads to a script instead of an address.
STIR = r"""
async () => {
  const all = [...document.querySelectorAll('*')]
  for (const each of all)
    for (const { name } of [...each.attributes])
      if (name.startsWith('on')) each.dispatchEvent(new MouseEvent(name.slice(2)))
  for (const link of document.querySelectorAll('.drug')) link.dispatchEvent(new PointerEvent('pointerenter'))
  const leads = each => ['href', 'xlink:href', 'action', 'formaction'].some(
    name => /^\W*(j\W*a|data|vb)/i.test(each.getAttribute(name) ?? ''))
  for (const each of all.filter(leads))
    each.tagName === 'FORM' ? each.requestSubmit() : each.dispatchEvent(new MouseEvent('click', { cancelable: true }))
  const loaded = each => each.complete || new Promise(done => ['load', 'error'].forEach(
    name => each.addEventListener(name, done, { once: true })))
  await Promise.all([...document.images].filter(each => each.loading !== 'lazy').map(loaded))
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))
}
"""


@dataclass
class Watch:
    """What ran, by number, and which addresses of other hosts were asked for."""

    site: str
    ran: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)

    def over(self, context: BrowserContext) -> None:
        context.expose_binding("hit", lambda _, number=None: self.ran.add(str(number)))
        context.add_init_script(LISTEN)
        context.route("**/*", self._route)
        context.on("dialog", lambda dialog: (self.ran.add(dialog.message), dialog.dismiss()))

    def _route(self, route: Route) -> None:
        address, kind = route.request.url, route.request.resource_type
        if address.startswith(self.site):
            needed = kind not in NOT_NEEDED or "/static/logo" in address
            (route.continue_ if needed else route.abort)()
            return
        self.left.add(address)
        number = address.rpartition("/")[2] or "0"
        script = f"hit({number!r})"
        types = {"script": ("text/javascript", script), "document": ("text/html", f"<script>{script}</script>")}
        media, body = types.get(kind, ("text/plain", ""))
        route.fulfill(body=body, content_type=media, headers={"Access-Control-Allow-Origin": "*"})


def watched(browser: Browser, site: str, cookies: Any) -> tuple[Watch, Page]:
    """A page under watch, of somebody who has these cookies."""
    context = browser.new_context()
    context.set_default_timeout(20_000)
    context.add_cookies(cookies)
    watch = Watch(site)
    watch.over(context)
    return watch, context.new_page()


@dataclass
class Bare:
    """An application around which the policy is taken off, or whose pages have raw texts put in; or both."""

    app: Callable[..., Iterable[bytes]]
    policy: bool = True
    spoil: Callable[[bytes], bytes] | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        given: list[Any] = []
        answer = self.app(environ, lambda *started: given.extend(started))
        body = b"".join(answer)
        getattr(answer, "close", lambda: None)()
        status, headers = given[0], given[1]
        if self.spoil and any(value.startswith("text/html") for _, value in headers):
            body = self.spoil(body)
        dropped = {"content-length"} | (set() if self.policy else {"content-security-policy"})
        kept = [(name, value) for name, value in headers if name.lower() not in dropped]
        start_response(status, [*kept, ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
