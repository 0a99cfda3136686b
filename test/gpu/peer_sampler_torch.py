"""Sampling with Hugging Face transformers: G completions of exactly S tokens of one prompt, with its key-value cache.

usage: peer_sampler_torch.py '{"D":512,"L":8,"H":8,"KV":4,"dh":64,"F":1408,"V":4096,"P":512,"S":64,"G":8}'
                             [--device cuda|cpu] [--dtype f32|bf16|f16] [--iterations 10]

The model is a Llama of these sizes with random weights; temperature 1, the whole vocabulary, no end token. TF32 is off.
Prints one JSON line: median and least milliseconds, tokens a second, peak memory in MiB, versions.
"""

import argparse
import json
import resource
import time

import torch
import transformers

parser = argparse.ArgumentParser()
parser.add_argument("config")
parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
parser.add_argument("--dtype", default="f32", choices=["f32", "bf16", "f16"])
parser.add_argument("--iterations", type=int, default=10)
args = parser.parse_args()
config = json.loads(args.config)
torch.set_num_threads(config.get("threads", 1))
torch.backends.cuda.matmul.allow_tf32 = False
torch.manual_seed(1)
model = transformers.LlamaForCausalLM(
    transformers.LlamaConfig(
        hidden_size=config["D"],
        num_hidden_layers=config["L"],
        num_attention_heads=config["H"],
        num_key_value_heads=config["KV"],
        head_dim=config["dh"],
        intermediate_size=config["F"],
        vocab_size=config["V"],
        max_position_embeddings=8192,
        tie_word_embeddings=False,
    )
)
model = model.to(args.device, {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}[args.dtype]).eval()
prompt = torch.randint(3, config["V"], (1, config["P"]), device=args.device)
tokens = config["G"] * config["S"]


@torch.inference_mode()
def sample():
    model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        do_sample=True,
        temperature=1.0,
        top_k=0,
        num_return_sequences=config["G"],
        min_new_tokens=config["S"],
        max_new_tokens=config["S"],
        pad_token_id=0,
    )
    if args.device == "cuda":
        torch.cuda.synchronize()


sample()
times = []
for _ in range(args.iterations):
    start = time.perf_counter()
    sample()
    times.append((time.perf_counter() - start) * 1e3)
times.sort()
median = times[len(times) // 2]
on_gpu = args.device == "cuda"
peak = torch.cuda.max_memory_allocated() / 2**20 if on_gpu else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({
    "peer": "transformers", "device": torch.cuda.get_device_name() if on_gpu else "cpu", "dtype": args.dtype,
    "ms": round(median, 2), "minMs": round(times[0], 2), "tokensPerSecond": round(tokens / median * 1e3, 1),
    "peakMiB": round(peak), "torch": torch.__version__, "transformers": transformers.__version__,
}))
