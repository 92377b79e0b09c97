"""Where media are kept: in the data folder, unless a host names a bucket."""

from __future__ import annotations

import re
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,62}(/[\w!*'()-][\w!.*'()-]*)*/?")


class MediaSettings(BaseSettings):
    """Read from ``SORA_MEDIA_…``."""

    media_url: str | None = Field(
        default=None, description="a bucket for media in place of the data folder"
    )
    media_endpoint: str = Field(default="", description="the store's address, if it isn't AWS's")
    media_region: str = Field(default="", description="of the bucket, where the store has regions")
    media_key: SecretStr | None = Field(default=None, description="the id of the access key")
    media_secret: SecretStr | None = Field(default=None, description="goes with it")
    media_copies_gb: float = Field(
        default=10, gt=0, description="copies of a bucket's files that the data folder may hold"
    )

    @field_validator("media_url")
    @classmethod
    def _a_bucket(cls, url: str | None) -> str | None:
        if url and not BUCKET.fullmatch(url):
            raise ValueError(f"an address like s3://bucket or s3://bucket/folder, not {url}")
        return url or None

    @field_validator("media_endpoint")
    @classmethod
    def _an_endpoint(cls, endpoint: str) -> str:
        if endpoint and not _is_address(endpoint):
            raise ValueError("an address like https://s3.example.org or http://127.0.0.1:8333")
        return endpoint.rstrip("/")

    @field_validator("media_key", "media_secret")
    @classmethod
    def _none_when_left_empty_too(cls, secret: SecretStr | None) -> SecretStr | None:
        kept = secret.get_secret_value().strip() if secret else ""
        return SecretStr(kept) if kept else None

    @model_validator(mode="after")
    def _bucket_agrees_with_itself(self) -> Self:
        if (self.media_key is None) != (self.media_secret is None):
            raise ValueError(
                "SORA_MEDIA_KEY and SORA_MEDIA_SECRET go together: give both or neither."
            )
        if self.media_url is None and (self.media_endpoint or self.media_key):
            raise ValueError("SORA_MEDIA_URL is missing: it names the bucket, as s3://bucket.")
        return self


def _is_address(endpoint: str) -> bool:
    """Of a server alone. What a name and a password are in isn't one: they would be shown."""
    try:
        parts = urlsplit(endpoint)
        bare = parts.netloc and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False
    return bool(bare) and parts.scheme in {"http", "https"} and not parts.query
