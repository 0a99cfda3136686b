"""The learner's step in PyTorch: forward and backward of one group with LoRA on every projection, the prompt computed once.

usage: peer_learner_torch.py '{"D":512,"L":8,"H":8,"KV":4,"dh":64,"F":1408,"V":4096,"r":8,"P":512,"S":64,"G":8}'
                             [--device cuda|cpu] [--dtype f32|bf16|f16] [--iterations 10]

Weights are random and frozen; with a type of 16 bits they and the products have it, while adapters, norms and the softmax over the
vocabulary stay float32, as in this project. TF32 is off. Attention is PyTorch's scaled_dot_product_attention, which picks
its fastest kernel. Prints one JSON line: median and least milliseconds, peak memory in MiB, versions.
"""

import argparse
import json
import math
import resource
import time

import torch
from torch import nn
from torch.nn import functional as F

parser = argparse.ArgumentParser()
parser.add_argument("config")
parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
parser.add_argument("--dtype", default="f32", choices=["f32", "bf16", "f16"])
parser.add_argument("--iterations", type=int, default=10)
args = parser.parse_args()
config = json.loads(args.config)
HIDDEN, LAYERS, HEADS, KV_HEADS, HEAD, FFN, VOCAB, RANK = (config[k] for k in ("D", "L", "H", "KV", "dh", "F", "V", "r"))
PROMPT, SUFFIX, GROUP = (config[k] for k in ("P", "S", "G"))
device = torch.device(args.device)
compute = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}[args.dtype]
torch.set_num_threads(config.get("threads", 1))
torch.backends.cuda.matmul.allow_tf32 = False
torch.manual_seed(1)


class Adapted(nn.Module):
    """A frozen weight with a low-rank adapter beside it: x W' + (alpha / r) (x A') B', alpha = 2 r."""

    def __init__(self, rows, columns):
        super().__init__()
        self.register_buffer("weight", (torch.randn(rows, columns, device=device) / math.sqrt(columns)).to(compute))
        self.a = nn.Parameter(torch.randn(RANK, columns, device=device) / math.sqrt(columns))
        self.b = nn.Parameter(torch.randn(rows, RANK, device=device) / math.sqrt(RANK))

    def forward(self, x):
        return F.linear(x, self.weight) + 2.0 * F.linear(F.linear(x, self.a.to(compute)), self.b.to(compute))


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.o = Adapted(HEADS * HEAD, HIDDEN), Adapted(HIDDEN, HEADS * HEAD)
        self.k, self.v = Adapted(KV_HEADS * HEAD, HIDDEN), Adapted(KV_HEADS * HEAD, HIDDEN)
        self.gate, self.up, self.down = Adapted(FFN, HIDDEN), Adapted(FFN, HIDDEN), Adapted(HIDDEN, FFN)

    def forward(self, x, cos, sin, mask):
        """x [P + G S, D]: the prompt's rows, then each completion's."""
        h = normed(x)
        q = rotated(self.q(h).view(-1, HEADS, HEAD), cos, sin).transpose(0, 1)
        k = rotated(self.k(h).view(-1, KV_HEADS, HEAD), cos, sin).transpose(0, 1)
        v = self.v(h).view(-1, KV_HEADS, HEAD).transpose(0, 1)
        on_prompt = attention(q[None, :, :PROMPT], k[None, :, :PROMPT], v[None, :, :PROMPT], is_causal=True)
        own = attention(by_sample(q, HEADS), with_prompt(k), with_prompt(v), attn_mask=mask)
        own = own.permute(0, 2, 1, 3).reshape(GROUP * SUFFIX, HEADS * HEAD)
        mixed = torch.cat([on_prompt[0].transpose(0, 1).reshape(PROMPT, HEADS * HEAD), own])
        x = x + self.o(mixed)
        h = normed(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


def attention(q, k, v, **how):
    return F.scaled_dot_product_attention(q, k, v, enable_gqa=True, **how)


def by_sample(t, heads):
    """[heads, P + G S, d] -> the completions' rows as [G, heads, S, d]."""
    return t[:, PROMPT:].reshape(heads, GROUP, SUFFIX, HEAD).transpose(0, 1)


def with_prompt(t):
    """[heads, P + G S, d] -> [G, heads, P + S, d]: each completion sees the prompt's rows before its own."""
    shared = t[:, :PROMPT].expand(GROUP, KV_HEADS, PROMPT, HEAD)
    return torch.cat([shared, by_sample(t, KV_HEADS)], dim=2)


def normed(x):
    return F.rms_norm(x.float(), (HIDDEN,), eps=1e-6).to(compute)


def rotated(x, cos, sin):
    first, second = x.float().chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1).to(compute)


def rotary(positions):
    frequencies = 10_000.0 ** (-torch.arange(0, HEAD, 2, device=device) / HEAD)
    angles = positions[:, None, None] * frequencies
    return angles.cos(), angles.sin()


embedding = torch.randn(VOCAB, HIDDEN, device=device).to(compute)
head = (torch.randn(VOCAB, HIDDEN, device=device) / math.sqrt(HIDDEN)).to(compute)
layers = nn.ModuleList([Layer() for _ in range(LAYERS)])
ids = torch.randint(VOCAB, (PROMPT + GROUP * SUFFIX,), device=device)
targets = ids[PROMPT:].view(GROUP, SUFFIX)
advantages = torch.randn(GROUP, SUFFIX, device=device)
old = torch.full((GROUP, SUFFIX), -math.log(VOCAB), device=device)
own_positions = torch.arange(PROMPT, PROMPT + SUFFIX, device=device)
cos, sin = rotary(torch.cat([torch.arange(PROMPT, device=device), own_positions.repeat(GROUP)]).float())
mask = torch.ones(SUFFIX, PROMPT + SUFFIX, dtype=torch.bool, device=device).tril(PROMPT)


def step():
    x = embedding[ids]
    for layer in layers:
        x = layer(x, cos, sin, mask)
    # What predicts a completion's first token is the prompt's last row.
    suffix = x[PROMPT:].view(GROUP, SUFFIX, HIDDEN)
    predicting = torch.cat([x[PROMPT - 1].expand(GROUP, 1, HIDDEN), suffix[:, :-1]], dim=1)
    logits = F.linear(normed(predicting), head).float()
    logprobs = logits.log_softmax(-1).gather(-1, targets[..., None])[..., 0]
    ratio = (logprobs - old).clamp(-20, 20).exp()
    loss = torch.maximum(-advantages * ratio, -advantages * ratio.clamp(0.2, 5.0)).mean()
    loss.backward()
    for parameter in layers.parameters():
        parameter.grad = None
    return loss


def finish():
    if device.type == "cuda":
        torch.cuda.synchronize()


for _ in range(3):
    loss = step()
finish()
times = []
for _ in range(args.iterations):
    start = time.perf_counter()
    step()
    finish()
    times.append((time.perf_counter() - start) * 1e3)
times.sort()
peak = torch.cuda.max_memory_allocated() / 2**20 if device.type == "cuda" else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({
    "peer": "pytorch", "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu", "dtype": args.dtype,
    "ms": round(times[len(times) // 2], 2), "minMs": round(times[0], 2), "peakMiB": round(peak),
    "lossIsFinite": bool(torch.isfinite(loss)), "torch": torch.__version__,
}))
