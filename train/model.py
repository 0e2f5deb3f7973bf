"""The model: a decoder of the Llama family with tied embeddings and grouped queries.

Named and shaped as in Hugging Face's checkpoints; rotary positions turn the two halves of a head.
"""
import dataclasses

import torch
import torch.nn.functional as F
from torch import nn


@dataclasses.dataclass(frozen=True)
class Shape:
    n_vocab: int = 8192
    width: int = 512
    n_layers: int = 8
    n_heads: int = 8
    n_kv_heads: int = 2
    head_dim: int = 64
    n_ff: int = 1536
    n_context: int = 2048
    rope_base: float = 10000.0
    norm_eps: float = 1e-5


SHAPES = {
    "ember": Shape(n_layers=9, n_ff=1024),
    "ember-draft": Shape(width=192, n_layers=4, n_heads=3, n_kv_heads=1, n_ff=512),
    "tiny": Shape(width=64, n_layers=2, n_heads=2, n_kv_heads=1, head_dim=32, n_ff=96),
}


class RMSNorm(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x):
        wide = x.float()
        wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)
        return (wide * self.weight.float()).to(x.dtype)


def rotary_tables(shape, n_tokens, device):
    """cos and sin, [n_tokens, head_dim / 2]."""
    exponents = torch.arange(0, shape.head_dim, 2, device=device, dtype=torch.float64)
    frequencies = shape.rope_base ** (-exponents / shape.head_dim)
    angles = torch.arange(n_tokens, device=device, dtype=torch.float64)[:, None] * frequencies
    return angles.cos().float(), angles.sin().float()


def rotate(x, cos, sin):
    """x: [batch, heads, tokens, head_dim]."""
    first, second = x.float().chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1).to(x.dtype)


def attend(q, k, v):
    """Causal attention; the plain form is for versions of PyTorch without the fused one."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    hidden = torch.ones(scores.shape[-2:], dtype=torch.bool, device=q.device).triu(1)
    return scores.masked_fill(hidden, float("-inf")).softmax(-1) @ v


class Attention(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        heads, kv = shape.n_heads * shape.head_dim, shape.n_kv_heads * shape.head_dim
        self.q_proj = nn.Linear(shape.width, heads, bias=False)
        self.k_proj = nn.Linear(shape.width, kv, bias=False)
        self.v_proj = nn.Linear(shape.width, kv, bias=False)
        self.o_proj = nn.Linear(heads, shape.width, bias=False)

    def forward(self, x, cos, sin):
        batch, tokens, _ = x.shape
        s = self.shape
        split = lambda y, n: y.view(batch, tokens, n, s.head_dim).transpose(1, 2)
        q = rotate(split(self.q_proj(x), s.n_heads), cos, sin)
        k = rotate(split(self.k_proj(x), s.n_kv_heads), cos, sin)
        v = split(self.v_proj(x), s.n_kv_heads)
        groups = s.n_heads // s.n_kv_heads
        k, v = k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1)
        y = attend(q, k, v).transpose(1, 2).reshape(batch, tokens, -1)
        return self.o_proj(y)


class MLP(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.gate_proj = nn.Linear(shape.width, shape.n_ff, bias=False)
        self.up_proj = nn.Linear(shape.width, shape.n_ff, bias=False)
        self.down_proj = nn.Linear(shape.n_ff, shape.width, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, shape, dropout):
        super().__init__()
        self.dropout = dropout
        self.input_layernorm = RMSNorm(shape.width, shape.norm_eps)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = RMSNorm(shape.width, shape.norm_eps)
        self.mlp = MLP(shape)

    def forward(self, x, cos, sin):
        x = x + self._drop(self.self_attn(self.input_layernorm(x), cos, sin))
        return x + self._drop(self.mlp(self.post_attention_layernorm(x)))

    def _drop(self, x):
        return F.dropout(x, self.dropout, self.training) if self.dropout else x


class Decoder(nn.Module):
    def __init__(self, shape, dropout):
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.n_vocab, shape.width)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.n_layers))
        self.norm = RMSNorm(shape.width, shape.norm_eps)


class Ember(nn.Module):
    def __init__(self, shape, dropout=0.0):
        super().__init__()
        self.shape = shape
        self.model = Decoder(shape, dropout)
        cos, sin = rotary_tables(shape, shape.n_context, "cpu")
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self._initialize()

    def _initialize(self):
        nn.init.normal_(self.model.embed_tokens.weight, std=0.02)
        for layer in self.model.layers:
            for name, weight in layer.named_parameters():
                if weight.dim() == 2:
                    nn.init.normal_(weight, std=weight.shape[1] ** -0.5)
                # what is added to the residual stream begins small
                if name.endswith(("o_proj.weight", "down_proj.weight")):
                    weight.data.mul_((2 * self.shape.n_layers) ** -0.5)

    def hidden(self, ids):
        """[batch, tokens] to [batch, tokens, width], after the last norm."""
        x = self.model.embed_tokens(ids)
        cos, sin = self.cos[:ids.shape[1]], self.sin[:ids.shape[1]]
        for layer in self.model.layers:
            x = layer(x, cos, sin)
        return self.model.norm(x)

    def forward(self, ids):
        """Logits, [batch, tokens, n_vocab]."""
        return F.linear(self.hidden(ids), self.model.embed_tokens.weight)
