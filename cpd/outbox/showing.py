"""What an operator is shown of the outbox."""

from __future__ import annotations

from cpd.outbox import queries


def lines_of_outbox() -> list[str]:
    """What waits and what was given up, as lines for a terminal. No address of anybody is among them."""
    waiting = queries.waiting()
    since = f", the oldest since {waiting.since:%Y-%m-%d %H:%M} UTC" if waiting.since else ""
    given_up = queries.given_up()
    return [
        f"Waiting: {waiting.count}{since}.",
        f"Given up: {len(given_up)}.",
        *(
            f"  {row.id} {row.kind}, asked for {row.created_at:%Y-%m-%d %H:%M} UTC, {row.tries} tries: {row.fault}"
            for row in given_up
        ),
    ]
