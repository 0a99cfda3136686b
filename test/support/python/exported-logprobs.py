"""Log-probabilities of sequences by exported models: a base with a PEFT adapter, and merged ones."""

import json
import sys
from pathlib import Path

import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM


def load(folder):
    model, info = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"], info
    return model.eval()


@torch.no_grad()
def logprobs(model, sequences):
    rows = []
    for ids in sequences:
        ids = torch.tensor([ids])
        scores = torch.log_softmax(model(ids).logits[0, :-1], dim=-1)
        rows.append(scores.gather(1, ids[0, 1:, None])[:, 0].tolist())
    return rows


def tensors_of(folder):
    return {k: v for path in sorted(Path(folder).glob("*.safetensors")) for k, v in load_file(path).items()}


def rounded_equally(exact, folder, dtype):
    """Whether a folder holds the exact values, rounded by torch, bit for bit."""
    held = tensors_of(folder)
    return held.keys() == exact.keys() and all(
        t.dtype == dtype and torch.equal(t, exact[name].to(dtype)) for name, t in held.items()
    )


def answer(case):
    peft = PeftModel.from_pretrained(load(case["base"]), case["adapter"]).eval()
    # An adapter without effect would make every comparison pass.
    with peft.disable_adapter():
        base = logprobs(peft, case["sequences"])
    merged = load(case["merged"]["F32"])
    exact = tensors_of(case["merged"]["F32"])
    by_peft = PeftModel.from_pretrained(load(case["base"]), case["adapter"]).merge_and_unload()
    weights = dict(by_peft.named_parameters())
    return {
        "base": base,
        "peft": logprobs(peft, case["sequences"]),
        "merged": logprobs(merged, case["sequences"]),
        "mergedBf16": logprobs(load(case["merged"]["BF16"]), case["sequences"]),
        "isTied": merged.lm_head.weight is merged.model.embed_tokens.weight,
        "isRoundedF16": rounded_equally(exact, case["merged"]["F16"], torch.float16),
        "isRoundedBf16": rounded_equally(exact, case["merged"]["BF16"], torch.bfloat16),
        "largestWeightDifference": max((weights[n] - t).abs().max().item() for n, t in exact.items()),
    }


print(json.dumps([answer(case) for case in json.load(sys.stdin)]))
