"""Peer of `npm run bench -- sampler smollm2`: G samples of one prompt with transformers' generate, f32.

usage: python smollm2_sample.py MODEL_DIR '{"P":256,"T":64,"G":8,"threads":2,"warmups":2,"runs":5}'

Exactly T tokens are sampled per sequence at temperature 1. Prints one JSON line: median and least
milliseconds, largest resident MiB, versions.
"""

import json
import sys
import time
from pathlib import Path

import torch
import transformers

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


def peak_rss_mb():
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    import resource

    # Bytes on macOS, the one other system with these versions.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


for _ in range(sizes["warmups"]):
    run()
times = []
for _ in range(sizes["runs"]):
    start = time.perf_counter()
    run()
    times.append((time.perf_counter() - start) * 1e3)
times.sort()
middle = len(times) // 2
print(
    json.dumps(
        {
            "peer": "transformers-generate",
            "ms": (times[middle] + times[-1 - middle]) / 2,
            "min_ms": times[0],
            "peak_rss_mb": peak_rss_mb(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        }
    )
)
