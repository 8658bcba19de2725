"""What a browser fetches for its first view of home: requests and bytes as they go over the wire."""

from __future__ import annotations

import http.client
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin, urlsplit

from bench import servers, sites
from bench.figures import Figure, Table, at_most, simple_table

MOST_REQUESTS = at_most(9)
MOST_BYTES = at_most(200)  # kB
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FETCHED = re.compile(
    r'<(?:script|img|source|iframe)\b[^>]*?\bsrc="([^"]+)"'
    r'|<link\b(?=[^>]*\brel="(?:stylesheet|icon|preload|modulepreload|manifest)")[^>]*?\bhref="([^"]+)"'
    r'|<use\b[^>]*?\bhref="([^"#]+)'
)
FETCHED_BY_STYLES = re.compile(r"""(?:url\(|@import\s+)["']?(?!data:)([^"')]+)""")


@dataclass(frozen=True)
class Fetched:
    """One answer on the wire."""

    address: str
    size: int  # bytes of the body, compressed if it was


def measure(site: sites.Site) -> Table:
    with servers.cpd_server(site, on=servers.cores(), workers=1) as server:
        program = next(filter(None, map(shutil.which, BROWSERS)), None)
        found = by_browser(server.address("/"), program) if program else list(by_reading(server.address("/")))
    how = "counted in Chromium with an empty cache" if program else "counted by reading HTML and styles: no Chromium"
    sizes = ", ".join(f"{urlsplit(each.address).path} {each.size / 1000:.1f}" for each in found)
    return simple_table(
        "First view of home, signed out",
        [
            Figure("first view: requests", len(found), "requests", MOST_REQUESTS),
            Figure("first view: transferred", sum(each.size for each in found) / 1000, "kB", MOST_BYTES),
        ],
        notes=[f"{how}. kB of each: {sizes}."],
    )


def by_browser(address: str, program: str) -> list[Fetched]:
    """What Chromium fetches, with the bytes of headers and bodies as they were transferred."""
    from playwright.sync_api import sync_playwright

    found: dict[str, str] = {}
    sizes: dict[str, int] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        watch = page.context.new_cdp_session(page)
        watch.on("Network.requestWillBeSent", lambda told: found.update({told["requestId"]: told["request"]["url"]}))
        watch.on("Network.loadingFinished", lambda told: sizes.update({told["requestId"]: told["encodedDataLength"]}))
        watch.send("Network.enable")
        page.goto(address)
        page.wait_for_load_state("networkidle")
        browser.close()
    return [Fetched(url, sizes.get(name, 0)) for name, url in found.items() if url.startswith("http")]


def by_reading(address: str) -> Iterator[Fetched]:
    """What the page and its styles name, fetched as a browser would ask for it. Bodies alone are counted."""
    waiting, seen = [address], {address}
    while waiting:
        each = waiting.pop(0)
        body, size, kind = _get(each)
        yield Fetched(each, size)
        for name in _named_in(body, kind):
            full = urljoin(each, name)
            if full not in seen and urlsplit(full).netloc == urlsplit(address).netloc:
                seen.add(full)
                waiting.append(full)


def _named_in(body: str, kind: str) -> list[str]:
    if kind.startswith("text/html"):
        return [unescape(next(filter(None, names))) for names in FETCHED.findall(body)]
    return FETCHED_BY_STYLES.findall(body) if kind.startswith("text/css") else []


def _get(address: str) -> tuple[str, int, str]:
    """The text, the bytes on the wire and the media type of an answer."""
    parts = urlsplit(address)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    plain, _ = _answer(parts.netloc, path, "identity")
    _, compressed = _answer(parts.netloc, path, "gzip, deflate, br, zstd")
    return plain[0].decode(errors="replace"), compressed, plain[1]


def _answer(host: str, path: str, encoding: str) -> tuple[tuple[bytes, str], int]:
    connection = http.client.HTTPConnection(host, timeout=30)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": encoding})
        answer = connection.getresponse()
        body = answer.read()
        return (body, answer.headers.get("Content-Type", "")), len(body)
    finally:
        connection.close()
