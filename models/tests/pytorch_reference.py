"""PyTorch's output for a network and an input, for comparison with ours.

    python pytorch_reference.py torchscript|unet2d WEIGHTS INPUT HEIGHT WIDTH OUTPUT

INPUT holds HEIGHT x WIDTH float32 values, row after row; OUTPUT receives the float32 output the same way.
"""

import json
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F


def read_safetensors(path):
    """https://github.com/huggingface/safetensors: length, JSON header, bytes."""
    data = open(path, "rb").read()
    (length,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "F32", entry
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        values = np.frombuffer(data[start:end], np.float32).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.copy())
    return tensors


def unet2d(weights, image):
    """The network of models/src/unet.rs, written independently."""

    def layer(name, x):
        x = F.conv2d(x, weights[f"{name}.convolution.weight"], weights[f"{name}.convolution.bias"], padding=1)
        scale, shift = weights[f"{name}.normalisation.scale"], weights[f"{name}.normalisation.shift"]
        return F.relu(F.group_norm(x, len(scale) // 8, scale, shift))

    def level(name, x):
        return layer(f"{name}.second", layer(f"{name}.first", x))

    levels = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("down."))
    x = F.pixel_unshuffle(image, 2)
    skipped = []
    for depth in range(levels):
        if depth:
            skipped.append(x)
            x = F.max_pool2d(x, 2)
        x = level(f"down.{depth}", x)
    for depth in reversed(range(levels - 1)):
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = level(f"up.{depth}", torch.cat([x, skipped[depth]], 1))
    return F.pixel_shuffle(F.conv2d(x, weights["output.weight"], weights["output.bias"]), 2)


def main():
    kind, weights, source, height, width, target = sys.argv[1:]
    torch.set_num_threads(1)
    image = np.fromfile(source, np.float32).reshape(1, 1, int(height), int(width))
    image = torch.from_numpy(image)
    with torch.no_grad():
        if kind == "torchscript":
            output = torch.jit.load(weights, map_location="cpu").eval()(image)
        else:
            output = unet2d(read_safetensors(weights), image)
    output.contiguous().numpy().tofile(target)
    print(f"torch {torch.__version__}")


main()
