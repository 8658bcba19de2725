"""Serving: for good, for developers, and where somebody else has the port."""

from __future__ import annotations

import socket
import subprocess
import urllib.request
from dataclasses import replace

import pytest

from cpd.serving import PortTaken, claim_port
from tests.browser.serving import HOST, cpd, cpd_serve, environment
from tests.factories import write_site


@pytest.mark.parametrize("options", [[], ["--debug"]], ids=["for good", "for developers"])
def test_an_empty_installation_is_made_ready_and_served(settings, options):
    write_site(settings.content_folder)
    with cpd_serve(settings, *options) as address, urllib.request.urlopen(f"{address}/pages/terms") as page:  # noqa: S310
        assert b"Terms" in page.read()


@pytest.fixture
def taken():
    """A port that another program listens on."""
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_that_another_program_has_is_refused_with_a_sentence(settings, taken):
    done = subprocess.run(
        cpd("serve"), env=environment(settings, PORT=taken), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"{HOST} port {taken} cannot be served" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_of_another_machine_is_refused_with_a_sentence(settings):
    with pytest.raises(PortTaken, match="Set CPD_HOST or CPD_PORT"):
        claim_port(replace(settings, host="192.0.2.1"))
