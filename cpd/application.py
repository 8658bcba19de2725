"""The application put together: settings, extensions, the list of features; nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from cpd import db, paths
from cpd.admin.views import bp as admin
from cpd.auth import access, notices
from cpd.auth.agreeing.views import bp as agreeing
from cpd.auth.by_mail import letters
from cpd.auth.by_mail.views import bp as by_mail
from cpd.auth.changing.views import bp as changing
from cpd.auth.devices.views import bp as devices
from cpd.auth.factors.views import bp as factors
from cpd.auth.my_data import jobs, owned
from cpd.auth.my_data.of_account import OF_OWNER, OF_SIGNING_IN
from cpd.auth.my_data.owned import Owned
from cpd.auth.my_data.services import DOWNLOAD, forget_old_downloads
from cpd.auth.my_data.views import bp as my_data
from cpd.auth.passkeys.views import bp as passkeys
from cpd.auth.proving.views import bp as proving
from cpd.auth.services import forget_old
from cpd.auth.sign_on import asking, door, linking
from cpd.auth.trail.views import bp as trail
from cpd.auth.views import bp as auth
from cpd.modules import queries as of_modules
from cpd.modules.answered import attempts_in_words
from cpd.modules.services import forget_attempts
from cpd.modules.views import bp as modules
from cpd.monographs import queries as of_monographs
from cpd.monographs.comparing.views import bp as comparing
from cpd.monographs.indexes.views import bp as indexes
from cpd.monographs.my_list import carried, listed
from cpd.monographs.my_list.queries import list_of
from cpd.monographs.my_list.services import forget_list
from cpd.monographs.my_list.views import bp as my_list
from cpd.monographs.views import bp as monographs
from cpd.outbox import work
from cpd.outbox.delivery import forget_old_files
from cpd.outbox.services import forget_given_up
from cpd.pages.views import bp as pages
from cpd.record.notes import forget_notes
from cpd.record.queries import everything_of
from cpd.record.services import forget_entries
from cpd.record.views import bp as record
from cpd.search.views import bp as search
from cpd.settings import Settings
from cpd.site.likely import likely_links
from cpd.site.surroundings import Surroundings
from cpd.site.views import bp as site
from cpd.web import converters, csrf, drawn, errors, health, limits, log, outermost, static, templating, theme, turns

FEATURES = (
    health.bp,
    theme.bp,
    site,
    search,
    pages,
    auth,
    agreeing,
    devices,
    trail,
    proving,
    factors,
    passkeys,
    by_mail,
    changing,
    my_data,
    modules,
    indexes,
    monographs,
    my_list,
    comparing,
    record,
    admin,
)
TAKEN_OVER = (  # on signing in
    access.TakenOver(carried.COOKIE, listed.take_over),
    access.TakenOver(asking.COOKIE, linking.take_over),
)
# All that is kept of learners: what a download holds, and what goes with an account. A thing stands below what it
# refers to.
OWNED = (
    *OF_OWNER,
    Owned("attempt", "attempts", "Assessments that you sat", attempts_in_words, forget_attempts),
    Owned("entry", "entries", "Your CPD record", everything_of, forget_entries),
    Owned("note", "notes_on_modules", "Your notes on modules", of_modules.notes_of, forget_notes),
    Owned("note", "notes_on_monographs", "Your notes on drugs", of_monographs.notes_of, forget_notes),
    Owned("list_item", "list", "Your list", list_of, forget_list),
    *OF_SIGNING_IN,
)
# What the worker does with each kind of row in the outbox, and what it does about once an hour.
HANDLERS: dict[str, work.Handler] = {
    notices.KIND: notices.write,
    **letters.HANDLERS,
    DOWNLOAD: jobs.make_download,
}
UPKEEP: tuple[work.Upkeep, ...] = (
    forget_old,
    forget_given_up,
    forget_old_files,
    forget_old_downloads,
    jobs.delete_due_accounts,
)


class Application(Flask):
    """Flask without its look, at each function that a request meets, whether that is a coroutine: none is here."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def make_application(settings: Settings) -> Flask:
    app = Application("cpd", template_folder=str(paths.TEMPLATES), static_folder=None)
    app.config |= {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_key,
        "TRUSTED_HOSTS": list(settings.trusted_hosts) or None,
    }
    if settings.proxies:
        proxied = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)
        app.wsgi_app = proxied  # type: ignore[method-assign]  # Flask's documented way
    db.configure(app, settings)
    templating.configure(app, settings)
    drawn.configure(app, Surroundings)
    converters.configure(app)
    static.configure(app)
    limits.configure(app)
    csrf.configure(app, https=settings.https)
    access.configure(app, TAKEN_OVER)
    owned.configure(app, OWNED)
    work.configure(app, HANDLERS, UPKEEP)
    errors.configure(app, likely_links)
    log.configure(app)
    turns.configure(app, settings)
    outermost.configure(app, settings)
    for feature in FEATURES:
        app.register_blueprint(feature)
    door.configure(app, settings)
    return app
