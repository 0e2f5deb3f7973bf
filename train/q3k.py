"""Q3_K, GGUF's type of 3.44 bits a weight: for training with it in mind, and for the file.

256 weights of a row share a half-precision factor d; each 16 of them have a whole number s from -32 to 31, and
each weight a code from -4 to 3: its value is d * s * code. hearth's own conversions do not write this type, so
this is the one place that decides how weights become codes; training sees exactly what the file will say.
"""
import numpy
import torch

BLOCK, RUN = 256, 16
LOWEST, HIGHEST = -4, 3
# How far the outermost weight of a run may lie outside of its codes.
STRETCHES = (1.0, 0.88, 1.12)


def _codes(x, steps):
    safe = torch.where(steps == 0, torch.ones_like(steps), steps)
    return (x / safe).round().clamp(LOWEST, HIGHEST)


def _best_steps(x):
    """x [..., 16]: the step of each run that leaves the least squared error of those tried, [..., 1]."""
    outermost = x.gather(-1, x.abs().argmax(-1, keepdim=True))
    best, least = torch.zeros_like(outermost), x.square().sum(-1, keepdim=True)
    for stretch in STRETCHES:
        codes = _codes(x, outermost * (stretch / LOWEST))
        fitted = (x * codes).sum(-1, keepdim=True) / codes.square().sum(-1, keepdim=True).clamp(min=1)
        error = (x - fitted * codes).square().sum(-1, keepdim=True)
        is_better = error < least
        best, least = torch.where(is_better, fitted, best), torch.where(is_better, error, least)
    return best


def encode(x):
    """x [n, 256] to d [n, 1, 1], s [n, 16, 1] and codes [n, 16, 16], all as floats."""
    x = x.float().view(-1, BLOCK // RUN, RUN)
    steps = _best_steps(x)
    largest = steps.gather(1, steps.abs().argmax(1, keepdim=True))
    d = (largest / -32).half().float()
    safe = torch.where(d == 0, torch.ones_like(d), d)
    s = (steps / safe).round().clamp(-32, 31)
    return d, s, _codes(x, d * s) * (s != 0)


def rounded(x):
    """The values that remain of x [n, 256] in Q3_K."""
    d, s, codes = encode(x)
    return (d * s * codes).view(-1, BLOCK)


def pack(weight):
    """A matrix, whose rows are multiples of 256, as GGUF's bytes."""
    d, s, codes = (part.numpy() for part in encode(weight.reshape(-1, BLOCK)))
    n = len(d)
    q = (codes.reshape(n, BLOCK) - LOWEST).astype(numpy.uint8)
    out = numpy.zeros((n, 110), dtype=numpy.uint8)
    runs = q.reshape(n, 8, 32)
    for i in range(8):
        out[:, :32] |= (runs[:, i] >> 2) << i
        out[:, 32 + i // 4 * 32:64 + i // 4 * 32] |= (runs[:, i] & 3) << (i % 4 * 2)
    six = (s.reshape(n, 16) + 32).astype(numpy.uint8)
    out[:, 96:104] = (six[:, :8] & 15) | (six[:, 8:] & 15) << 4
    for i in range(16):
        out[:, 104 + i % 4] |= (six[:, i] >> 4) << (i // 4 * 2)
    out[:, 108:] = d.reshape(n, 1).astype("<f2").view(numpy.uint8)
    return out.tobytes()


class Rounding:
    """Lets a model compute with its matrices as the file will hold them, while the optimizer steps the exact ones."""

    def __init__(self, model, is_compiled):
        self.matrices = [p for p in model.parameters() if p.dim() == 2]
        self.exact = [torch.empty_like(p) for p in self.matrices]
        self.rounded = torch.compile(rounded) if is_compiled else rounded

    @torch.no_grad()
    def __enter__(self):
        torch._foreach_copy_(self.exact, self.matrices) if hasattr(torch, "_foreach_copy_") else [
            e.copy_(p) for e, p in zip(self.exact, self.matrices)]
        # of what will be saved, which is in bfloat16
        flat = torch.cat([p.detach().view(-1, BLOCK) for p in self.matrices]).bfloat16()
        flat = self.rounded(flat)
        for p, part in zip(self.matrices, flat.split([p.numel() // BLOCK for p in self.matrices])):
            p.copy_(part.view_as(p))

    @torch.no_grad()
    def __exit__(self, *unused):
        for p, exact in zip(self.matrices, self.exact):
            p.copy_(exact)
