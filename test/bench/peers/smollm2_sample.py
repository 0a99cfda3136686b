"""Peer of `npm run bench -- sampler smollm2`: G samples of one prompt with transformers' generate, f32.

usage: python smollm2_sample.py MODEL_DIR '{"P":256,"T":64,"G":8,"threads":2,"warmups":2,"runs":5}'

Exactly T tokens are sampled per sequence at temperature 1. Prints one JSON line: median and least
milliseconds, largest resident MiB, versions.
"""

import json
import sys

import torch
import transformers
from measured import print_measured

model_dir, sizes = sys.argv[1], json.loads(sys.argv[2])
P, T, G = sizes["P"], sizes["T"], sizes["G"]
torch.set_num_threads(sizes["threads"])
torch.manual_seed(0)
model = transformers.AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32, local_files_only=True)
model.eval()
prompt = (torch.arange(P) * 37 % model.config.vocab_size)[None]


def run():
    out = model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        do_sample=True,
        top_k=0,
        top_p=1.0,
        temperature=1.0,
        num_return_sequences=G,
        min_new_tokens=T,
        max_new_tokens=T,
        pad_token_id=0,
    )
    assert out.shape == (G, P + T), out.shape


print_measured("transformers-generate", run, sizes, torch, transformers)
