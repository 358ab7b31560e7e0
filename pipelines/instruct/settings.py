"""The configuration of the instruction mixture."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator, model_validator

from pipelines.engine.settings import RunnerSettings
from pipelines.resolved_sources import resolved
from transforms.configuration import NOT_FINGERPRINTED, Settings
from transforms.instruct.answers.settings import AnswersSettings
from transforms.instruct.asking.section import AskedSection
from transforms.instruct.asking.settings import AskingSettings, ServerSettings
from transforms.instruct.categorising.settings import CategoriseSettings
from transforms.instruct.composing.settings import ComposeSettings
from transforms.instruct.decontaminating.settings import DecontaminateSettings
from transforms.instruct.duplicates.settings import DuplicatesSettings
from transforms.instruct.guarding.settings import GuardSettings
from transforms.instruct.mixing.settings import MixSettings
from transforms.instruct.preselecting.settings import PreselectSettings
from transforms.instruct.publishing.settings import PublishSettings
from transforms.instruct.rating.settings import BlindSettings, RateSettings
from transforms.instruct.rewording.settings import RewriteSettings, TranslateSettings
from transforms.instruct.safety.settings import SafetySettings
from transforms.instruct.section import StageSection
from transforms.instruct.settings import InstructSource
from transforms.instruct.splitting.settings import SplitSettings
from transforms.instruct.stage_order import check_order
from transforms.instruct.templating.settings import TemplatesSettings
from transforms.instruct.validating.settings import ValidateSettings
from transforms.miniature.instruct.settings import InstructCorpusSettings
from transforms.stages import AGAIN, INSTRUCT_DEFAULT, STANDARDISE
from transforms.storage import absolute


class MiniatureInstructions(Settings):
    """The embedded instruction corpus, drawn before the first stage."""

    folder: str = Field(min_length=1, description="where it is drawn; its sources/ are then ordinary sources")
    settings: InstructCorpusSettings = Field(default_factory=InstructCorpusSettings)

    @field_validator("folder")
    @classmethod
    def _resolve(cls, folder: str) -> str:
        return absolute(folder)


class InstructSettings(Settings):
    """Everything that ``evenweave instruct`` needs."""

    output: str = Field(min_length=1, description="the run folder: a path or URI", json_schema_extra=NOT_FINGERPRINTED)
    miniature: MiniatureInstructions | None = Field(
        None,
        description="draw the embedded corpus first; null for real input",
        json_schema_extra=NOT_FINGERPRINTED,  # an input like any other: the listing of its files identifies it
    )
    sources: list[InstructSource] = Field(min_length=1, description="the sets that are mixed")
    seed: int = Field(0, ge=0, description="of every keyed choice")
    stages: list[str] = Field(
        [stage.name for stage in INSTRUCT_DEFAULT],
        description="which stages run, in which order; an order that is not safe is an error",
    )
    safety: SafetySettings = Field(default_factory=SafetySettings)
    validate_: ValidateSettings = Field(default_factory=ValidateSettings, alias="validate")
    answers: AnswersSettings = Field(default_factory=AnswersSettings)
    duplicates: DuplicatesSettings = Field(default_factory=DuplicatesSettings)
    split: SplitSettings = Field(default_factory=SplitSettings)
    decontaminate: DecontaminateSettings = Field(default_factory=DecontaminateSettings)
    categorise: CategoriseSettings = Field(default_factory=CategoriseSettings)
    servers: dict[str, ServerSettings] = Field(
        {}, description="models that stages may ask, by a name", json_schema_extra=NOT_FINGERPRINTED
    )
    asking: AskingSettings = Field(
        default_factory=AskingSettings,
        description="where replies are kept, and what may be spent",
        json_schema_extra=NOT_FINGERPRINTED,
    )
    preselect: PreselectSettings = Field(default_factory=PreselectSettings)
    guard: GuardSettings = Field(default_factory=GuardSettings)
    rewrite: RewriteSettings = Field(default_factory=RewriteSettings)
    translate: TranslateSettings = Field(default_factory=TranslateSettings)
    rate: RateSettings = Field(default_factory=RateSettings)
    blind: BlindSettings = Field(default_factory=BlindSettings)
    compose: ComposeSettings = Field(default_factory=ComposeSettings)
    templates: TemplatesSettings = Field(default_factory=TemplatesSettings)
    mix: MixSettings = Field(default_factory=MixSettings)
    publish: PublishSettings = Field(default_factory=PublishSettings)
    range_bytes: int = Field(64 << 20, ge=1 << 10, description="bytes of a JSON Lines file that one worker reads")
    max_reject_share: float = Field(
        0.1,
        ge=0,
        le=1,
        description="standardise fails when it rejects more: then a source is not what was expected",
        json_schema_extra=NOT_FINGERPRINTED,  # raised after a stop, the same run goes on
    )
    runner: RunnerSettings = Field(default_factory=RunnerSettings, json_schema_extra=NOT_FINGERPRINTED)

    @field_validator("sources")
    @classmethod
    def _check_and_resolve(cls, sources: list[InstructSource]) -> list[InstructSource]:
        return resolved(sources)

    @field_validator("stages")
    @classmethod
    def _in_a_safe_order(cls, stages: list[str]) -> list[str]:
        check_order(stages)
        return stages

    def section(self, stage: str) -> StageSection | None:
        """The settings of a stage; None of the first, whose settings are the sources."""
        if stage == STANDARDISE.name:
            return None
        stage = AGAIN[stage].name if stage in AGAIN else stage
        found: StageSection = self.validate_ if stage == "validate" else getattr(self, stage)
        return found

    def sections(self) -> dict[str, StageSection]:
        """Of the stages that run, in their order."""
        return {name: section for name in self.stages if (section := self.section(name)) is not None}

    def server_of(self, stage: str) -> str:
        """Which of the servers a stage asks."""
        section = self.section(stage)
        assert isinstance(section, AskedSection) and section.server is not None
        return section.server

    @model_validator(mode="after")
    def _servers_are_there(self) -> InstructSettings:
        for name, section in self.sections().items():
            for setting, server in section.named_servers().items():
                if server not in self.servers:
                    there = ", ".join(sorted(self.servers)) or "none"
                    raise ValueError(f"{name}.{setting} must name one of servers, found {server}; there are {there}")
        return self

    def check(self) -> None:
        """Before any work; raises ConfigError for settings that cannot lead anywhere."""
        for section in self.sections().values():
            section.check(self.sources)

    def as_resolved(self) -> dict[str, Any]:
        """What run.json keeps: all but where the output lies, how it was run and watched over, and what it may cost."""
        return self.model_dump(mode="json", by_alias=True, exclude={"output", "max_reject_share", "runner", "asking"})

    def identity(self) -> dict[str, Any]:
        """By the stage that is told by it, and the seed."""
        first = {"sources": [source.identity() for source in self.sources], "range_bytes": self.range_bytes}
        sections = {name: section.identity() for name, section in self.sections().items()}
        for name, section in self.sections().items():
            if isinstance(section, AskedSection):  # whatever it is called, and wherever it stands
                sections[name]["server"] = self.servers[self.server_of(name)].identity()
        return {"seed": self.seed, STANDARDISE.name: first, **sections}
