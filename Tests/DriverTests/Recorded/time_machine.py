#!/usr/bin/env python3
"""Records how PyTorch trains the recurrent network of Dive into Deep Learning on The Time Machine.

    python3 -m venv venv && venv/bin/pip install torch
    venv/bin/python time_machine.py timemachine.txt > time_machine.json

The protocol is the book's: the first 10,000 characters of the text, 500 epochs of windows of 32 rows
and 35 steps in order from a random offset, the state carried from window to window, one tanh layer of
256 units with weights of the standard deviation 0.01, plain gradient descent at the constant rate 1,
gradients clipped to the norm 1. What is recorded is the perplexity of the last epoch for each seed.
"""

import json
import math
import random
import re
import sys

import torch

SEEDS = range(5)
HIDDEN, BATCH, STEPS, EPOCHS, TOKENS = 256, 32, 35, 500, 10_000


def corpus(path):
    """The indices of the characters, by falling frequency, 0 being the unknown one."""
    with open(path, encoding="utf-8") as file:
        lines = [re.sub("[^A-Za-z]+", " ", line).strip().lower() for line in file]
    text = "".join(lines)
    counts = {}
    for character in text:
        counts[character] = counts.get(character, 0) + 1
    order = sorted(counts, key=lambda character: -counts[character])
    numbers = {character: i + 1 for i, character in enumerate(order)}
    return torch.tensor([numbers[c] for c in text[:TOKENS]]), len(order) + 1


def windows(tokens, offset):
    count = (len(tokens) - 1 - offset) // BATCH * BATCH
    x = tokens[offset:offset + count].reshape(BATCH, -1)
    y = tokens[offset + 1:offset + 1 + count].reshape(BATCH, -1)
    for i in range(0, x.shape[1] // STEPS * STEPS, STEPS):
        yield x[:, i:i + STEPS].T, y[:, i:i + STEPS].T


def perplexity(tokens, vocabulary, seed):
    torch.manual_seed(seed)
    draw = random.Random(seed)
    shapes = [(vocabulary, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, vocabulary)]
    w_xh, w_hh, w_hq = [(torch.randn(s) * 0.01).requires_grad_() for s in shapes]
    b_h, b_q = [torch.zeros(n, requires_grad=True) for n in (HIDDEN, vocabulary)]
    parameters = [w_xh, w_hh, b_h, w_hq, b_q]
    for _ in range(EPOCHS):
        state = torch.zeros(BATCH, HIDDEN)
        losses = []
        for x, y in windows(tokens, draw.randrange(STEPS)):
            state = state.detach()
            outputs = []
            for t in range(STEPS):
                # A row of the weight is the product with a one-hot row.
                state = torch.tanh(w_xh[x[t]] + state @ w_hh + b_h)
                outputs.append(state @ w_hq + b_q)
            logits = torch.cat(outputs)
            loss = torch.nn.functional.cross_entropy(logits, y.reshape(-1))
            gradients = torch.autograd.grad(loss, parameters)
            norm = math.sqrt(sum(float((g * g).sum()) for g in gradients))
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients):
                    parameter -= gradient * (1 / norm if norm > 1 else 1)
            losses.append(float(loss))
    return math.exp(sum(losses) / len(losses))


tokens, vocabulary = corpus(sys.argv[1])
found = [float(f"{perplexity(tokens, vocabulary, seed):.5g}") for seed in SEEDS]
print(json.dumps({"perplexity": found, "median": sorted(found)[len(found) // 2]}))
