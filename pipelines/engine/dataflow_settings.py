"""Where Dataflow runs, and on what."""

from __future__ import annotations

from pydantic import Field

from transforms.configuration import Settings


class DataflowSettings(Settings):
    """Google Cloud's runner. The image is made by configs/docker/Dockerfile."""

    project: str = Field(min_length=1, description="of Google Cloud, which pays")
    region: str = Field(min_length=1, description="that of the buckets: images that cross regions cost by the byte")
    staging: str = Field(pattern="^gs://", description="a folder for what is staged, and for Beam's temporary files")
    image: str = Field(min_length=1, description="container of the workers: same Python, Beam and Evenweave as here")
    machine_type: str = Field("n2-standard-8", min_length=1, description="of the workers, where the stage names none")
    workers: int = Field(1, ge=1, description="machines to begin with")
    max_workers: int = Field(100, ge=1, description="machines at most")
    disk_gb: int = Field(100, ge=30, description="of each worker: the image and Beam's spills")
    service_account: str | None = Field(None, min_length=1, description="as whom the workers work; null: the default's")
    subnetwork: str | None = Field(None, min_length=1, description="regions/REGION/subnetworks/NAME; null: default")
    public_ips: bool = Field(False, description="with false the subnetwork needs Private Google Access, and costs less")
