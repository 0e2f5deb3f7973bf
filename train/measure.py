"""Held-out bits per byte, in the same windows as `hearth perplexity`."""
import json
import math
import pathlib

import numpy
import torch
import torch.nn.functional as F


def windows(n_tokens, window):
    """(begin, end, first predicted): each token is predicted once, with half a window before it."""
    begin, counted = 0, 1
    while counted < n_tokens:
        end = min(begin + window, n_tokens)
        yield begin, end, counted
        counted = end
        begin += window // 2


@torch.no_grad()
def nats(model, ids, window=2048, rows=16):
    """The sum of negative log-likelihoods of all tokens but the first."""
    plan = list(windows(len(ids), window))
    total = 0.0
    for i in range(0, len(plan), rows):
        part = plan[i:i + rows]
        batch = torch.zeros(len(part), window, dtype=torch.long, device=ids.device)
        for row, (begin, end, _) in enumerate(part):
            batch[row, :end - begin] = ids[begin:end]
        logits = model(batch)
        for row, (begin, end, counted) in enumerate(part):
            first = counted - 1 - begin
            predicted = logits[row, first:end - begin - 1].float()
            total += float(F.cross_entropy(predicted, ids[counted:end], reduction="sum").double())
    return total


class HeldOut:
    """The held-out text and its two halves, as prepare.py left them."""

    def __init__(self, folder, device):
        self.sizes = json.loads((pathlib.Path(folder) / "heldout.json").read_text())
        self.ids = {name: torch.from_numpy(numpy.load(pathlib.Path(folder) / f"{name}.npy").astype(
            numpy.int64)).to(device) for name in self.sizes}

    def bits_per_byte(self, model, names=None, **options):
        names = names or list(self.sizes)
        return {name: nats(model, self.ids[name], **options) / math.log(2) / self.sizes[name]
                for name in names}
