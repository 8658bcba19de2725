"""What is kept of an account itself: what its owner stated and agreed to, and all that signing in leaves."""

from __future__ import annotations

from cpd.auth import events
from cpd.auth.models import App, Consent, Download, NameWord, Passkey, RecoveryCode, Session, SignOn
from cpd.auth.my_data import queries, services
from cpd.auth.my_data.owned import Owned, forgetting

OF_OWNER = (
    Owned("account", "account", "Account", queries.account, services.forget_identity),
    Owned(
        "name_word", "words_of_name", "What your name is found by", queries.name_words, forgetting(NameWord.account_id)
    ),
    Owned("consent", "consents", "What you agreed to", queries.consents, forgetting(Consent.account_id)),
)
OF_SIGNING_IN = (
    Owned("session", "sessions", "Where you are signed in", queries.sessions, forgetting(Session.account_id)),
    Owned("event", "events", "What happened to your account", queries.events, events.forget),
    Owned("app", "authenticator_apps", "Authenticator app", queries.apps, forgetting(App.account_id)),
    Owned("passkey", "passkeys", "Passkeys", queries.passkeys, forgetting(Passkey.account_id)),
    Owned(
        "recovery_code",
        "recovery_codes",
        "Recovery codes",
        queries.recovery_codes,
        forgetting(RecoveryCode.account_id),
    ),
    Owned("sign_on", "single_sign_on", "Single sign-on", queries.sign_ons, forgetting(SignOn.account_id)),
    Owned("token", "steps_begun", "Steps that you began", queries.tokens, services.forget_tokens),
    Owned("download", "downloads", "Downloads of your data", queries.downloads, forgetting(Download.account_id)),
    Owned("outbox", "on_its_way", "On its way to you", queries.waiting, services.forget_waiting),
)
