"""Discord's refusals, with its numbers and its words."""

from __future__ import annotations

from typing import Any

UNKNOWN = {
    "application": 10002,
    "channel": 10003,
    "guild": 10004,
    "member": 10007,
    "message": 10008,
    "role": 10011,
    "user": 10013,
    "emoji": 10014,
    "webhook": 10015,
    "interaction": 10062,
    "application command": 10063,
}


class ApiError(Exception):
    """One answer that is not what the client asked for."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        errors: dict[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: Any = {"message": message, "code": code}
        if errors:
            self.body["errors"] = errors
        self.headers: dict[str, str] = {}
        if retry_after is not None:
            self.body |= {"retry_after": retry_after, "global": False}
            # Without Via, discord.py takes a 429 for Cloudflare's ban and gives up at once.
            self.headers = {"Via": "1.1 google", "Retry-After": str(max(1, round(retry_after)))}


def unknown(what: str) -> ApiError:
    return ApiError(404, UNKNOWN[what], f"Unknown {what.capitalize()}")


def unauthorised() -> ApiError:
    return ApiError(401, 0, "401: Unauthorized")


def missing_access() -> ApiError:
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    return ApiError(403, 50013, "Missing Permissions")


def too_large() -> ApiError:
    return ApiError(413, 40005, "Request entity too large")


def rate_limited(retry_after: float) -> ApiError:
    error = ApiError(429, 0, "You are being rate limited.", retry_after=retry_after)
    del error.body["code"]
    return error


class Form:
    """Collects what is wrong with a body, at its places, as Discord's errors object does."""

    def __init__(self) -> None:
        self.errors: dict[str, Any] = {}

    def wrong(self, path: tuple[str | int, ...], code: str, message: str) -> None:
        place = self.errors
        for key in path:
            place = place.setdefault(str(key), {})
        place.setdefault("_errors", []).append({"code": code, "message": message})

    def length(
        self, path: tuple[str | int, ...], text: object, most: int, *, least: int = 0
    ) -> None:
        size = len(text) if isinstance(text, str | list) else 0
        if least and not least <= size <= most:
            self.wrong(
                path, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length."
            )
        elif size > most:
            self.wrong(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")

    def done(self) -> None:
        if self.errors:
            raise invalid(self.errors)


def invalid(errors: dict[str, Any]) -> ApiError:
    return ApiError(400, 50035, "Invalid Form Body", errors=errors)
