"""What a tool may use while it runs, for tests that call one directly."""

from pathlib import Path

from agent.cancel import Cancel


class Context:
    def __init__(self) -> None:
        self.cancel = Cancel()
        self.told: list[str] = []
        self.kept: list[Path] = []

    def progress(self, text: str) -> None:
        self.told.append(text)

    def keep(self, paths: tuple[Path, ...]) -> None:
        self.kept += paths
