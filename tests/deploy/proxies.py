"""nginx and Caddy running with the configuration that is shipped, its placeholders replaced."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.browser.serving import HOST, free_port
from tests.did_not_run import CADDY, NGINX, Program

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
NAME = "example.org"
LONGEST_START = 30  # seconds

# What /etc/nginx/nginx.conf says on Debian, but that nothing outside a folder is touched.
AROUND = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 768; }}
http {{
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass(frozen=True)
class Proxy:
    """A proxy that runs, reached as example.org."""

    port: int
    plain_port: int
    certificate: Path

    def connect(self, *, source: str = HOST) -> ssl.SSLSocket:
        trusting = ssl.create_default_context(cafile=str(self.certificate))
        connection = socket.create_connection((HOST, self.port), timeout=20, source_address=(source, 0))
        return trusting.wrap_socket(connection, server_hostname=NAME)

    def ask(self, method: str, path: str, *, source: str = HOST, body: bytes | None = None, **headers: str) -> Answer:
        """Send a request by https; keywords are headers, with _ for -."""
        connection = http.client.HTTPConnection(NAME, self.port)
        connection.sock = self.connect(source=source)
        return self._answer(connection, method, path, body, headers)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def ask_plainly(self, path: str) -> Answer:
        """Send a request by http."""
        return self._answer(http.client.HTTPConnection(HOST, self.plain_port, timeout=20), "GET", path, None, {})

    def _answer(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> Answer:
        sent = {"Host": NAME} | {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()


@dataclass(frozen=True)
class Kind:
    """A proxy that we ship a configuration for."""

    program: Program
    command: str

    @property
    def there(self) -> bool:
        return bool(self.path and shutil.which("openssl"))

    @property
    def path(self) -> str | None:
        """Where the program is. Debian's nginx stands where only root looks."""
        return shutil.which(self.command, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"]))

    def write(self, folder: Path, app_port: int) -> tuple[Path, Proxy]:
        """Put the shipped configuration into a folder, with ports and a certificate of this test."""
        proxy = Proxy(free_port(), free_port(), make_certificate(folder))
        return (write_nginx if self.command == "nginx" else write_caddy)(folder, proxy, app_port), proxy

    def checking(self, file: Path) -> list[str]:
        if self.command == "nginx":
            return [*self.running(file), "-t", "-q"]
        return [str(self.path), "validate", "--adapter", "caddyfile", "--config", str(file)]

    def running(self, file: Path) -> list[str]:
        if self.command == "nginx":
            return [str(self.path), "-c", str(file), "-p", str(file.parent)]
        return [str(self.path), "run", "--adapter", "caddyfile", "--config", str(file)]


KINDS = {"nginx": Kind(NGINX, "nginx"), "Caddy": Kind(CADDY, "caddy")}


def make_certificate(folder: Path) -> Path:
    """A certificate for example.org, signed by itself; its key is beside it."""
    certificate = folder / "certificate.pem"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2"]
    whose = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    into = ["-keyout", str(folder / "key.pem"), "-out", str(certificate)]
    subprocess.run(["openssl", "req", "-x509", *kind, *whose, *into], check=True, capture_output=True)
    return certificate


def replaced(text: str, replacements: Mapping[str, str]) -> str:
    """A text with each pattern replaced; every one must be there."""
    for pattern, new in replacements.items():
        text, count = re.subn(pattern, new, text, flags=re.MULTILINE)
        assert count, f"the configuration does not hold {pattern}"
    return text


def write_nginx(folder: Path, proxy: Proxy, app_port: int) -> Path:
    site = replaced(
        (DEPLOY / "nginx.conf").read_text(encoding="utf-8"),
        {
            r"/etc/letsencrypt/live/example.org/fullchain\.pem": str(proxy.certificate),
            r"/etc/letsencrypt/live/example.org/privkey\.pem": str(folder / "key.pem"),
            r"listen 80;": f"listen {HOST}:{proxy.plain_port};",
            r"listen \[::\]:80;": f"listen {HOST}:{free_port()};",
            r"listen 443 ": f"listen {HOST}:{proxy.port} ",
            r"listen \[::\]:443 ": f"listen {HOST}:{free_port()} ",
            r"127\.0\.0\.1:8000": f"{HOST}:{app_port}",
        },
    )
    (folder / "site.conf").write_text(site, encoding="utf-8")
    # Where root runs the tests, another account could not reach into the folder of a test.
    root = folder.owner() == "root"
    file = folder / "nginx.conf"
    file.write_text(AROUND.format(folder=folder, user="user root;" if root else ""), encoding="utf-8")
    return file


def write_caddy(folder: Path, proxy: Proxy, app_port: int) -> Path:
    own = f"admin off\n\thttp_port {proxy.plain_port}\n\thttps_port {proxy.port}\n"
    own += f"\tdefault_bind {HOST}\n\tskip_install_trust\n\tstorage file_system {folder / 'kept'}\n"
    text = replaced(
        (DEPLOY / "Caddyfile").read_text(encoding="utf-8"),
        {
            r"\A((?:#.*\n|\n)*)\{\n": rf"\1{{\n\t{own}",
            r"# tls \S+ \S+": f"tls {proxy.certificate} {folder / 'key.pem'}",
            r"127\.0\.0\.1:8000": f"{HOST}:{app_port}",
        },
    )
    file = folder / "Caddyfile"
    file.write_text(text, encoding="utf-8")
    return file


@contextmanager
def in_front_of(app_port: int, kind: Kind, folder: Path) -> Iterator[Proxy]:
    """Run a proxy before whatever listens on a port."""
    file, proxy = kind.write(folder, app_port)
    log = folder / "said.log"
    here = os.environ | {"XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with log.open("w", encoding="utf-8") as said:
        process = subprocess.Popen(kind.running(file), env=here, stdout=said, stderr=subprocess.STDOUT)
    try:
        for port in (proxy.port, proxy.plain_port):
            wait_until_listening(port, process, log)
        yield proxy
    finally:
        process.terminate()
        process.wait(timeout=LONGEST_START)


def wait_until_listening(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    latest = time.monotonic() + LONGEST_START
    while process.poll() is None and time.monotonic() < latest:
        try:
            socket.create_connection((HOST, port)).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"the proxy did not start:\n{log.read_text(encoding='utf-8')}")
