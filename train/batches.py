"""Batches of rows drawn from the sources in given shares."""
import pathlib

import numpy
import torch

import mix
from prepare import PADDING, ROW, SAID


class Stream:
    """Running text: rows cut anew for each reading, at a different offset."""

    def __init__(self, path, device, generator):
        self.ids = torch.from_numpy(numpy.load(path).astype(numpy.int16)).to(device)
        self.generator = generator
        self.starts = torch.empty(0, dtype=torch.long)
        self.columns = torch.arange(ROW, device=device)

    def take(self, n, said_only):
        while len(self.starts) < n:
            room = len(self.ids) - ROW
            offset = int(torch.randint(0, min(ROW, room), (1,), generator=self.generator))
            starts = torch.arange(offset, room, ROW - 1)
            starts = starts[torch.randperm(len(starts), generator=self.generator)]
            self.starts = torch.cat([self.starts, starts])
        starts, self.starts = self.starts[:n], self.starts[n:]
        ids = self.ids[starts.to(self.ids.device)[:, None] + self.columns]
        return ids, torch.ones_like(ids, dtype=torch.bool)


class Conversations:
    """Packed rows, each reading in another order."""

    def __init__(self, path, device, generator):
        self.ids = torch.from_numpy(numpy.load(path).astype(numpy.int16)).to(device)
        roles = numpy.load(str(path).replace(".npy", ".roles.npy"))
        self.roles = torch.from_numpy(roles).to(device)
        self.generator = generator
        self.order = torch.empty(0, dtype=torch.long)

    def take(self, n, said_only):
        while len(self.order) < n:
            self.order = torch.cat([self.order,
                                    torch.randperm(len(self.ids), generator=self.generator)])
        rows, self.order = self.order[:n].to(self.ids.device), self.order[n:]
        roles = self.roles[rows]
        return self.ids[rows], roles == SAID if said_only else roles > PADDING


class Batches:
    def __init__(self, folder, device, seed):
        generator = torch.Generator().manual_seed(seed)
        folder = pathlib.Path(folder)
        self.sources = {name: Stream(folder / f"{name}.npy", device, generator)
                        for name in mix.STREAMS}
        self.sources.update({name: Conversations(folder / f"{name}.npy", device, generator)
                             for name in mix.CONVERSATIONS + [mix.TALES]})
        self.owed = dict.fromkeys(self.sources, 0.0)

    def take(self, part, n_rows):
        """Inputs and targets [n_rows, ROW - 1], and the weight of each target."""
        ids, weights, left = [], [], n_rows
        shares = list(mix.PARTS[part].items())
        for name, share in shares:
            self.owed[name] += share * n_rows
        while left:
            # whole rows; who is owed most comes first, so that small shares get their turn
            name = max(shares, key=lambda s: self.owed[s[0]])[0]
            n = min(left, max(1, int(self.owed[name])))
            taken, counts = self.sources[name].take(n, part == "answer")
            self.owed[name] -= n
            left -= n
            ids.append(taken)
            weight = mix.ANSWER_WEIGHTS.get(name, 1.0) if part == "answer" else 1.0
            weights.append(counts.float() * weight)
        ids, weights = torch.cat(ids).long(), torch.cat(weights)
        return ids[:, :-1], ids[:, 1:], weights[:, 1:]
