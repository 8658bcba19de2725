"""What may go wrong at a provider of OpenID Connect."""


class ProviderFault(Exception):
    """The provider did not do its part. The text says how, for the operator's log; it holds nothing that was sent."""
