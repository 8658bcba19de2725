"""What tests of monographs need."""

import pytest


@pytest.fixture
def professional(client):
    """A visitor who has confirmed the notice."""
    client.set_cookie("cpd_professional", "1")
    return client
