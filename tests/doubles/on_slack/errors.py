"""How Slack says no: mostly with HTTP 200, and always with one word."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """Answered as `{"ok": false, "error": …}`."""

    def __init__(
        self, error: str, *, status: int = 200, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(error)
        self.status = status
        self.headers = headers or {}
        self.body: Json = {"ok": False, "error": error, **more}


class Page(ApiError):
    """Not Slack itself says so but what stands before it, in HTML."""

    def __init__(self, status: int) -> None:
        super().__init__("", status=status)
        self.text = f"<html><body>{status} upstream error</body></html>"


def ratelimited(after: float) -> ApiError:
    # Whole seconds: slack_sdk reads the header with int().
    header = str(max(0, int(after)) if after == int(after) else int(after) + 1)
    return ApiError("ratelimited", status=429, headers={"Retry-After": header})


def missing_scope(needed: str, provided: set[str]) -> ApiError:
    return ApiError("missing_scope", needed=needed, provided=",".join(sorted(provided)))


def invalid(error: str, *messages: str) -> ApiError:
    """`invalid_arguments` or `invalid_blocks`, with the reasons where Slack puts them."""
    more: Json = {"response_metadata": {"messages": [f"[ERROR] {text}" for text in messages]}}
    if error == "invalid_blocks":
        more["errors"] = list(messages)
    return ApiError(error, **more)


class Form:
    """Collects all that is wrong with a payload, each with a pointer to its place."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def wrong(self, at: str, text: str) -> None:
        self.faults.append(f"{text} [json-pointer:{at}]")

    def length(self, at: str, value: Any, most: int, *, least: int = 0) -> None:
        """Of a text or a list; what is absent is as long as nothing."""
        have = len(value) if value is not None else 0
        things = "items" if isinstance(value, list) else "characters"
        if have > most:
            self.wrong(at, f"no more than {most} {things} allowed")
        if have < least:
            self.wrong(
                at, f"must be more than {least - 1} {things}" if value else "missing required field"
            )
