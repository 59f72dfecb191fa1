"""Exports small networks by both exporters of torch.onnx: test/oracle/onnx/torch.br, for test/onnx/torch.test.ts.

    PYTHON=… npx tsx test/oracle/onnx.ts torch

Writes to stdout lines of JSON, one an exported model: its bytes, inputs and outputs for two batch sizes, and five steps
of gradient descent of PyTorch's on the mean square of its first output: the losses, and the gradients of the first step
by the names of the file. Bytes are in base64.
"""

import base64
import copy
import io
import json
import sys
import warnings

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional as F

warnings.filterwarnings("ignore")
# torch.onnx prints how far it is.
lines, sys.stdout = sys.stdout, sys.stderr
LR = 0.01


class Activations(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(6, 8)
        self.prelu = nn.PReLU(8)
        self.outer = nn.Linear(8, 3)

    def forward(self, x):
        h = self.prelu(self.inner(x))
        h = F.elu(h) + F.silu(h) * torch.sigmoid(h) - F.softplus(h) + F.leaky_relu(h, 0.2)
        h = h + F.mish(h) + F.hardswish(h) + F.selu(h) + F.celu(h, 1.5) + F.hardsigmoid(h) + F.softsign(h)
        h = torch.tanh(h) + F.gelu(h, approximate="tanh") + torch.erf(h) + F.relu6(h) + F.hardtanh(h, -0.5, 0.5)
        return F.log_softmax(self.outer(h), dim=-1)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.begin = nn.Linear(5, 8)
        self.norms = nn.ModuleList([nn.LayerNorm(8) for _ in range(2)])
        self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(2)])
        self.end = nn.Linear(8, 2, bias=False)
        self.scale = nn.Parameter(torch.tensor([0.5]))

    def forward(self, x):
        z = self.begin(x)
        for norm, layer in zip(self.norms, self.layers):
            z = z + self.scale * F.gelu(layer(norm(z)))
        return self.end(z)


class Words(nn.Module):
    """Embeddings, averaged over the words that are no padding."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(11, 6, padding_idx=0)
        self.out = nn.Linear(6, 3)

    def forward(self, words):
        mask = (words != 0).unsqueeze(-1).float()
        mean = (self.table(words) * mask).sum(1) / mask.sum(1).clamp(min=1)
        return self.out(torch.relu(mean)).softmax(-1)


class Attention(nn.Module):
    """Causal self-attention by hand, with a mask that is a buffer, and positions."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)
        self.out = nn.Linear(8, 8)
        self.positions = nn.Parameter(torch.randn(6, 8) * 0.1)
        self.register_buffer("mask", torch.triu(torch.full((6, 6), float("-inf")), diagonal=1))

    def forward(self, x):
        x = x + self.positions[: x.shape[1]]
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q, k, v = (t.view(t.shape[0], t.shape[1], 2, 4).transpose(1, 2) for t in (q, k, v))
        scores = q @ k.transpose(-2, -1) / 2.0 + self.mask[: x.shape[1], : x.shape[1]]
        y = (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)
        return x + self.out(y)


class Multihead(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.out = nn.Linear(8, 1)

    def forward(self, x):
        return self.out(x + self.attention(x, x, x)[0]).view(x.shape[0], -1)


class Scaled(nn.Module):
    """scaled_dot_product_attention, causal."""

    def __init__(self):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(8, 8) for _ in range(3))

    def forward(self, x):
        heads = [layer(x).unflatten(-1, (2, 4)).transpose(1, 2) for layer in (self.query, self.key, self.value)]
        return F.scaled_dot_product_attention(*heads, is_causal=True).transpose(1, 2).flatten(2)


class Einsum(nn.Module):
    def __init__(self):
        super().__init__()
        self.core = nn.Parameter(torch.randn(4, 3, 5) * 0.3)

    def forward(self, x, y):
        return torch.einsum("bi,ijk,bj->bk", x, self.core, y)


class Channels(nn.Module):
    """Norms of channels of [B, C, L]."""

    def __init__(self):
        super().__init__()
        self.group = nn.GroupNorm(2, 6)
        self.instance = nn.InstanceNorm1d(6, affine=True)
        self.mix = nn.Linear(5, 4)

    def forward(self, x):
        return self.mix(self.instance(torch.relu(self.group(x)))).flatten(1)


class WideAndDeep(nn.Module):
    def __init__(self):
        super().__init__()
        self.day = nn.Embedding(7, 3)
        self.deep = nn.Sequential(nn.Linear(7, 6), nn.ReLU(), nn.Dropout(0.2), nn.Linear(6, 4))
        self.wide = nn.Linear(4, 4)

    def forward(self, features, day):
        deep = self.deep(torch.cat([features, self.day(day).squeeze(1)], dim=1))
        logits = deep + self.wide(features)
        return logits, logits.argmax(dim=1), logits.topk(2, dim=1).values


