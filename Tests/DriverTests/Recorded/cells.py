#!/usr/bin/env python3
"""Records what PyTorch's recurrent layers, and three cells written with its operations, compute.

    python3 -m venv venv && venv/bin/pip install torch numpy
    venv/bin/python cells.py > cells.json

Weights, inputs and first states are those of `RecordedCellTests.swift`, which compares compiled
graphs with the file: results, final states, and the gradients of sum(y * g) plus the sum of the
final states of the last layer.
"""

import itertools
import json
import math

import torch

STEPS = 4

CHOICES = {
    "cell": ["rnn", "rnn_relu", "gru", "lstm"],
    "layers": [1, 2, 3],
    "directions": [1, 2],
    "bias": [True, False],
    "batch": [1, 2, 3],
    "lengths": [False, True],
    "hidden": [5, 16, 17],
    "square": [False, True],
}


def covering_rows():
    """Rows in which each pair of two choices occurs, found greedily."""
    names = list(CHOICES)
    rows = [dict(zip(names, values)) for values in itertools.product(*CHOICES.values())]
    pairs = lambda row: {(a, row[a], b, row[b]) for a, b in itertools.combinations(names, 2)}
    missing = set().union(*map(pairs, rows))
    result = []
    while missing:
        best = max(rows, key=lambda row: len(pairs(row) & missing))
        result.append(best)
        missing -= pairs(best)
    return result


def numbers(seed, shape, scale=0.3):
    """Element i is scale * sin(1.7 * i + seed)."""
    count = math.prod(shape)
    values = [scale * math.sin(1.7 * i + seed) for i in range(count)]
    return torch.tensor(values, dtype=torch.float32).reshape(shape)


def digits(tensor):
    return [float(f"{x:.9g}") for x in tensor.detach().reshape(-1).tolist()]


def gradient(tensor):
    """All of a short gradient; of a long one two sums with waves, and the largest element."""
    values = tensor.detach().double().reshape(-1).tolist()
    if len(values) <= 100:
        return {"elements": digits(tensor)}
    waves = [sum(x * math.sin(r * i + 1) for i, x in enumerate(values)) for r in (0.7, 1.3)]
    return {"waves": waves, "largest": max(map(abs, values))}


def record(row):
    hidden, batch, layers = row["hidden"], row["batch"], row["layers"]
    inputs = hidden if row["square"] else 7
    kinds = {"rnn": torch.nn.RNN, "rnn_relu": torch.nn.RNN, "gru": torch.nn.GRU,
             "lstm": torch.nn.LSTM}
    extra = {"nonlinearity": "relu"} if row["cell"] == "rnn_relu" else {}
    module = kinds[row["cell"]](
        inputs, hidden, num_layers=layers, bidirectional=row["directions"] == 2,
        bias=row["bias"], **extra)
    with torch.no_grad():
        for k, (_, p) in enumerate(sorted(module.named_parameters())):
            p.copy_(numbers(k, p.shape))
    x = numbers(0.5, (STEPS, batch, inputs), 1)
    count = layers * row["directions"]
    h = numbers(0.25, (count, batch, hidden), 0.5)
    c = numbers(0.75, (count, batch, hidden), 0.5)
    first = (h, c) if row["cell"] == "lstm" else h
    lengths = [STEPS - b for b in range(batch)]
    if row["lengths"]:
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        y, last = module(packed, first)
        y, _ = torch.nn.utils.rnn.pad_packed_sequence(y, total_length=STEPS)
    else:
        y, last = module(x, first)
    last = list(last) if row["cell"] == "lstm" else [last]
    g = numbers(1.25, y.shape, 1)
    loss = (y * g).sum() + last[0][-row["directions"]:].sum()
    loss.backward()
    return {
        **row, "inputs": inputs, "lengths": lengths if row["lengths"] else None,
        "y": digits(y), "last": [digits(s) for s in last],
        "gradients": {n: gradient(p.grad) for n, p in module.named_parameters()},
    }



