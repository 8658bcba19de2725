"""A server made to be killed: forked workers on one listening socket, and a master that kills them at random.

Run as a program, so that forks are made by a process of one thread. It says `ready` when it serves, then kills as
often as it was told to, then says `killed` and serves on until its standard input is closed.
"""

from __future__ import annotations

import os
import random
import select
import signal
import socket
import sys
from typing import NoReturn, TextIO

from flask import Flask
from werkzeug.serving import make_server

from cpd import create_app
from cpd.db import db
from cpd.settings import Settings
from tests.browser.serving import HOST, QuietHandler

SHORTEST, LONGEST = 0.005, 0.060  # seconds between two kills
WORKERS = 2


def main(descriptor: int, seed: int, kills: int) -> None:
    listening = socket.socket(fileno=descriptor)
    speaker = apart_from_the_log()
    app = create_app(Settings.from_environment())
    warm_up(app)
    chance = random.Random(seed)  # noqa: S311  # no secret
    workers = [start(app, listening) for _ in range(WORKERS)]
    try:
        say(speaker, "ready")
        while kills and not is_over(chance.uniform(SHORTEST, LONGEST)):
            number = chance.randrange(WORKERS)
            end(workers[number])
            workers[number] = start(app, listening)
            kills -= 1
        say(speaker, "killed")
        while not is_over(60):
            pass
    finally:
        for worker in workers:
            end(worker)


def warm_up(app: Flask) -> None:
    """Have statements and templates compiled, and give every connection back: none may be carried across a fork."""
    client = app.test_client()
    client.set_cookie("cpd_professional", "1")
    for path in ("/modules/", "/modules/m0", "/record/"):
        client.get(path)
    for name in ("modules/assessment.html", "modules/attempt.html", "errors/error.html"):
        app.jinja_env.get_template(name)
    with app.app_context():
        db.engine.dispose()


def start(app: Flask, listening: socket.socket) -> int:
    worker = os.fork()
    if worker == 0:
        serve(app, listening)
    return worker


def serve(app: Flask, listening: socket.socket) -> NoReturn:
    try:
        server = make_server(HOST, 0, app, threaded=True, request_handler=QuietHandler, fd=listening.fileno())
        server.serve_forever()
    finally:
        os._exit(1)


def end(worker: int) -> None:
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)


def is_over(seconds: float) -> bool:
    """Wait, and say whether the program that started this one has closed its end."""
    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(readable)


def apart_from_the_log() -> TextIO:
    """Where to speak to the program that started this one, which reads no log."""
    speaker = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return speaker


def say(speaker: TextIO, word: str) -> None:
    print(word, file=speaker, flush=True)


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
