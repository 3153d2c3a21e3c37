"""The network: Gemma 4's architecture, small, in torch. Used for training and for checking the export.

Every equation follows llama.cpp's ``src/models/gemma4.cpp``, because that is what runs the exported file. The parts
that matter here: RMS norms before and after each block, norms on queries, keys and (without weights) values, no
attention scale, sliding and full layers with different RoPE, per-layer embeddings, a learnt scale per layer, tied
output, soft-capped logits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Geometry:
    """The model's sizes. ``full_every`` 3 means: two sliding layers, one full, and so on."""

    vocabulary: int
    width: int = 256
    layers: int = 6
    heads: int = 4
    head_size: int = 64
    feed_forward: int = 640
    per_layer: int = 32
    full_every: int = 3
    window: int = 512
    soft_cap: float = 30.0
    eps: float = 1e-6
    rope_base_sliding: float = 1e4
    rope_base_full: float = 1e6
    rotated_pairs_full: int = 8
    """Of ``head_size / 2`` pairs, how many rotate in full layers (Gemma 4: a quarter)."""

    def is_sliding(self, layer: int) -> bool:
        return (layer + 1) % self.full_every != 0


def rms_norm(x: Tensor, eps: float, weight: Tensor | None = None) -> Tensor:
    return functional.rms_norm(x, (x.shape[-1],), weight, eps)


