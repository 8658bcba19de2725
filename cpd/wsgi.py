"""What a WSGI server loads: `cpd.wsgi:app`."""

from cpd import create_app

app = create_app()
