"""Where each message is published."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "edge_ai"


@dataclass(frozen=True)
class Topics:
    """The topics of one hub."""

    hub: str

    @property
    def root(self) -> str:
        """Everything of this hub lies below."""
        return f"{PREFIX}/{self.hub}"

    @property
    def hello(self) -> str:
        return f"{self.root}/hello"

    @property
    def status(self) -> str:
        return f"{self.root}/status"

    @property
    def catalogue(self) -> str:
        return f"{self.root}/catalogue"

    @property
    def command(self) -> str:
        return f"{self.root}/command"

    @property
    def reply(self) -> str:
        return f"{self.root}/reply"

    @property
    def monitors(self) -> str:
        return f"{self.root}/monitors"

    @property
    def training(self) -> str:
        return f"{self.root}/training"

    @property
    def event(self) -> str:
        return f"{self.root}/event"

    def reading(self, subject: str, quantity: str) -> str:
        return f"{self.root}/reading/{subject}/{quantity}"

    def device(self, device: str, leaf: str) -> str:
        """`leaf`: hello, status, state, deploy, data/<step>, frame/up or frame/down."""
        return f"{self.root}/device/{device}/{leaf}"