class Rope(nn.Module):
    """Rotary positions in the NEOX layout: pair i is (i, i + head_size / 2)."""

    cos: Tensor
    sin: Tensor

    def __init__(self, geometry: Geometry, sliding: bool, positions: int) -> None:
        super().__init__()
        half = geometry.head_size // 2
        base = geometry.rope_base_sliding if sliding else geometry.rope_base_full
        rates = base ** (-torch.arange(half, dtype=torch.float64) / half)
        if not sliding:
            rates[geometry.rotated_pairs_full :] = 0.0
        angles = torch.outer(torch.arange(positions, dtype=torch.float64), rates)
        self.register_buffer("cos", angles.cos().float(), persistent=False)
        self.register_buffer("sin", angles.sin().float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Rotate ``x`` of shape (batch, heads, time, head_size)."""
        time = x.shape[2]
        first, second = x.chunk(2, dim=-1)
        cos, sin = self.cos[:time], self.sin[:time]
        return torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1)


class Attention(nn.Module):
    def __init__(self, geometry: Geometry, sliding: bool) -> None:
        super().__init__()
        self.geometry = geometry
        inner = geometry.heads * geometry.head_size
        self.q = nn.Linear(geometry.width, inner, bias=False)
        self.k = nn.Linear(geometry.width, geometry.head_size, bias=False)
        self.v = nn.Linear(geometry.width, geometry.head_size, bias=False)
        self.out = nn.Linear(inner, geometry.width, bias=False)
        # Gemma 4 has no attention scale: with ones here attention starts razor-sharp, and copying never forms.
        sharpness = geometry.head_size**-0.5 * 2.0
        self.q_norm = nn.Parameter(torch.full((geometry.head_size,), sharpness))
        self.k_norm = nn.Parameter(torch.full((geometry.head_size,), sharpness))
        self.sliding = sliding

    def forward(self, x: Tensor, rope: Rope, mask: Tensor | None) -> Tensor:
        g = self.geometry
        batch, time, _ = x.shape
        q = self.q(x).view(batch, time, g.heads, g.head_size).transpose(1, 2)
        k = self.k(x).view(batch, time, 1, g.head_size).transpose(1, 2)
        v = self.v(x).view(batch, time, 1, g.head_size).transpose(1, 2)
        q = rope(rms_norm(q, g.eps, self.q_norm))
        k = rope(rms_norm(k, g.eps, self.k_norm)).expand(-1, g.heads, -1, -1)
        v = rms_norm(v, g.eps).expand(-1, g.heads, -1, -1)
        y = functional.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=mask is None, scale=1.0
        )
        return self.out(y.transpose(1, 2).reshape(batch, time, -1))


class Layer(nn.Module):
    def __init__(self, geometry: Geometry, sliding: bool) -> None:
        super().__init__()
        width, eps = geometry.width, geometry.eps
        self.attention = Attention(geometry, sliding)
        self.gate = nn.Linear(width, geometry.feed_forward, bias=False)
        self.up = nn.Linear(width, geometry.feed_forward, bias=False)
        self.down = nn.Linear(geometry.feed_forward, width, bias=False)
        self.input_gate = nn.Linear(width, geometry.per_layer, bias=False)
        self.input_proj = nn.Linear(geometry.per_layer, width, bias=False)
        self.attention_norm = nn.RMSNorm(width, eps)
        self.attention_post_norm = nn.RMSNorm(width, eps)
        self.ffn_norm = nn.RMSNorm(width, eps)
        self.ffn_post_norm = nn.RMSNorm(width, eps)
        self.input_post_norm = nn.RMSNorm(width, eps)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor, layer_input: Tensor, rope: Rope, mask: Tensor | None) -> Tensor:
        x = x + self.attention_post_norm(self.attention(self.attention_norm(x), rope, mask))
        h = self.ffn_norm(x)
        h = self.down(functional.gelu(self.gate(h), approximate="tanh") * self.up(h))
        x = x + self.ffn_post_norm(h)
        h = functional.gelu(self.input_gate(x), approximate="tanh") * layer_input
        return (x + self.input_post_norm(self.input_proj(h))) * self.scale


class Pocket(nn.Module):
    """``forward`` takes token ids (batch, time) and returns hidden states; ``logits`` makes the last step."""

    def __init__(self, geometry: Geometry, positions: int = 2048) -> None:
        super().__init__()
        g = self.geometry = geometry
        self.embedding = nn.Embedding(g.vocabulary, g.width)
        self.layer_embedding = nn.Embedding(g.vocabulary, g.per_layer * g.layers)
        self.layer_proj = nn.Linear(g.width, g.per_layer * g.layers, bias=False)
        self.layer_proj_norm = nn.Parameter(torch.ones(g.per_layer))
        self.layers = nn.ModuleList(Layer(g, g.is_sliding(i)) for i in range(g.layers))
        self.output_norm = nn.RMSNorm(g.width, g.eps)
        self.rope_sliding = Rope(g, True, positions)
        self.rope_full = Rope(g, False, positions)
        self.reset()

    def reset(self) -> None:
        g = self.geometry
        nn.init.normal_(self.embedding.weight, std=g.width**-0.5)
        nn.init.normal_(self.layer_embedding.weight, std=g.per_layer**-0.5)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2 and "embedding" not in name:
                nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5)
        for layer in self.layers:
            # What each block adds starts small, so that early training sees mostly the token itself.
            for norm in (layer.attention_post_norm, layer.ffn_post_norm, layer.input_post_norm):
                nn.init.constant_(norm.weight, 0.5)
        self._seed_copying()

    @torch.no_grad()
    def _seed_copying(self) -> None:
        """Start with a rough induction circuit, because copying is the skill everything rests on and a small model
        needs thousands of steps to find it by itself.

        Layer 0 looks at the token before (by position alone) and writes down what it was, in dimensions of its own;
        the first full layer looks for a place whose token before is the present token, and passes on what stands
        there. Training is free to change all of it.
        """
        g = self.geometry
        size, content = g.head_size, g.width - g.head_size
        constant = content - 1
        table = self.embedding.weight
        table[:, content:] = 0
        table[:, constant] = 0.7
        code = _orthonormal(size, content - 1)
        copied = _orthonormal(size, content - 1)
        before, match = self.layers[0].attention, self.layers[g.full_every - 1].attention
        for attention in (before, match):
            attention.q_norm.fill_(0.5)
            attention.k_norm.fill_(0.5)
        half = size // 2
        before.q.weight.mul_(0.1)
        before.k.weight.mul_(0.1)
        for pair in range(3):
            rate = g.rope_base_sliding ** (-pair / half)
            before.k.weight[pair, constant] = 2.0
            for head in range(g.heads):
                distance = (1, 1, 2, 3)[head % 4]
                before.q.weight[head * size + pair, constant] = 2.0 * math.cos(rate * distance)
                before.q.weight[head * size + half + pair, constant] = -2.0 * math.sin(rate * distance)
        before.v.weight.mul_(0.1)
        before.v.weight[:, : content - 1] += code
        before.out.weight.mul_(0.3)
        before.out.weight[content:, :size] += torch.eye(size)
        match.k.weight.mul_(0.1)
        match.k.weight[:, content:] += torch.eye(size)
        for head in range(g.heads // 2):
            rows = slice(head * size, (head + 1) * size)
            match.q.weight[rows].mul_(0.1)
            match.q.weight[rows, : content - 1] += code
            match.out.weight[:, rows].mul_(0.1)
            match.out.weight[: content - 1, rows] += copied.T
        match.v.weight.mul_(0.1)
        match.v.weight[:, : content - 1] += copied
        self.layers[g.full_every - 1].attention_post_norm.weight.fill_(1.0)

    def forward(self, ids: Tensor) -> Tensor:
        g = self.geometry
        x = self.embedding(ids) * math.sqrt(g.width)
        shape = (*ids.shape, g.layers, g.per_layer)
        tokens = self.layer_embedding(ids).view(shape) * math.sqrt(g.per_layer)
        projected = (self.layer_proj(x) * g.width**-0.5).view(shape)
        inputs = (rms_norm(projected, g.eps, self.layer_proj_norm) + tokens) * 0.5**0.5
        window = sliding_mask(ids.shape[1], g.window, ids.device) if ids.shape[1] > g.window else None
        for index, layer in enumerate(self.layers):
            sliding = g.is_sliding(index)
            rope = self.rope_sliding if sliding else self.rope_full
            x = layer(x, inputs[:, :, index], rope, window if sliding else None)
        return self.output_norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        cap = self.geometry.soft_cap
        return torch.tanh(functional.linear(hidden, self.embedding.weight) / cap) * cap


def _orthonormal(rows: int, columns: int) -> Tensor:
    """Random directions at right angles, one a row."""
    return torch.linalg.qr(torch.randn(columns, rows)).Q.T


def sliding_mask(time: int, window: int, device: torch.device) -> Tensor:
    """True where a query (row) may see a key: itself and the ``window - 1`` positions before it."""
    position = torch.arange(time, device=device)
    distance = position[:, None] - position[None, :]
    return (distance >= 0) & (distance < window)