class Mixer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(6), nn.LayerNorm(6)
        self.tokens = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 4))
        self.channels = nn.Sequential(nn.Linear(6, 8), nn.GELU(), nn.Linear(8, 6))

    def forward(self, x):
        x = x + self.tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return (x + self.channels(self.norm2(x))).mean(dim=1)


class Pieces(nn.Module):
    """Slices, gathers, joins and masks."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 8)
        self.register_buffer("order", torch.tensor([3, 1, 0, 2, 7, 5]))

    def forward(self, x):
        h = self.layer(x)
        picked = h[:, self.order]
        even, tail = h[:, ::2], h[:, -3:]
        padded = F.pad(tail, (1, 2), value=0.5)
        stacked = torch.stack([even, h[:, 1::2]], dim=1)
        masked = torch.where(h > 0, h, h * h).clamp(-1, 1)
        sums = torch.cumsum(stacked.amax(1), dim=-1)
        low = torch.tril(h.unsqueeze(1) * h.unsqueeze(2)).sum((1, 2))
        rows = torch.arange(x.shape[0]).unsqueeze(1).float()
        joined = torch.cat([picked, padded, stacked.reshape(x.shape[0], -1), masked, sums, low.unsqueeze(1)], 1)
        return joined + rows * 0.1 + h.norm(dim=1, keepdim=True) + h.logsumexp(1, keepdim=True) + h.var(1, keepdim=True)


class Gated(nn.Module):
    """RMS norm and SwiGLU, as in language models."""

    def __init__(self):
        super().__init__()
        self.norm = nn.RMSNorm(6, eps=1e-6)
        self.gate, self.up, self.down = nn.Linear(6, 10, False), nn.Linear(6, 10, False), nn.Linear(10, 6, False)

    def forward(self, x):
        z = self.norm(x)
        return x + self.down(F.silu(self.gate(z)) * self.up(z))


class Recurrent(nn.Module):
    """A GRU cell, unrolled over four steps."""

    def __init__(self):
        super().__init__()
        self.input, self.hidden, self.out = nn.Linear(3, 15), nn.Linear(5, 15), nn.Linear(5, 2)

    def forward(self, x):
        h = x.new_zeros(x.shape[0], 5)
        for t in range(4):
            ri, zi, ni = self.input(x[:, t]).chunk(3, 1)
            rh, zh, nh = self.hidden(h).chunk(3, 1)
            r, z = torch.sigmoid(ri + rh), torch.sigmoid(zi + zh)
            h = (1 - z) * torch.tanh(ni + r * nh) + z * h
        return self.out(h)


class Shared(nn.Module):
    """One matrix in two places, and a weight norm."""

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(7, 4) * 0.3)
        self.normed = nn.utils.parametrizations.weight_norm(nn.Linear(4, 4))

    def forward(self, x):
        h = torch.tanh(self.normed(x @ self.table))
        return h + torch.sin(x) @ self.table


def encoder():
    return nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, batch_first=True, norm_first=True, activation="gelu")


def batchnorm():
    return nn.Sequential(
        nn.Linear(4, 6), nn.BatchNorm1d(6, momentum=0.2), nn.ReLU(), nn.Linear(6, 6), nn.BatchNorm1d(6), nn.Linear(6, 2)
    )


def randn(*shape):
    return lambda batch: torch.randn(batch, *shape)


def randint(high, *shape):
    return lambda batch: torch.randint(0, high, (batch, *shape))


NETS = {
    "MLP": (lambda: nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 6), nn.Tanh(), nn.Linear(6, 1)), [randn(5)]),
    "float64": (lambda: nn.Sequential(nn.Linear(5, 7), nn.Sigmoid(), nn.Linear(7, 3)).double(),
                [lambda batch: torch.randn(batch, 5, dtype=torch.float64)]),
    "activations": (Activations, [randn(6)]),
    "residual": (Residual, [randn(5)]),
    "batch norm": (batchnorm, [randn(4)]),
    "untrained batch norm": (batchnorm, [randn(4)]),
    "words": (Words, [randint(11, 5)]),
    "attention": (Attention, [randn(6, 8)]),
    "multi-head attention": (Multihead, [randn(5, 8)]),
    "scaled attention": (Scaled, [randn(5, 8)]),
    "encoder": (encoder, [randn(5, 8)]),
    "einsum": (Einsum, [randn(4), randn(3)]),
    "channels": (Channels, [randn(6, 5)]),
    "wide and deep": (WideAndDeep, [randn(4), randint(7, 1)]),
    "mixer": (Mixer, [randn(4, 6)]),
    "pieces": (Pieces, [randn(6)]),
    "gated": (Gated, [randn(4, 6)]),
    "recurrent": (Recurrent, [randn(4, 3)]),
    "shared": (Shared, [randn(7)]),
}


EXPORTERS = [
    ("TorchScript", False, 17, False),
    ("dynamo", True, 20, False),
    # With Attention and RMSNormalization.
    ("dynamo, opset 23", True, 23, False),
    # The other one leaves BatchNorm and Dropout out in training mode too.
    ("TorchScript, training", False, 17, True),
]


def text(tensor):
    return base64.b64encode(numpy_helper.from_array(tensor.detach().numpy()).SerializeToString()).decode()


def train(model, inputs):
    """Losses and first gradients of gradient descent; BatchNorm in training mode, Dropout not."""
    model = copy.deepcopy(model).train()
    for part in model.modules():
        if isinstance(part, nn.Dropout):
            part.eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    losses, first = [], {}
    for step in range(5):
        optimizer.zero_grad()
        output = model(*inputs)
        loss = (output[0] if isinstance(output, tuple) else output).square().mean()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            first = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
        optimizer.step()
    buffers = {name: b for name, b in model.named_buffers() if b.dtype.is_floating_point}
    return losses, first, buffers


def named(proto, model, gradients):
    """The gradients by the names of the file, which may have a matrix transposed, under a name of its own."""
    found = {}
    for initializer in proto.graph.initializer:
        values = numpy_helper.to_array(initializer)
        if values.dtype.kind != "f" or values.size < 2:
            continue
        for name, parameter in model.named_parameters():
            own = parameter.detach().numpy()
            # The product of a parametrization has other gradients than its factors.
            if name not in gradients or "parametrizations" in name or np.all(own == own.flat[0]):
                continue
            if own.shape == values.shape and np.array_equal(own, values):
                found[initializer.name] = text(gradients[name])
            elif own.ndim == 2 and own.T.shape == values.shape and np.array_equal(own.T, values):
                found[initializer.name] = text(gradients[name].t().contiguous())
    return found


def export(model, inputs, dynamo, opset, training):
    model.train(training)
    names = [f"x{i}" for i in range(len(inputs))]
    if not dynamo:
        buffer = io.BytesIO()
        axes = {name: {0: "batch"} for name in names}
        torch.onnx.export(
            model, inputs, buffer, dynamo=False, input_names=names, dynamic_axes=axes, opset_version=opset,
            training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=not training,
        )
        return buffer.getvalue()
    batch = torch.export.Dim("batch", min=2, max=1000)
    program = torch.onnx.export(
        model, inputs, dynamo=True, input_names=names, dynamic_shapes=tuple({0: batch} for _ in inputs),
        opset_version=opset, verbose=False,
    )
    proto = program.model_proto
    for node in proto.graph.node:
        # Where in Python it was called: half of the file.
        del node.metadata_props[:]
        node.ClearField("doc_string")
    del proto.graph.value_info[:]
    return proto.SerializeToString()


def main():
    for name, (make, draws) in NETS.items():
        torch.manual_seed(0)
        model = make()
        if not name.startswith("untrained"):
            # As after some training: no vector has one number only.
            with torch.no_grad():
                for parameter in model.parameters():
                    if parameter.numel() > 1 and torch.all(parameter == parameter.flatten()[0]):
                        parameter.add_(torch.randn_like(parameter) * 0.1)
        if name == "batch norm":
            for _ in range(3):
                model(draws[0](8) * 2 + 1)
        model.eval()
        draws_of = {batch: tuple(draw(batch) for draw in draws) for batch in (2, 3, 7)}
        for exporter, dynamo, opset, training in EXPORTERS:
            if training and "batch norm" not in name:
                continue
            # TorchScript cannot write these.
            if not dynamo and name in ("encoder", "gated"):
                continue
            # The other one takes the size of its batch for fixed.
            if dynamo and name == "einsum":
                continue
            # In training mode the export itself moves running statistics.
            own = copy.deepcopy(model)
            data = export(own, draws_of[3], dynamo, opset, training)
            own.eval()
            sets = []
            for batch in (2, 7):
                output = own(*draws_of[batch])
                outputs = output if isinstance(output, tuple) else (output,)
                inputs = draws_of[batch]
                sets.append({"inputs": [text(x) for x in inputs], "outputs": [text(y) for y in outputs]})
            losses, gradients, buffers = train(own, draws_of[7])
            proto = onnx.load_from_string(data)
            # Without gradients, the exporter writes BatchNorm into the layer before.
            is_whole = any(isinstance(part, nn.BatchNorm1d) for part in model.modules()) == any(
                node.op_type == "BatchNormalization" for node in proto.graph.node
            )
            print(
                json.dumps(
                    {
                        "name": f"{name}, {exporter}",
                        "model": base64.b64encode(data).decode(),
                        "training": training,
                        "sets": sets,
                        "losses": losses if is_whole else [],
                        "gradients": named(proto, own, gradients) if is_whole else {},
                        "buffers": {key: text(value) for key, value in buffers.items()},
                    }
                ),
                file=lines,
            )


main()
