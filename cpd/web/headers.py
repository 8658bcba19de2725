"""Security headers, on every answer: pages, errors, redirects and static files."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
NOT_KEPT = ("Cache-Control", "no-store")
_PAIRS = list(HEADERS.items())


def complete(given: list[tuple[str, str]]) -> None:
    """Add our headers to those of an answer, and keep it out of caches unless it says otherwise."""
    if "Cache-Control" not in dict(given):
        given.append(NOT_KEPT)
    given += _PAIRS
