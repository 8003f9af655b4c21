"""Training recipes."""

import dataclasses
import pathlib
import tomllib

CELL = 32  # pixels, across, to a cell of the last feature map; the mask's are half as wide


@dataclasses.dataclass(frozen=True)
class Config:
    """How one network is trained; configs/base.toml explains the fields."""

    name: str
    start: "str | Config"
    seed: int
    fold: int
    side: int
    stages: tuple[tuple[int, int], ...]
    patience: int
    batch: int
    phone_share: float
    empty_share: float
    views: str
    constancy: bool
    colour: float
    marks: float
    erase: float
    mixup: float
    class_power: float
    balanced_sampling: bool
    mask_weight: float
    context: float
    norm: str
    fixed: int
    learning_rate: float
    dropout: float
    label_smoothing: float
    ema: float

    def __post_init__(self) -> None:
        odd = [side for side in (self.side, *(side for _, side in self.stages)) if side % CELL]
        if odd:
            raise ValueError(f"{self.name}: sides must be multiples of {CELL}, unlike {odd}")

    @property
    def epochs(self) -> int:
        """Counts the passes over HAM10000's training part."""
        return sum(epochs for epochs, _ in self.stages)

    def side_in(self, epoch: int) -> int:
        """Returns the side, in pixels, of the pictures of an epoch, which counts from 0."""
        for epochs, side in self.stages:
            if epoch < epochs:
                return side
            epoch -= epochs
        raise ValueError(f"{self.name} has only {self.epochs} epochs")

    @classmethod
    def read(cls, path: pathlib.Path) -> "Config":
        """Reads a recipe, which changes fields of the one that its "base" names.

        The file's name is the recipe's. A missing or unknown field is an error. A start that is a
        recipe lies in the same folder.
        """
        fields = _read_fields(path)
        if fields["start"].endswith(".toml"):
            fields["start"] = cls.read(path.parent / fields["start"])
        fields["stages"] = tuple(tuple(stage) for stage in fields["stages"])
        return cls(name=path.stem, **fields)


def _read_fields(path: pathlib.Path) -> dict:
    fields = tomllib.loads(path.read_text(encoding="utf-8"))
    base = fields.pop("base", None)
    return {**(_read_fields(path.parent / base) if base else {}), **fields}
