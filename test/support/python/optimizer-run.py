"""A run of torch's AdamW in double precision, clipped, and learning rates of transformers' schedules."""

import json
import sys

import torch
from transformers import get_cosine_with_min_lr_schedule_with_warmup, get_linear_schedule_with_warmup

request = json.load(sys.stdin)


def run():
    tensors = [
        torch.nn.Parameter(torch.tensor(p["data"], dtype=torch.float64).reshape(p["shape"]))
        for p in request["parameters"]
    ]
    # Norms and biases, of one axis, are not decayed.
    groups = [
        {"params": [t for t in tensors if t.dim() > 1], "weight_decay": request["weightDecay"]},
        {"params": [t for t in tensors if t.dim() == 1], "weight_decay": 0.0},
    ]
    betas = (request["beta1"], request["beta2"])
    optimizer = torch.optim.AdamW(groups, lr=0.0, betas=betas, eps=request["epsilon"])
    norms = []
    for gradients, rate in zip(request["gradients"], request["rates"], strict=True):
        for tensor, gradient in zip(tensors, gradients, strict=True):
            tensor.grad = torch.tensor(gradient, dtype=torch.float64).reshape(tensor.shape)
        norms.append(torch.nn.utils.clip_grad_norm_(tensors, request["maxGradNorm"]).item())
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    return {"parameters": [t.detach().flatten().tolist() for t in tensors], "norms": norms}


def rates(schedule):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=schedule["learningRate"])
    warmup, total = schedule["warmup"]["steps"], schedule["totalSteps"]
    if schedule["shape"] == "cosine":
        scheduler = get_cosine_with_min_lr_schedule_with_warmup(
            optimizer, warmup, total, min_lr_rate=schedule["minShare"]
        )
    else:
        scheduler = get_linear_schedule_with_warmup(optimizer, warmup, total)
    result = []
    for _ in range(total + 1):
        result.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return result


print(json.dumps({"run": run(), "rates": [rates(s) for s in request["schedules"]]}))
