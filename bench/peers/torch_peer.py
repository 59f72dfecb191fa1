"""PyTorch: eager, compiled, and its two matrix products. Usage: torch_peer.py IMPL

Install: `npm run bench:peers`, or `pip install torch==2.13.0 numpy`.
"""

import inspect
import sys

import torch
import torch.nn.functional as F

from serve import Session, pick, serve


class SparseLinear(torch.nn.Module):
    """x·Wᵀ + b with W as compressed sparse rows, of which the values that are not 0 are the parameters."""

    def __init__(self, weight, bias):
        super().__init__()
        w = weight.to_sparse_csr()
        self.rows, self.columns, self.shape = w.crow_indices(), w.col_indices(), w.shape
        self.values = torch.nn.Parameter(w.values())
        self.bias = torch.nn.Parameter(bias)

    def forward(self, x):
        w = torch.sparse_csr_tensor(self.rows, self.columns, self.values, self.shape, check_invariants=False)
        return torch.sparse.mm(w, x.t()).t() + self.bias


def dense_linear(weight, bias):
    linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        linear.weight.copy_(weight)
        linear.bias.copy_(bias)
    return linear


def build_model(file):
    """Linear, ReLU, …, Linear with the file's weights; without those that do not exist."""
    make = SparseLinear if file.header.get("zeros", 0) > 0 else dense_linear
    modules = []
    for weight, bias in file.layers:
        modules += [make(torch.from_numpy(weight), torch.from_numpy(bias)), torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])


def build_optimizer(name, settings, parameters):
    # Fused: one pass over each parameter, the fastest of PyTorch's variants on a CPU.
    if name == "adam":
        lr, betas, eps = settings["lr"], settings["betas"], settings["eps"]
        return torch.optim.Adam(parameters, lr=lr, betas=betas, eps=eps, fused=True)
    return torch.optim.SGD(parameters, lr=settings["lr"], momentum=settings.get("momentum", 0), fused=True)


class Train(Session):
    def __init__(self, file, optimizer, compiled):
        self.model = build_model(file)
        self.optimizer = build_optimizer(
            optimizer, file.header["optimizers"][optimizer], self.model.parameters()
        )
        self.batches = list(zip(torch.from_numpy(file["x"]), torch.from_numpy(file["y"]).long()))
        self.cost = lambda x, y: F.cross_entropy(self.model(x), y)
        if compiled:
            self.cost = torch.compile(self.cost)
        self.at = 0
        self.last = None

    def step(self, at):
        x, y = self.batches[at]
        loss = self.cost(x, y)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.last = loss.detach()
        return self.last

    def run(self, steps):
        for _ in range(steps):
            self.step(self.at)
            self.at = (self.at + 1) % len(self.batches)

    def verify(self, batches):
        return [self.step(at).item() for at in batches]

    def loss(self):
        return self.last.item()


class Infer(Session):
    def __init__(self, file, compiled):
        self.model = build_model(file).eval()
        if compiled:
            self.model = torch.compile(self.model)
        self.xs = list(torch.from_numpy(file["x"]))
        self.at = 0

    @torch.inference_mode()
    def run(self, steps):
        for _ in range(steps):
            self.model(self.xs[self.at])
            self.at = (self.at + 1) % len(self.xs)

    @torch.inference_mode()
    def verify(self, batches):
        return pick(self.model(self.xs[0]))


class Jacobian(Session):
    """∂y/∂x of one sample per step."""

    def __init__(self, file, compiled):
        self.of = torch.func.jacrev(build_model(file).requires_grad_(False))
        if compiled:
            self.of = torch.compile(self.of)
        self.xs = [x[0] for x in torch.from_numpy(file["x"])]
        self.at = 0

    def run(self, steps):
        for _ in range(steps):
            self.of(self.xs[self.at])
            self.at = (self.at + 1) % len(self.xs)

    def verify(self, batches):
        return pick(self.of(self.xs[0]).detach())


class Descent(Session):
    """An optimizer alone, with given gradients."""

    def __init__(self, file, variant):
        descent = file.header["descent"]
        name = descent["optimizer"]
        make = getattr(torch.optim, name, None)
        if make is None:
            raise ValueError(f"PyTorch has no {name}")
        self.parameters = [torch.from_numpy(file[f"w{i}"]) for i in range(len(descent["shapes"]))]
        for i, parameter in enumerate(self.parameters):
            parameter.requires_grad_()
            parameter.grad = torch.from_numpy(file[f"g{i}"])
        has_variant = variant in inspect.signature(make).parameters
        if not has_variant and variant == "fused":
            raise ValueError(f"{name} has no variant fused")
        self.optimizer = make(self.parameters, **descent["settings"], **({variant: True} if has_variant else {}))

    def run(self, steps):
        for _ in range(steps):
            self.optimizer.step()

    def verify(self, batches):
        self.run(len(batches))
        return pick(torch.cat([parameter.detach().reshape(-1) for parameter in self.parameters]))


class Product(Session):
    def __init__(self, file, multiply):
        a, b = (torch.from_numpy(operand) for operand in file.operands)
        self.multiply = lambda: multiply(a, b)

    @torch.inference_mode()
    def run(self, steps):
        for _ in range(steps):
            self.multiply()

    @torch.inference_mode()
    def verify(self, batches):
        return pick(self.multiply())


def onednn(a, b):
    # x·wᵀ + no bias, no activation: what torch.compile makes of a Linear layer.
    return torch.ops.mkldnn._linear_pointwise(a, b.t(), None, "none", [], "")


PRODUCTS = {"torch-mkl": torch.mm, "torch-onednn": onednn}
MODES = {
    "torch-eager": ["train", "infer", "eager", "jacobian", "sparse"],
    "torch-compile": ["train", "infer", "jacobian"],
    "torch-foreach": ["optimizer"],
    "torch-fused": ["optimizer"],
}


def main(name):
    def prepare(request, file):
        torch.set_num_threads(request["threads"])
        if request["mode"] == "matmul":
            return Product(file, PRODUCTS[name])
        if request["mode"] == "optimizer":
            return Descent(file, name.removeprefix("torch-"))
        compiled = name == "torch-compile"
        predicts = request["mode"] == "sparse" and request["optimizer"] is None
        if request["mode"] == "infer" or predicts:
            return Infer(file, compiled)
        if request["mode"] == "jacobian":
            return Jacobian(file, compiled)
        return Train(file, request["optimizer"], compiled)

    if name == "torch-mkl" and not torch.backends.mkl.is_available():
        sys.exit("this build of PyTorch has no MKL")
    serve(name, torch.__version__, MODES.get(name, ["matmul"]), prepare)


main(sys.argv[1])
