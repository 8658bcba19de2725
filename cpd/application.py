"""The application put together: settings, extensions, the list of features; nothing else."""

from __future__ import annotations

from flask import Flask, g
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from cpd import db, paths
from cpd.auth import access
from cpd.auth.views import bp as auth
from cpd.modules.views import bp as modules
from cpd.monographs.views import bp as monographs
from cpd.pages.views import bp as pages
from cpd.record.views import bp as record
from cpd.settings import Settings
from cpd.site.likely import likely_links
from cpd.site.queries import footer_categories
from cpd.site.views import bp as site
from cpd.web import converters, csrf, errors, headers, health, static, templating, theme

FEATURES = (health.bp, theme.bp, site, pages, auth, modules, monographs, record)
LARGEST_REQUEST = 512 * 1024  # bytes
MOST_FIELDS = 1_000


def make_application(settings: Settings) -> Flask:
    app = Flask("cpd", template_folder=str(paths.TEMPLATES), static_folder=str(paths.STATIC))
    app.config |= {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_key,
        "MAX_CONTENT_LENGTH": LARGEST_REQUEST,
        "MAX_FORM_MEMORY_SIZE": LARGEST_REQUEST,
        "MAX_FORM_PARTS": MOST_FIELDS,
        "TRUSTED_HOSTS": list(settings.trusted_hosts) or None,
    }
    if settings.proxies:
        proxied = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)
        app.wsgi_app = proxied  # type: ignore[method-assign]  # Flask's documented way
    db.configure(app, settings)
    Migrate(app, db.db, directory=str(paths.MIGRATIONS), compare_type=True, render_as_batch=True)
    templating.configure(app, settings)
    converters.configure(app)
    static.configure(app)
    headers.configure(app)
    csrf.configure(app)
    access.configure(app)
    errors.configure(app, likely_links)
    for feature in FEATURES:
        app.register_blueprint(feature)

    @app.context_processor
    def who_is_asking() -> dict[str, object]:
        if "plain" in g:
            return {"learner": None, "footer_categories": []}
        return {"learner": access.current_learner(), "footer_categories": footer_categories()}

    return app
