"""Starting weights: MobileNetV2 from an 8-bit TensorFlow Lite file."""

import pathlib

import numpy as np
import torch
from flatbuffers import encode, number_types, packer, table
from torch import nn

_FLOATS, _LONGS, _INTS, _BYTES = np.float32, np.int64, np.int32, np.uint8


class _Node:
    """A table of a FlatBuffer, its fields addressed by their position in TFLite's schema."""

    def __init__(self, buffer: bytes, position: int):
        self._table = table.Table(buffer, position)

    @classmethod
    def root(cls, buffer: bytes) -> "_Node":
        """Returns the file's outermost table."""
        return cls(buffer, encode.Get(packer.uoffset, buffer, 0))

    def _offset(self, field: int) -> int:
        return self._table.Offset(4 + 2 * field)

    def number(self, field: int, kind=number_types.Uint32Flags) -> int:
        """Reads a scalar, zero where it is left out."""
        offset = self._offset(field)
        return self._table.Get(kind, self._table.Pos + offset) if offset else 0

    def child(self, field: int) -> "_Node":
        """Reads a table."""
        position = self._table.Indirect(self._table.Pos + self._offset(field))
        return _Node(self._table.Bytes, position)

    def children(self, field: int) -> list["_Node"]:
        """Reads a vector of tables."""
        offset = self._offset(field)
        start = self._table.Vector(offset)
        return [
            _Node(self._table.Bytes, self._table.Indirect(start + 4 * index))
            for index in range(self._table.VectorLen(offset))
        ]

    def array(self, field: int, dtype) -> np.ndarray:
        """Reads a vector of numbers."""
        offset = self._offset(field)
        count = self._table.VectorLen(offset)
        return np.frombuffer(self._table.Bytes, dtype, count, self._table.Vector(offset))


def read_convolutions(path: pathlib.Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Returns (weight, bias) of each convolution, dequantised, in network order.

    Weights are [out, in, h, w], or [channels, 1, h, w] for the depthwise ones.
    """
    model = _Node.root(path.read_bytes())
    codes = [code.number(0, number_types.Int8Flags) for code in model.children(1)]
    graph = model.children(2)[0]
    tensors, buffers = graph.children(0), model.children(4)
    convolution, depthwise = 3, 4  # TFLite's BuiltinOperator

    def dequantise(index: int, dtype) -> np.ndarray:
        node = tensors[index]
        scale = node.child(4).array(2, _FLOATS)
        zero = node.child(4).array(3, _LONGS)
        values = buffers[node.number(2)].array(0, _BYTES).view(dtype).astype(_FLOATS)
        return ((values - zero) * scale).astype(_FLOATS).reshape(node.array(0, _INTS))

    layers = []
    for operator in graph.children(3):
        code = codes[operator.number(0)]
        if code not in (convolution, depthwise):
            continue
        _, weight, bias = operator.array(1, _INTS)
        order = (0, 3, 1, 2) if code == convolution else (3, 0, 1, 2)
        layers.append((dequantise(weight, _BYTES).transpose(order), dequantise(bias, _INTS)))
    return layers


@torch.no_grad()
def load_tflite(features: nn.Sequential, path: pathlib.Path, batch: torch.Tensor) -> None:
    """Fills MobileNetV2's features from a TFLite file whose batch norms are folded in.

    Each batch norm is set so that, on the given normalised [n, 3, h, w] batch, it adds
    exactly the folded bias: its statistics are the batch's, its scale and shift undo them.
    """
    convolutions = [m for m in features.modules() if isinstance(m, nn.Conv2d)]
    norms = [m for m in features.modules() if isinstance(m, nn.BatchNorm2d)]
    weights = read_convolutions(path)[: len(convolutions)]  # the last one is the classifier
    biases = {}
    for layer, norm, (weight, bias) in zip(convolutions, norms, weights, strict=True):
        layer.weight.copy_(torch.from_numpy(weight.copy()))
        biases[norm] = torch.from_numpy(bias)

    def adopt(norm: nn.BatchNorm2d, inputs: tuple[torch.Tensor]) -> None:
        mean = inputs[0].mean((0, 2, 3))
        variance = inputs[0].var((0, 2, 3), unbiased=False)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(mean + biases[norm])

    hooks = [norm.register_forward_pre_hook(adopt) for norm in norms]
    features.eval()(batch)
    for hook in hooks:
        hook.remove()
