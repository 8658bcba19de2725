"""Static files, held in memory: an address that changes with the content may be kept for a year.

Each file is read once in a process and compressed when it is first asked for, so that no compressed copy can be
older than its file. Addresses within our stylesheet get their fingerprints as well.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache, cached_property

from flask import Flask, Response, abort, current_app, request

from cpd import paths

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",  # is compressed in itself
}
YEAR = 31_536_000  # seconds
FOR_A_YEAR = f"public, max-age={YEAR}, immutable"
ASK_EACH_TIME = "public, no-cache"
ADDRESS = re.compile(r"url\(([^):?#]+)(#[^)]*)?\)")


@dataclass(frozen=True)
class StaticFile:
    """A file of cpd/static, ready to be sent."""

    name: str
    content: bytes
    content_type: str

    @cached_property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:12]

    @property
    def is_text(self) -> bool:
        return "charset" in self.content_type

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.content, mtime=0)


@cache
def static_files() -> dict[str, StaticFile]:
    """Every file of cpd/static that we have a type for, by its name."""
    found = (file for file in paths.STATIC.rglob("*") if file.suffix in TYPES and file.is_file())
    files = {}
    for file in found:
        name = file.relative_to(paths.STATIC).as_posix()
        files[name] = StaticFile(name, file.read_bytes(), TYPES[file.suffix])
    styles = {name: _with_addresses(file, files) for name, file in files.items() if file.name.endswith(".css")}
    return files | styles


def _with_addresses(style: StaticFile, files: dict[str, StaticFile]) -> StaticFile:
    """A stylesheet of ours in which the address of each file has its fingerprint."""

    def marked(found: re.Match[str]) -> str:
        name, part = found[1], found[2] or ""
        return f"url({name}?v={files[name].fingerprint}{part})" if name in files else found[0]

    content = ADDRESS.sub(marked, style.content.decode()).encode()
    return StaticFile(style.name, content, style.content_type)


@cache
def static_url(name: str) -> str:
    """The address of a static file, which changes whenever the file does."""
    file = static_files().get(name)
    return f"/static/{name}?v={file.fingerprint if file else 'missing'}"


def configure(app: Flask) -> None:
    """Serve the files. For developers, what has changed is shown at once."""
    app.add_url_rule("/static/<path:filename>", "static", send)
    if app.debug:
        app.before_request(forget)


def forget() -> None:
    static_files.cache_clear()
    static_url.cache_clear()


def send(filename: str) -> Response:
    """A file: compressed if the browser takes it so, whole or a part of it, or 304 if the browser has it."""
    file = static_files().get(filename) or abort(404)
    zipped = file.is_text and "Range" not in request.headers and request.accept_encodings["gzip"] > 0
    response = Response(file.compressed if zipped else file.content, content_type=file.content_type)
    # An address with another fingerprint is that of an older or newer release: what is sent for it may not stay.
    stays = request.args.get("v") == file.fingerprint and not current_app.debug
    response.headers["Cache-Control"] = FOR_A_YEAR if stays else ASK_EACH_TIME
    if file.is_text:
        response.vary.add("Accept-Encoding")
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(f"{file.fingerprint}-gzip" if zipped else file.fingerprint)
    response.make_conditional(request, accept_ranges=True, complete_length=len(file.content))
    return response
