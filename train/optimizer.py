"""Muon for the matrices of the layers, AdamW for everything else.

Muon (Jordan et al. 2024) steps along the orthogonalized momentum; scaled by 0.2 sqrt(max(rows, columns))
as Liu et al. (2025) do, its steps have AdamW's size and both share one learning rate.
"""
import torch

MOMENTUM = 0.95
WEIGHT_DECAY = 0.3  # strong, because the text is read several times
EMBEDDING_DECAY = 0.1
COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalize(matrices):
    """[n, rows, columns] to nearly orthogonal ones, by Newton-Schulz iterations in bfloat16."""
    a, b, c = COEFFICIENTS
    x = matrices.bfloat16()
    is_tall = x.shape[1] > x.shape[2]
    if is_tall:
        x = x.transpose(1, 2)
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        gram = x @ x.transpose(1, 2)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.transpose(1, 2) if is_tall else x


class Muon:
    """Matrices of one shape are stepped together."""

    def __init__(self, parameters):
        groups = {}
        for p in parameters:
            groups.setdefault(tuple(p.shape), []).append(p)
        self.groups = [(group, torch.zeros(len(group), *shape, device=group[0].device))
                       for shape, group in groups.items()]

    @torch.no_grad()
    def step(self, lr):
        for group, momentum in self.groups:
            gradients = torch.stack([p.grad.float() for p in group])
            momentum.lerp_(gradients, 1 - MOMENTUM)
            update = orthogonalize(gradients.lerp_(momentum, MOMENTUM))
            scale = 0.2 * max(momentum.shape[1:]) ** 0.5
            torch._foreach_mul_(group, 1 - lr * WEIGHT_DECAY)
            torch._foreach_add_(group, list(update.float().unbind()), alpha=-lr * scale)


class Optimizer:
    def __init__(self, model):
        matrices, others, norms = [], [], []
        for name, p in model.named_parameters():
            kind = norms if p.dim() == 1 else others if "embed" in name else matrices
            kind.append(p)
        self.parameters = matrices + others + norms
        self.muon = Muon(matrices)
        self.adam = torch.optim.AdamW([{"params": others, "weight_decay": EMBEDDING_DECAY},
                                       {"params": norms, "weight_decay": 0.0}],
                                      betas=(0.9, 0.95), eps=1e-10)

    def step(self, lr):
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.muon.step(lr)
        for group in self.adam.param_groups:
            group["lr"] = lr
        self.adam.step()
        for p in self.parameters:
            p.grad = None
