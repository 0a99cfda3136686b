"""Peer of `npm run bench -- learner smollm2`: one GRPO step with transformers and PEFT, as TRL runs it.

usage: python smollm2_step.py MODEL_DIR SIZES, where SIZES is
'{"P":256,"S":64,"G":8,"rank":8,"alpha":16,"threads":2,"warmups":2,"runs":5}'

The prompt is repeated for each of the G completions; logits are computed of the completions' positions alone.
LoRA on all seven projections, f32, clipped policy loss, gradient clipping to norm 1, AdamW. Prints one JSON line:
median and least milliseconds of a step, largest resident MiB, versions.
"""

import json
import sys

import peft
import torch
import transformers
from measured import print_measured

model_dir, sizes = sys.argv[1], json.loads(sys.argv[2])
P, S, G = sizes["P"], sizes["S"], sizes["G"]
torch.set_num_threads(sizes["threads"])
torch.manual_seed(0)

base = transformers.AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32, local_files_only=True)
config = peft.LoraConfig(
    r=sizes["rank"],
    lora_alpha=sizes["alpha"],
    lora_dropout=0.0,
    target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    task_type="CAUSAL_LM",
)
model = peft.get_peft_model(base, config).train()
vocab = base.config.vocab_size
trainable = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(trainable, lr=1e-5, weight_decay=0.0)

prompt = torch.arange(P) * 37 % vocab
completions = ((P + torch.arange(G * S)) * 37 % vocab).view(G, S)
ids = torch.cat([prompt.expand(G, P), completions], dim=1)
attention_mask = torch.ones_like(ids)
advantages = torch.randn(G, 1)


def logprobs():
    out = model(input_ids=ids, attention_mask=attention_mask, logits_to_keep=S + 1, use_cache=False)
    logits = out.logits[:, :-1]
    chosen = logits.gather(-1, completions.unsqueeze(-1)).squeeze(-1)
    return chosen - torch.stack([row.logsumexp(-1) for row in logits])


def step():
    new = logprobs()
    ratio = torch.exp(new - old)
    loss = -torch.min(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages).mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trainable, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


with torch.no_grad():
    old = logprobs()
print_measured("transformers-peft", step, sizes, torch, transformers, peft)