def normalised(z, s, b):
    d = z - z.mean(1, keepdim=True)
    return s * d / torch.sqrt((d * d).mean(1, keepdim=True) + 0.00001) + b


def reset_before(p, x, s):
    h = s["h"]
    r = torch.sigmoid(x @ p["W_xr"] + h @ p["W_hr"] + p["b_r"])
    z = torch.sigmoid(x @ p["W_xz"] + h @ p["W_hz"] + p["b_z"])
    n = torch.tanh(x @ p["W_xn"] + (r * h) @ p["W_hn"] + p["b_n"])
    return {"h": (1 - z) * n + z * h}


def peephole(p, x, s):
    h, c = s["h"], s["c"]
    z = {k: x @ p[f"W_x{k}"] + h @ p[f"W_h{k}"] + p[f"b_{k}"] for k in "ifgo"}
    i = torch.sigmoid(z["i"] + p["p_i"] * c)
    f = torch.sigmoid(z["f"] + p["p_f"] * c)
    c = f * c + i * torch.tanh(z["g"])
    o = torch.sigmoid(z["o"] + p["p_o"] * c)
    return {"h": o * torch.tanh(c), "c": c}


def layer_norm(p, x, s):
    h, c = s["h"], s["c"]
    z = {k: normalised(x @ p[f"W_x{k}"] + h @ p[f"W_h{k}"], p[f"s_{k}"], p[f"b_{k}"])
         for k in "ifgo"}
    c = torch.sigmoid(z["f"]) * c + torch.sigmoid(z["i"]) * torch.tanh(z["g"])
    return {"h": torch.sigmoid(z["o"]) * torch.tanh(normalised(c, p["s_c"], p["b_c"])), "c": c}


CELLS = {
    "gru_reset_before": (reset_before, "rzn", ["b_r", "b_z", "b_n"], ["h"]),
    "peephole_lstm": (peephole, "ifgo", ["p_i", "p_f", "p_o", "b_i", "b_f", "b_g", "b_o"],
                      ["h", "c"]),
    "layer_norm_lstm": (layer_norm, "ifgo", [f"{k}_{g}" for k in "sb" for g in "ifgoc"],
                        ["h", "c"]),
}


def record_written(name, hidden, inputs, batch):
    step, gates, vectors, states = CELLS[name]
    shapes = {f"W_x{g}": (inputs, hidden) for g in gates}
    shapes |= {f"W_h{g}": (hidden, hidden) for g in gates}
    shapes |= {v: (hidden,) for v in vectors}
    p = {n: numbers(k, shapes[n]).requires_grad_() for k, n in enumerate(sorted(shapes))}
    x = numbers(0.5, (STEPS, batch, inputs), 1)
    s = {n: numbers(0.25 + 0.5 * k, (batch, hidden), 0.5) for k, n in enumerate(states)}
    ys = []
    for t in range(STEPS):
        s = step(p, x[t], s)
        ys.append(s["h"])
    y = torch.stack(ys)
    loss = (y * numbers(1.25, y.shape, 1)).sum() + s["h"].sum()
    loss.backward()
    return {
        "cell": name, "layers": 1, "directions": 1, "bias": True, "batch": batch,
        "lengths": None, "hidden": hidden, "square": False, "inputs": inputs,
        "y": digits(y), "last": [digits(s[n]) for n in states],
        "gradients": {n: gradient(p[n].grad) for n in p},
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    cases = [record(row) for row in covering_rows()]
    cases += [record_written("gru_reset_before", 16, 7, 3), record_written("peephole_lstm", 5, 7, 2),
              record_written("layer_norm_lstm", 17, 7, 3)]
    origin = f"PyTorch {torch.__version__} on a CPU, single precision; written by cells.py"
    print('{"origin": ' + json.dumps(origin) + ', "cases": [')
    print(",\n".join(json.dumps(case) for case in cases))
    print("]}")
