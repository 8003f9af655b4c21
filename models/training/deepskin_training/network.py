"""The network that is trained, and the graph around it that is served."""

import torch
from torch import nn
from torchvision.models import mobilenet_v2

from .labels import DIAGNOSES

FEATURES = 1280


class Network(nn.Module):
    """MobileNetV2 with a linear head on the average of its last feature map."""

    def __init__(self, dropout: float = 0.0):
        super().__init__()
        self.features = mobilenet_v2().features
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(FEATURES, len(DIAGNOSES))

    def feature_map(self, pictures: torch.Tensor) -> torch.Tensor:
        """Maps uint8 [n, h, w, 3] RGB to features [n, 1280, h/32, w/32]."""
        return self._features_of(_normalise(pictures))

    def served_map(self, pictures: torch.Tensor) -> torch.Tensor:
        """Returns the feature map of the smoothed picture, averaged with that of its half turn.

        Smoothing takes away the single grey levels on which image decoders disagree: they moved
        probabilities by up to 0.03, and by a third of that with it, at the same validation AUC.
        The average stands in the middle: by itself a cell looks half a cell up and left of its
        place, because strided convolutions pad evenly. Lesions have no upright.
        """
        values = _smooth(_normalise(pictures))
        turned = self._features_of(values.flip(2, 3)).flip(2, 3)
        return (self._features_of(values) + turned) / 2

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Returns logits [n, 7] for training."""
        return self.head(self.dropout(self.feature_map(pictures).mean((2, 3))))

    def _features_of(self, values: torch.Tensor) -> torch.Tensor:
        return self.features(values.contiguous(memory_format=torch.channels_last))


def _normalise(pictures: torch.Tensor) -> torch.Tensor:
    """Maps uint8 [n, h, w, 3] to values around zero, [n, 3, h, w]."""
    return (pictures.permute(0, 3, 1, 2).float() - 127.5) / 127.5


def _smooth(values: torch.Tensor) -> torch.Tensor:
    """Applies the binomial filter (1, 2, 1) both ways: two averages of two."""
    padded = nn.functional.pad(values, (1, 1, 1, 1), mode="replicate")
    return nn.functional.avg_pool2d(nn.functional.avg_pool2d(padded, 2, 1), 2, 1)


class ServingGraph(nn.Module):
    """All that the classifier needs to know about a picture, in one pass.

    Outputs: calibrated probabilities [n, 7]; the out-of-distribution score [n], a Mahalanobis
    distance from the nearest class mean of the training lesions, on L2-normalised features;
    class-activation grids [n, 7, h/32, w/32], whose mean over the grid is each class's logit.
    """

    def __init__(self, network: Network):
        super().__init__()
        classes = len(DIAGNOSES)
        self.network = network
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("shift", torch.zeros(classes))
        self.register_buffer("whitening", torch.zeros(FEATURES, FEATURES))
        self.register_buffer("centres", torch.zeros(classes, FEATURES))

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Maps uint8 [n, h, w, 3] RGB to (probabilities, ood, grids)."""
        feature_map = self.network.served_map(pictures)
        pooled = feature_map.mean((2, 3))
        logits = self.network.head(pooled)
        probabilities = torch.softmax(logits * self.scale + self.shift, dim=1)
        whitened = nn.functional.normalize(pooled, dim=1) @ self.whitening
        distances = (whitened[:, None, :] - self.centres[None]).square().sum(2)
        ood = distances.min(1).values.sqrt()
        head = self.network.head
        grids = nn.functional.conv2d(feature_map, head.weight[:, :, None, None], head.bias)
        return probabilities, ood, grids
