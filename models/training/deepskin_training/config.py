"""Training recipes."""

import dataclasses
import pathlib
import tomllib


@dataclasses.dataclass(frozen=True)
class Config:
    """One recipe; the files in configs/ explain the fields."""

    name: str
    start: str
    side: int
    seed: int
    epochs: int
    batch: int
    phone_share: float
    learning_rate: float
    head_rate: float
    weight_decay: float
    dropout: float
    label_smoothing: float
    ema: float

    @classmethod
    def read(cls, path: pathlib.Path) -> "Config":
        """Reads a recipe; a missing or unknown field is an error."""
        return cls(**tomllib.loads(path.read_text(encoding="utf-8")))
