"""What a host may set for a worker; everything else is in the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from db.settings import StoreSettings
from db.workers import OWNER
from gen.rendered import Classifying

HIGHEST_PORT = 65535
Sureness = Annotated[float, Field(gt=0, le=1)]


class WorkerSettings(StoreSettings):
    """Read from ``SORA_…`` variables and ``.env`` by the doors of `gen`."""

    worker_name: str = Field(default="", description="host name and a random part unless given")
    models: Path | None = Field(default=None, description="a models.toml of the host's own")
    models_dir: Path | None = Field(
        default=None, description="folder of fetched weights; `models` in the data folder if unset"
    )
    default_model: str | None = Field(
        default=None, description="used when nobody asks for another; the first one if unset"
    )
    device: str | None = Field(
        default=None, description="e.g. cuda:1; chosen by the engine if unset"
    )
    visible_devices: str | None = Field(
        default=None,
        validation_alias="CUDA_VISIBLE_DEVICES",
        description="the graphics cards that CUDA shows to the engine, whose figures are told",
    )
    worker_metrics_port: int | None = Field(
        default=None, ge=1, le=HIGHEST_PORT, description="serves /metrics, /healthz and /readyz"
    )
    worker_metrics_host: str = Field(default="127.0.0.1", description="address of that port")
    device_watts: float | None = Field(
        default=None, gt=0, description="drawn by a busy device, where energy can't be measured"
    )
    worker_owner: str = Field(
        default="",
        pattern=rf"^$|^{OWNER.pattern}$",
        description="who is credited for what it renders for others: platform:workspace:user id",
    )
    running_cap: int = Field(default=2, ge=1, description="jobs of one person rendered at once")

    lent_share_checked: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="of what lent workers send, how much is made again here",
    )

    classifier: Path | None = Field(
        default=None, description="folder of an image classifier that looks at sampled frames"
    )
    classifier_thresholds: dict[str, Sureness] = Field(
        default={"nsfw": 0.8}, description="how sure it has to be of a label to have a clip flagged"
    )

    credentials_certificate: Path | None = Field(
        default=None, description="the host's own: a PEM file of it and its issuers"
    )
    credentials_key: Path | None = Field(default=None, description="goes with it, as a PEM file")

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if (self.credentials_certificate is None) != (self.credentials_key is None):
            raise ValueError(
                "SORA_CREDENTIALS_CERTIFICATE and SORA_CREDENTIALS_KEY go together: give both or neither."
            )
        return self

    @property
    def classifying(self) -> Classifying | None:
        if self.classifier is None:
            return None
        folder = str(self.classifier.expanduser().resolve())
        return {"folder": folder, "thresholds": self.classifier_thresholds}

    @property
    def scratch(self) -> Path:
        return self.folder / "renders"

    @property
    def weights(self) -> Path:
        return (self.models_dir or self.folder / "models").expanduser().resolve()


class LenderSettings(WorkerSettings):
    """Of a machine that is lent to a studio: of the rest it needs only what is about models and devices."""

    lend_key: SecretStr | None = Field(default=None, description="what the studio's host gave you")
