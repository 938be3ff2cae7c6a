#!/usr/bin/env python3
"""Records what PyTorch's optimisers make of a small recurrent model in 50 updates.

    python3 -m venv venv && venv/bin/pip install torch numpy
    venv/bin/python optimizers.py > optimizers.json

The model, its first weights and its batches are those of `RecordedOptimizerTests.swift`, which
compares compiled updates with the file.
"""

import json
import math
import re

import torch

VOCAB, HIDDEN, BATCH, STEPS, UPDATES = 5, 8, 3, 4, 50

SHAPES = {
    "W_xh": (VOCAB, HIDDEN),
    "W_hh": (HIDDEN, HIDDEN),
    "b_h": (HIDDEN,),
    "W_hq": (HIDDEN, VOCAB),
    "b_q": (VOCAB,),
}

# The lines of the graph's section `train`, and the same for PyTorch.
CASES = [
    ("sgd", "sgd(lr: 0.5)", "global_norm(0.5)",
     lambda p: torch.optim.SGD(p, lr=0.5)),
    ("sgd with momentum", "sgd(lr: 0.1, momentum: 0.9)", "global_norm(1)",
     lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
    ("nesterov with weight decay",
     "sgd(lr: 0.1, momentum: 0.8, weight_decay: 0.01, nesterov: true)", "value(0.1)",
     lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, weight_decay=0.01, nesterov=True)),
    ("adam", "adam(lr: 0.01)", None,
     lambda p: torch.optim.Adam(p, lr=0.01)),
    ("adam with weight decay", "adam(lr: 0.02, beta1: 0.8, beta2: 0.99, weight_decay: 0.1)",
     "global_norm(1)",
     lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.8, 0.99), weight_decay=0.1)),
    ("adamw", "adamw(lr: 0.01)", "global_norm(0.1)",
     lambda p: torch.optim.AdamW(p, lr=0.01)),
    ("rmsprop", "rmsprop(lr: 0.005)", None,
     lambda p: torch.optim.RMSprop(p, lr=0.005)),
    ("rmsprop with momentum",
     "rmsprop(lr: 0.002, alpha: 0.9, eps: 1e-6, weight_decay: 0.01, momentum: 0.5)", "value(0.05)",
     lambda p: torch.optim.RMSprop(
         p, lr=0.002, alpha=0.9, eps=1e-6, weight_decay=0.01, momentum=0.5)),
    ("defaults", "adamw", None, lambda p: torch.optim.AdamW(p)),
]


def first_weights():
    result = {}
    for k, (name, shape) in enumerate(SHAPES.items()):
        values = [0.3 * math.sin(1.7 * i + k) for i in range(math.prod(shape))]
        result[name] = torch.tensor(values, dtype=torch.float32).reshape(shape)
    return result


def batch(update):
    tokens = [[(7 * update + 3 * t + 5 * b + (update * t + b) % 3) % VOCAB
               for b in range(BATCH)] for t in range(STEPS)]
    labels = [[(2 * x + 1 + t % 2) % VOCAB for x in row] for t, row in enumerate(tokens)]
    return torch.tensor(tokens), torch.tensor(labels)


def run(clip, make):
    w = {name: x.clone().requires_grad_() for name, x in first_weights().items()}
    parameters = list(w.values())
    optimizer = make(parameters)
    h = torch.zeros(BATCH, HIDDEN)
    for update in range(UPDATES):
        tokens, labels = batch(update)
        h = h.detach()
        logits = []
        for t in range(STEPS):
            h = torch.tanh(w["W_xh"][tokens[t]] + h @ w["W_hh"] + w["b_h"])
            logits.append(h @ w["W_hq"] + w["b_q"])
        loss = torch.nn.functional.cross_entropy(
            torch.stack(logits).reshape(-1, VOCAB), labels.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        if clip is not None:
            kind, limit = clip[:-1].split("(")
            if kind == "global_norm":
                torch.nn.utils.clip_grad_norm_(parameters, float(limit))
            else:
                torch.nn.utils.clip_grad_value_(parameters, float(limit))
        optimizer.step()
    return loss.item(), {name: [round(v, 9) for v in x.detach().flatten().tolist()]
                         for name, x in w.items()}


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    cases = []
    for name, optimizer, clip, make in CASES:
        loss, weights = run(clip, make)
        cases.append({"name": name, "optimizer": optimizer, "clip": clip, "loss": loss,
                      "weights": weights})
    text = json.dumps({"origin": f"optimizers.py with PyTorch {torch.__version__}",
                       "cases": cases}, indent=1)
    # A tensor a line.
    print(re.sub(r"\[[^\[\]{}]*\]", lambda m: re.sub(r"\s+", " ", m.group()), text))


main()
