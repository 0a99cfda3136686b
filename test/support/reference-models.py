"""Writes random models as transformers saves them, with what it computes of them: log-probabilities, gradients, ids."""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

request = json.load(sys.stdin)
folder = Path(request["folder"])
prefix, suffixes, count = request["prefix"], request["suffixes"], request["count"]


def randomize(model):
    """Large enough that attention, biases and norms matter; transformers starts biases at 0 and norms at 1."""
    generator = torch.Generator().manual_seed(5)
    for name, p in model.named_parameters():
        noise = torch.randn(p.shape, generator=generator)
        p.data = 1 + noise / 4 if "norm" in name else noise / 2 if p.dim() == 1 else noise / 3


def build(case):
    kwargs = {k: v for k, v in case["config"].items() if k != "model_type"}
    config = AutoConfig.for_model(
        case["config"]["model_type"], **kwargs, bos_token_id=None, eos_token_id=None, pad_token_id=None
    )
    config.architectures = None
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float32)
    randomize(model)
    dtype = getattr(torch, case["dtype"])
    model.to(dtype).save_pretrained(folder / case["name"], max_shard_size=case["shard"])
    # Reading back widens the very values that were saved.
    return AutoModelForCausalLM.from_pretrained(
        folder / case["name"], attn_implementation="eager", dtype=torch.float32
    ).eval()


def score(model, suffix):
    ids = torch.tensor([prefix + suffix])
    logprobs = torch.log_softmax(model(ids).logits[0, :-1], dim=-1)
    picked = logprobs.gather(1, ids[0, 1:, None])[:, 0]
    return picked[len(prefix) - 1 :]


def reference(case):
    model = build(case)
    scores = [score(model, s) for s in suffixes]
    nll = -sum(s.sum() for s in scores)
    nll.backward()
    save_file({n: p.grad.contiguous() for n, p in model.named_parameters()}, folder / f"{case['name']}.gradients")
    prompt = torch.tensor([prefix])
    with torch.no_grad():
        generated = model.generate(
            prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=count, pad_token_id=0
        )
    return {
        "logprobs": [s.tolist() for s in scores],
        "nll": nll.item(),
        "generated": generated[0, len(prefix) :].tolist(),
    }


print(json.dumps({case["name"]: reference(case) for case in request["cases"]}))
