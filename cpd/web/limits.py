"""How much a request may bring, beyond what Flask's settings hold to: forms that are urlencoded have few fields too."""

from __future__ import annotations

import io
from typing import IO

from flask import Flask, Request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.utils import cached_property

LARGEST_REQUEST = 512 * 1024  # bytes
MOST_FIELDS = 1_000

Parsed = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]


class CountingParser(FormDataParser):
    """Counts the fields of a urlencoded form before it takes them apart, as werkzeug does with multipart forms."""

    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> Parsed:
        if mimetype == "application/x-www-form-urlencoded":
            body = stream.read()
            if body.count(b"&") >= MOST_FIELDS:
                raise RequestEntityTooLarge
            stream = io.BytesIO(body)
        return super().parse(stream, mimetype, content_length, options)


class LimitedRequest(Request):
    """A request whose forms are counted, and whose query can be read."""

    form_data_parser_class = CountingParser

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """The query. Raises BadRequest where it is not UTF-8, which werkzeug would leave to be a fault of ours."""
        try:
            return super().args
        except UnicodeDecodeError:
            raise BadRequest from None


def configure(app: Flask) -> None:
    """Hold every request to the limits."""
    app.request_class = LimitedRequest
    app.config |= {
        "MAX_CONTENT_LENGTH": LARGEST_REQUEST,
        "MAX_FORM_MEMORY_SIZE": LARGEST_REQUEST,
        "MAX_FORM_PARTS": MOST_FIELDS,
    }
