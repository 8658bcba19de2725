"""The product behind a proxy."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpd.settings import Settings
from tests.browser.serving import HOST, cpd, environment, free_port, wait_until_alive
from tests.conftest import SECRET_KEY
from tests.deploy.proxies import KINDS, NAME, Kind, Proxy, in_front_of
from tests.did_not_run import skip_without
from tests.factories import write_site


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("behind-a-proxy")
    write_site(folder / "content")
    return Settings(
        instance_folder=folder,
        content_folder=folder / "content",
        database_url=f"sqlite:///{folder / 'cpd.sqlite'}",
        secret_key=SECRET_KEY,
        hash_memory=8,
        hash_time=1,
    )


@pytest.fixture(scope="session")
def app_port(installation: Settings) -> Iterator[int]:
    """The real server, set up for a proxy as the configurations say."""
    port, log = free_port(), installation.instance_folder / "serve.log"
    own = {"PORT": port, "WORKERS": 1, "HTTPS": "yes", "PROXIES": 1, "TRUSTED_HOSTS": f"{NAME},{HOST}"}
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(
            cpd("serve"), env=environment(installation, **own), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_until_alive(f"http://{HOST}:{port}", server, log)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=60)


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    kind = KINDS[request.param]
    if not kind.there:
        skip_without(kind.program)
    return kind


@pytest.fixture
def proxy(kind: Kind, app_port: int, tmp_path: Path) -> Iterator[Proxy]:
    with in_front_of(app_port, kind, tmp_path) as proxy:
        yield proxy


@pytest.fixture
def proxy_of_nobody(kind: Kind, tmp_path: Path) -> Iterator[Proxy]:
    """A proxy before a server that is away."""
    with in_front_of(free_port(), kind, tmp_path) as proxy:
        yield proxy
