"""Weights as safetensors, written and read without a package for it."""
import json
import struct

import numpy
import torch

NAMES = {torch.float32: "F32", torch.bfloat16: "BF16"}


def _bytes(tensor):
    tensor = tensor.detach().cpu().contiguous()
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.view(torch.int16)
    return tensor.numpy().tobytes()


def save(path, tensors, metadata=None):
    header, offset = {"__metadata__": dict(metadata or {}, format="pt")}, 0
    for name, tensor in tensors.items():
        n = tensor.numel() * tensor.element_size()
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [offset, offset + n]}
        offset += n
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(_bytes(tensor))


def load(path):
    """Names to float32 tensors."""
    with open(path, "rb") as file:
        data = file.read()
    length = struct.unpack("<Q", data[:8])[0]
    header, data = json.loads(data[8:8 + length]), data[8 + length:]
    tensors = {}
    for name, row in header.items():
        if name == "__metadata__":
            continue
        begin, end = row["data_offsets"]
        raw = data[begin:end]
        if row["dtype"] == "BF16":
            wide = numpy.frombuffer(raw, dtype=numpy.uint16).astype(numpy.uint32) << 16
            values = wide.view(numpy.float32)
        else:
            values = numpy.frombuffer(raw, dtype=numpy.float32)
        tensors[name] = torch.from_numpy(values.reshape(row["shape"]).copy())
    return tensors
