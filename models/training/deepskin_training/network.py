"""The networks that are trained, and the graph around them that is served."""

from typing import NamedTuple

import torch
from torch import nn
from torchvision.models import mobilenet_v2

from .labels import DIAGNOSES, MALIGNANT

FEATURES = 1280
KINDS = ("dermoscopy", "phone")
MALIGNANT_COLUMNS = [diagnosis in MALIGNANT for diagnosis in DIAGNOSES]
_FINE = 14  # layers of MobileNetV2 up to its last map at a sixteenth of the picture
_FINE_FEATURES = 96


class Seen(NamedTuple):
    """What a network makes of a batch of n pictures, all as logits."""

    diagnoses: torch.Tensor  # [n, 7]
    phone: torch.Tensor  # [n], that it is a phone photo, not dermoscopy
    lesion: torch.Tensor  # [n], that it shows a lesion at all
    mask: torch.Tensor  # [n, h/16, w/16], where


class Network(nn.Module):
    """MobileNetV2 with linear heads on the average of its last feature map, and a mask's."""

    def __init__(self, dropout: float = 0.0, context: float = 0.0):
        super().__init__()
        self.features = mobilenet_v2().features
        # The weight of what is no lesion in the average, beside 1 for what is: a buffer, so that
        # it is in the file.
        self.register_buffer("context", torch.tensor(context or 1e6))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(FEATURES, len(DIAGNOSES))
        self.phone = nn.Linear(FEATURES, 1)
        self.lesion = nn.Linear(FEATURES, 1)
        self.mask = MaskHead()

    def forward(self, pictures: torch.Tensor) -> Seen:
        """Maps uint8 [n, h, w, 3] RGB to logits, for training."""
        last, mask = self.describe(normalise(pictures))
        pooled = self.dropout(self.focused(last, mask.detach()).mean((2, 3)))
        return Seen(self.head(pooled), self.phone(pooled)[:, 0], self.lesion(pooled)[:, 0], mask)

    def describe(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Maps [n, 3, h, w] to the last features and the mask's logits."""
        fine, last = self.maps(values)
        return last, self.mask(fine, last)

    def focused(self, last: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Weighs features [n, 1280, h, w] by what the mask's logits say; the mean weight is 1."""
        weight = torch.sigmoid(nn.functional.avg_pool2d(mask[:, None], 2)) + self.context
        return last * (weight / weight.mean((2, 3), keepdim=True))

    def maps(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Maps [n, 3, h, w] to features [n, 96, h/16, w/16] and [n, 1280, h/32, w/32]."""
        fine = self.features[:_FINE](values.contiguous(memory_format=torch.channels_last))
        return fine, self.features[_FINE:](fine)

    def served(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Maps [n, 3, h, w] to the focused features and the mask's logits, as they are served.

        Both are averaged with those of the picture's half turn. The average stands in the
        middle: by itself a cell looks half a cell up and left of its place, because strided
        convolutions pad evenly. Lesions have no upright.
        """
        last, mask = self.describe(values)
        turned, turned_mask = self.describe(values.flip(2, 3))
        mask = (mask + turned_mask.flip(1, 2)) / 2
        return self.focused((last + turned.flip(2, 3)) / 2, mask), mask


class MaskHead(nn.Module):
    """Says for each cell of the finer map whether it is lesion, with the last map's context."""

    def __init__(self, width: int = 32):
        super().__init__()
        self.fine = nn.Conv2d(_FINE_FEATURES, width, 1)
        self.last = nn.Conv2d(FEATURES, width, 1)
        self.out = nn.Conv2d(width, 1, 1)

    def forward(self, fine: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        """Returns logits [n, h/16, w/16]."""
        context = nn.functional.interpolate(
            self.last(last), scale_factor=2.0, mode="bilinear", align_corners=False)
        return self.out(torch.relu(self.fine(fine) + context))[:, 0]


def normalise(pictures: torch.Tensor) -> torch.Tensor:
    """Maps uint8 [n, h, w, 3] to values around zero, [n, 3, h, w]."""
    return (pictures.permute(0, 3, 1, 2).float() - 127.5) / 127.5


def smooth(values: torch.Tensor) -> torch.Tensor:
    """Applies the binomial filter (1, 2, 1) both ways: two averages of two.

    It takes away the single grey levels on which image decoders disagree: they moved
    probabilities by up to 0.03, and by a third of that with it, at the same validation AUC.
    """
    padded = nn.functional.pad(values, (1, 1, 1, 1), mode="replicate")
    return nn.functional.avg_pool2d(nn.functional.avg_pool2d(padded, 2, 1), 2, 1)


class Judged(NamedTuple):
    """What the networks of a graph say together of n pictures, before calibration."""

    logits: torch.Tensor  # [n, 7], their mean
    phone: torch.Tensor  # [n], logits, their mean
    lesion: torch.Tensor  # [n], logits, their mean
    grids: torch.Tensor  # [n, 7, h/32, w/32], whose mean over the grid is the logits
    mask: torch.Tensor  # [n, h/16, w/16], logits, their mean


class ServingGraph(nn.Module):
    """All that the classifier needs to know about a picture, in one pass of several networks."""

    def __init__(self, networks: list[Network]):
        super().__init__()
        kinds, classes = len(KINDS), len(DIAGNOSES)
        self.networks = nn.ModuleList(networks)
        self.register_buffer("scale", torch.ones(kinds, 1))
        self.register_buffer("shift", torch.zeros(kinds, classes))
        self.register_buffer("odds", torch.tensor([[1.0, 0.0]]).repeat(kinds, 1))
        # Composed photos are not quite real ones: the limit is set on dermoscopy alone.
        self.register_buffer("phone_limit", torch.zeros(()))

    def judge(self, pictures: torch.Tensor) -> Judged:
        """Maps uint8 [n, h, w, 3] RGB to what the networks say together."""
        values = smooth(normalise(pictures))
        each = []
        for network in self.networks:
            last, mask = network.served(values)
            pooled = last.mean((2, 3))
            head = network.head
            grids = nn.functional.conv2d(last, head.weight[:, :, None, None], head.bias)
            each.append(Judged(head(pooled), network.phone(pooled)[:, 0],
                               network.lesion(pooled)[:, 0], grids, mask))
        return Judged(*(sum(said) / len(each) for said in zip(*each, strict=True)))

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Maps uint8 [n, h, w, 3] RGB to (probabilities, ood, grids, phone, box).

        probabilities [n, 7] are calibrated for the kind of photo; ood [n] is the
        out-of-distribution score, the logit that no lesion is shown; grids [n, 7, h/32, w/32]
        are class activations, whose mean over the grid is each class's logit before
        calibration; phone [n] is the probability that it is a phone photo; box [n, 4] is where
        the lesion lies: left, top, right and bottom as shares of the picture.
        """
        judged = self.judge(pictures)
        phone = judged.phone - self.phone_limit
        is_phone = (phone > 0)[:, None]
        scale, shift, odds = (
            torch.where(is_phone, fitted[1], fitted[0])
            for fitted in (self.scale, self.shift, self.odds))
        probabilities = calibrated(judged.logits, scale, shift, odds)
        return (probabilities, -judged.lesion, judged.grids, torch.sigmoid(phone),
                box_of(torch.sigmoid(judged.mask)))


def calibrated(
    logits: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor, odds: torch.Tensor
) -> torch.Tensor:
    """Maps logits [n, 7] to probabilities: first of malignancy, then within each side.

    The log odds of malignancy are scaled and shifted by odds [n or 1, 2], so their order stays;
    the logits within a side are scaled by [n or 1, 1] and shifted by [n or 1, 7].
    """
    malignancy = torch.sigmoid(odds[:, :1] * log_odds(logits) + odds[:, 1:])
    within = logits * scale + shift
    sides = torch.tensor(MALIGNANT_COLUMNS, device=logits.device)
    malignant = torch.softmax(within.masked_fill(~sides, -1e4), dim=1)
    benign = torch.softmax(within.masked_fill(sides, -1e4), dim=1)
    return malignancy * malignant + (1 - malignancy) * benign


def log_odds(logits: torch.Tensor) -> torch.Tensor:
    """Returns the log odds [n, 1] of malignancy that logits [n, 7] amount to."""
    sides = torch.tensor(MALIGNANT_COLUMNS, device=logits.device)
    malignant, benign = (
        torch.logsumexp(logits.masked_fill(~side, -1e4), dim=1, keepdim=True)
        for side in (sides, ~sides))
    return malignant - benign


def box_of(mask: torch.Tensor) -> torch.Tensor:
    """Returns the boxes [n, 4] around what masks [n, rows, columns] of 0 to 1 show.

    Each reaches two standard deviations from the mask's centre, which is exact for ellipses.
    """
    weight = mask.square()  # what is doubtful everywhere must not widen the box
    total = weight.sum((1, 2)) + 1e-6
    low, high = [], []
    for axis in (2, 1):
        cells = int(mask.shape[axis])
        places = (torch.arange(cells, device=mask.device) + 0.5) / cells
        along = weight.sum(3 - axis) / total[:, None]
        middle = (along * places).sum(1)
        reach = 2 * ((along * places.square()).sum(1) - middle.square()).clamp(min=0).sqrt()
        low.append(middle - reach)
        high.append(middle + reach)
    return torch.stack(low + high, dim=1).clamp(0, 1)
