"""PyTorch's own samples of its operators, with what PyTorch gives for them: run by op-samples.ts, which sends the names.

Prints a line of JSON per sample: a row as in ops/<op>.json, with dtypes as PyTorch has them; or why it was left out.
"""

import json
import math
import sys
import types
import unittest
import warnings
from random import Random

import plain_torch  # noqa: F401
import torch

import formulas


def operators():
    """PyTorch's descriptions of its operators by name, with their samples."""
    try:
        import expecttest  # noqa: F401
    except ImportError:
        # PyTorch's tests inherit from its TestCase. The samples do not use it.
        stand_in = types.ModuleType("expecttest")
        stand_in.TestCase = unittest.TestCase
        sys.modules["expecttest"] = stand_in
    from torch.testing._internal.common_methods_invocations import op_db

    return {op.name + (f"/{op.variant_test_name}" if op.variant_test_name else ""): op for op in op_db}


class Left(Exception):
    """A sample that has no counterpart here, and why."""


def need(condition, why):
    if not condition:
        raise Left(why)


def given(**options):
    """Options at the end of a call, without those that are absent."""
    options = {name: value for name, value in options.items() if value is not None}
    return [options] if options else []


def sizes(shape):
    return list(shape[0]) if len(shape) == 1 and isinstance(shape[0], (list, tuple)) else list(shape)


class As:
    """An op of ours: PyTorch's operators with samples for it, and how a sample's arguments are said here.

    `args` takes a sample's arguments by PyTorch's names and gives ours; an argument that it lacks leaves the sample out.
    `call` computes the answer from our arguments, where PyTorch's function gives other results than ours.
    `references` says whether PyTorch's reference inputs, which have extreme values, are also run.
    """

    def __init__(self, *names, args=lambda *args: list(args), call=None, references=True):
        self.names, self.args, self.call, self.references = names, args, call, references


def reduction(x, dim=None, keepdim=None):
    return [x, *given(dim=dim, keepdim=keepdim)]


def one_dim(x, dim=-1, _stacklevel=3):
    return [x, *given(dim=dim)]


def along(x, dim):
    return [x, dim]


def reverse(a, b):
    return [b, a]


def pair(a, b):
    x, value = (b, a) if isinstance(b, torch.Tensor) else (a, b)
    need(isinstance(x, torch.Tensor), "numbers alone")
    need(isinstance(value, torch.Tensor) or fits(x, value), "a number that the dtype cannot hold")
    return [a, b]


def without_alpha(a, b, alpha=1):
    need(alpha == 1, "alpha")
    return pair(a, b)


def fits(x, value):
    """Whether a tensor of x's dtype holds the number: PyTorch converts any number, which is refused here."""
    if x.is_floating_point() or value in (None, 0, 1):
        return True
    return x.dtype != torch.bool and math.isfinite(value) and value == int(value)


def padding(x, pad, value=None):
    moved = [d for d in range(len(pad) // 2) if pad[2 * d] or pad[2 * d + 1]]
    need(len(moved) == 1, "several axes at once")
    (d,) = moved
    need(min(pad[2 * d : 2 * d + 2]) >= 0, "negative widths")
    need(fits(x, value), "a number that the dtype cannot hold")
    return [x, x.dim() - 1 - d, pad[2 * d], pad[2 * d + 1], 0 if value is None else value + 0]


def of_variance(x, dim=None, unbiased=None, correction=None, keepdim=None):
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None:
        correction = int(unbiased)
    return [x, *given(dim=list(dim) if isinstance(dim, tuple) else dim, correction=correction, keepdim=keepdim)]


def of_cross_entropy(x, target, weight=None, reduction="mean", ignore_index=-100, label_smoothing=0.0):
    need(weight is None, "weight")
    need(reduction == "none", f"reduction {reduction}")
    need(label_smoothing == 0, "label_smoothing")
    need(not target.is_floating_point(), "probabilities as target")
    need(x.dim() == 2, "axes other than samples and classes")
    need(not (target == ignore_index).any(), "ignore_index")
    return [x, target]


def of_searchsorted(s, v, out_int32=False, right=False, side=None, sorter=None):
    need(sorter is None, "sorter")
    return [s, v, *given(right=(side == "right") if side is not None else right)]


def of_slice(x, dim=0, start=None, end=None, step=1):
    return [x, dim, *given(start=start, end=end, step=step)]


def of_clamp(x, min=None, max=None):
    return [x, *given(min=min, max=max)]


def of_topk(x, k, dim=-1, largest=True, sorted=True):
    return [x, k, *given(dim=dim, largest=largest)]


def of_scatter(x, dim, index, src, reduce=None):
    need(reduce is None, "reduce")
    need(isinstance(src, torch.Tensor) or fits(x, src), "a number that the dtype cannot hold")
    return [x, dim, index, src]


def of_norm(x, ord=2, dim=None, keepdim=False):
    return [x, {"p": ord, **(given(dim=list(dim) if isinstance(dim, tuple) else dim, keepdim=keepdim) or [{}])[0]}]


def of_pinv(x, rcond=None, hermitian=False, atol=None, rtol=None):
    need(not tensors_in([rcond, atol, rtol]), "bounds as tensors")
    need(not hermitian, "hermitian")
    return [x, *given(rtol=rtol if rtol is not None else rcond, atol=atol)]


def of_solve(a, b, left=True):
    need(left, "left")
    need(b.dim() == a.dim() or b.dim() == 1 and a.dim() == 2, "stacks that broadcast")
    return [a, b]


def of_triangular(a, b, upper, left=True, unitriangular=False):
    need(left, "left")
    return [a, b, {"upper": upper, "unitriangular": unitriangular}]


def of_qr(x, mode="reduced", some=True):
    need(mode == "reduced" and some, "all columns of q")
    return [x]


def of_svd(x, full_matrices=None, some=True, compute_uv=True, driver=None):
    whole = (full_matrices is not False) if x.shape[-1] != x.shape[-2] and full_matrices is not None else not some
    need(not whole, "all columns of u")
    need(compute_uv, "compute_uv")
    return [x]


def of_eigh(x, UPLO="L"):
    return [x]


def of_lstsq(a, b, rcond=None, driver=None):
    need(a.dim() == b.dim() or b.dim() == 1, "a vector for each matrix")
    return [a, b]


def of_gather(x, dim, index, sparse_grad=False):
    need(not sparse_grad, "sparse_grad")
    return [x, dim, index]


def of_median(x, dim=None, keepdim=None):
    return [x, *given(dim=dim, keepdim=keepdim)]


def of_unique(x, sorted=True, return_inverse=False, return_counts=False, dim=None):
    return [x, *given(dim=dim)]


def of_masked_fill(x, mask, value):
    need(isinstance(value, torch.Tensor) or fits(x, value), "a number that the dtype cannot hold")
    return [x, mask, value]


def of_cat(tensors, dim=0):
    need(len({t.dim() for t in tensors}) == 1, "tensors of no elements and another rank")
    return [list(tensors), dim]


def of_hardshrink(x, lambd=0.5):
    need(lambd >= 0, "a negative bound")
    return [x, lambd]


def of_floats(f, otherwise):
    return lambda x: f(x) if x.is_floating_point() else otherwise(x)


def stable_sort(x, **order):
    return torch.sort(x, stable=True, **order)


def stable_topk(x, k, dim=-1, largest=True):
    """Of equal ones the first, which PyTorch leaves open."""
    return [part.narrow(dim, 0, k) for part in torch.sort(x, dim=dim, descending=largest, stable=True)] if x.dim() else torch.topk(x, k, dim, largest)


def of_sort(x, dim=-1, descending=False, stable=None):
    return [x, *given(dim=dim, descending=descending)]


def of_diff(x, n=1, dim=-1, prepend=None, append=None):
    return [x, *given(n=n, dim=dim, prepend=prepend, append=append)]


def of_quantile(x, q, dim=None, keepdim=None, interpolation=None):
    return [x, q, *given(dim=dim, keepdim=keepdim, interpolation=interpolation)]


def of_cdist(a, b, p=2.0, compute_mode=None):
    return [a, b, *given(p=p)]


def of_diagonal(x, offset=0, dim1=0, dim2=1):
    need(offset == 0, "offset")
    need(sorted(d % x.dim() for d in (dim1, dim2)) == [x.dim() - 2, x.dim() - 1], "other axes than the last two")
    return [x]


def of_diag_embed(x, offset=0, dim1=-2, dim2=-1):
    need((offset, dim1, dim2) == (0, -2, -1), "other axes than the last two")
    return [x]


def of_reduce_at(x, dim, index, src, reduce, include_self=True):
    return [x, dim, index, src, reduce, {"includeSelf": include_self}]


def of_one_hot(index, num_classes=-1):
    need(num_classes >= 0, "a number of classes that follows from the values")
    return [index, num_classes, "int32"]


def of_where(x, condition, other):
    need(any(isinstance(v, torch.Tensor) for v in (x, other)), "numbers alone")
    return [condition, x, other]


def of_close(a, b, rtol=None, atol=None, equal_nan=None):
    return [a, b, *given(rtol=rtol, atol=atol, equalNan=equal_nan)]


def of_indexAdd(x, dim, index, source, alpha=1):
    need(alpha == 1, "alpha")
    return [x, dim, index, source]


def of_round(x, decimals=0):
    need(decimals == 0, "decimals")
    return [x]


def to_dtype(dtype):
    def args(x, memory_format=None):
        return [x, dtype]

    return args


def of_lists(f):
    return lambda x, *dims: f(x, sizes(dims))


def last_two(x):
    need(x.dim() >= 2, "fewer than two axes")
    return [x, -1, -2]


def symmetric(f):
    return lambda x: f((x + x.mT) / 2)


NN = "nn.functional."
PLAIN = (
    "abs acos acosh asin asinh atan atanh ceil cos cosh erf erfc erfinv exp exp2 expm1 floor log log10 log1p "
    "log2 neg reciprocal rsqrt sigmoid sign sin sinh sqrt square tan tanh trunc atan2 hypot logaddexp xlogy lerp unbind "
    "permute movedim roll select repeat stack chunk dot outer"
).split()
LIKE_NN = "relu relu6 silu mish hardswish selu softsign tanhshrink threshold".split()

OPS = {
    **{name: As(name) for name in PLAIN},
    **{name: As(NN + name) for name in LIKE_NN},
    "prelu": As(NN + "prelu", args=lambda x, weight: [x, weight]),
    "tensordot": As("tensordot", args=lambda a, b, dims=2: [a, b, dims]),
    "logSigmoid": As(NN + "logsigmoid"),
    "hardsigmoid": As(NN + "hardsigmoid", call=formulas.hardsigmoid),
    "digamma": As("digamma", call=of_floats(formulas.digamma, torch.digamma)),
    "lgamma": As("lgamma", call=of_floats(formulas.lgamma, torch.lgamma)),
    "isFinite": As("isfinite"),
    "isInf": As("isinf"),
    "isNaN": As("isnan"),
    "logicalNot": As("logical_not"),
    "logicalAnd": As("logical_and"),
    "logicalOr": As("logical_or"),
    "logicalXor": As("logical_xor"),
    "round": As("round", "round/decimals_0", "round/decimals_3", args=of_round),
    "gelu": As(NN + "gelu", args=lambda x, approximate=None: [x, *given(approximate=approximate)]),
    "elu": As(NN + "elu", args=lambda x, alpha=1.0: [x, alpha]),
    "celu": As(NN + "celu", args=lambda x, alpha=1.0: [x, alpha], call=formulas.celu),
    "leakyRelu": As(NN + "leaky_relu", args=lambda x, negative_slope=0.01: [x, negative_slope]),
    "hardshrink": As(NN + "hardshrink", args=of_hardshrink),
    "softshrink": As(NN + "softshrink", args=lambda x, lambd=0.5: [x, lambd]),
    "hardtanh": As(NN + "hardtanh", args=lambda x, min_val=-1.0, max_val=1.0: [x, min_val, max_val]),
    "softplus": As(NN + "softplus", args=lambda x, beta=1, threshold=20: [x, {"beta": beta, "threshold": threshold}]),
    "glu": As(NN + "glu", args=lambda x, dim=-1: [x, dim]),
    "softmax": As("softmax", args=one_dim),
    "softmin": As(NN + "softmin", args=one_dim),
    "logSoftmax": As("log_softmax", args=one_dim),
    "add": As("add", "__radd__", args=without_alpha),
    "sub": As("sub", args=without_alpha),
    "mul": As("mul", "__rmul__", args=pair),
    "div": As("div/no_rounding_mode", "true_divide", args=lambda a, b, rounding_mode=None: pair(a, b)),
    "pow": As("pow"),
    "remainder": As("remainder"),
    "maximum": As("maximum", "max/binary"),
    "minimum": As("minimum", "min/binary"),
    "equal": As("eq", args=pair),
    "notEqual": As("ne", args=pair),
    "less": As("lt", args=pair),
    "lessEqual": As("le", args=pair),
    "greater": As("gt", args=pair),
    "greaterEqual": As("ge", args=pair),
    "gammainc": As("igamma", references=False),
    "gammaincc": As("igammac", references=False),
    "addcmul": As("addcmul", args=lambda x, a, b, value=1: [x, a, b, {"value": value}]),
    "addcdiv": As("addcdiv", args=lambda x, a, b, value=1: [x, a, b, {"value": value}]),
    "isClose": As("isclose", args=of_close),
    "allclose": As("allclose", args=of_close),
    "clamp": As("clamp", args=of_clamp),
    "where": As("where", args=of_where),
    "maskedFill": As("masked_fill", args=of_masked_fill),
    "nanToNum": As("nan_to_num", args=lambda x, nan=None, posinf=None, neginf=None: [x, *given(nan=nan, posinf=posinf, neginf=neginf)]),
    "polygamma": As(
        *[f"polygamma/polygamma_n_{n}" for n in range(5)],
        args=lambda x, n: [n, x],
        call=formulas.polygamma,
        references=False,
    ),
    "expand": As("expand", "broadcast_to", args=lambda x, *shape: [x, sizes(shape)]),
    "reshape": As("reshape", "view", args=lambda x, *shape: [x, sizes(shape)]),
    "flatten": As("flatten", "ravel", args=lambda x, start_dim=0, end_dim=-1: [x, start_dim, end_dim]),
    "transpose": As("transpose"),
    "squeeze": As("squeeze", "squeeze/multiple", args=lambda x, dim=None: [x, *given(dim=list(dim) if isinstance(dim, tuple) else dim)]),
    "unsqueeze": As("unsqueeze"),
    "split": As("split", "split/list_args", "split_with_sizes"),
    "slice": As("slice", args=of_slice),
    "flip": As("flip", args=lambda x, dims: [x, dims]),
    "concat": As("cat", args=of_cat),
    "pad": As(NN + "pad/constant", "constant_pad_nd", args=lambda x, pad, *how, value=None: padding(x, pad, how[-1] if how else value)),
    "tril": As("tril", args=lambda x, diagonal=0: [x, {"diagonal": diagonal}]),
    "triu": As("triu", args=lambda x, diagonal=0: [x, {"diagonal": diagonal}]),
    "diagonal": As("diagonal", "linalg.diagonal", args=of_diagonal),
    "diagonalMatrix": As("diag_embed", args=of_diag_embed),
    "trace": As("trace"),
    "gather": As("gather", args=of_gather),
    "scatter": As("scatter", args=of_scatter),
    "scatterAdd": As("scatter_add"),
    "scatterReduce": As(*[f"scatter_reduce/{how}" for how in ("sum", "prod", "mean", "amin", "amax")], args=of_reduce_at),
    "takeAlongDim": As("take_along_dim", args=lambda x, index, dim=None: [x, index] if dim is None else [x, index, dim]),
    "indexSelect": As("index_select"),
    "indexAdd": As("index_add", args=of_indexAdd),
    "oneHot": As(NN + "one_hot", args=of_one_hot),
    "searchsorted": As("searchsorted", args=of_searchsorted),
    "nonzero": As("nonzero", "argwhere", args=lambda x, as_tuple=False: need(not as_tuple, "as_tuple") or [x]),
    "unique": As("unique", args=of_unique, call=lambda x, dim=None: torch.unique(x, return_inverse=True, return_counts=True, dim=dim)),
    "matmul": As("matmul", "mm", "bmm", "mv"),
    "addmm": As("addmm", args=lambda c, a, b, beta=1, alpha=1: [c, a, b, {"alpha": alpha, "beta": beta}]),
    "einsum": As("einsum", args=lambda tensors, equation: [equation, list(tensors)]),
    "cdist": As("cdist", args=of_cdist),
    "cholesky": As("linalg.cholesky", args=lambda x, upper=False: need(not upper, "upper") or [x], call=symmetric(torch.linalg.cholesky)),
    "solve": As("linalg.solve", args=of_solve),
    "solveTriangular": As("linalg.solve_triangular", args=of_triangular, call=formulas.solve_triangular),
    "inverse": As("linalg.inv"),
    "det": As("linalg.det"),
    "logdet": As("logdet"),
    "slogdet": As("linalg.slogdet"),
    "pinv": As("linalg.pinv", "linalg.pinv/singular", "pinverse", args=of_pinv),
    "qr": As("linalg.qr", "qr", args=of_qr),
    "svd": As("linalg.svd", "svd", args=of_svd, call=formulas.svd),
    "svdvals": As("linalg.svdvals"),
    "eigh": As("linalg.eigh", args=of_eigh, call=formulas.eigh),
    "eigvalsh": As("linalg.eigvalsh", args=of_eigh, call=symmetric(torch.linalg.eigvalsh)),
    "lstsq": As("linalg.lstsq", "linalg.lstsq/grad_oriented", args=of_lstsq, call=formulas.lstsq),
    "norm": As("linalg.vector_norm", args=of_norm),
    "normalize": As(NN + "normalize", args=lambda x, p=2.0, dim=1, eps=1e-12: [x, {"p": p, "dim": dim, "eps": eps}]),
    "cosineSimilarity": As(NN + "cosine_similarity", args=lambda a, b, dim=1, eps=1e-8: [a, b, {"dim": dim, "eps": eps}]),
    "pairwiseDistance": As(
        NN + "pairwise_distance",
        args=lambda a, b, p=2.0, eps=1e-6, keepdim=False: [a, b, {"p": p, "eps": eps, "keepdim": keepdim}],
    ),
    "crossEntropy": As(NN + "cross_entropy", args=of_cross_entropy),
    "sum": As("sum", args=reduction),
    "mean": As("mean", args=reduction),
    "prod": As("prod", args=reduction),
    "all": As("all", args=reduction),
    "any": As("any", args=reduction),
    "amax": As("amax", "max/reduction_no_dim", args=reduction),
    "amin": As("amin", "min/reduction_no_dim", args=reduction),
    "argmax": As("argmax", args=reduction),
    "argmin": As("argmin", args=reduction),
    "countNonzero": As("count_nonzero", args=reduction),
    "max": As("max/reduction_with_dim", args=reduction),
    "min": As("min/reduction_with_dim", args=reduction),
    "median": As("median", args=of_median, call=formulas.median),
    "quantile": As("quantile", args=of_quantile),
    "variance": As("var", "var/unbiased", args=of_variance),
    "std": As("std", "std/unbiased", args=of_variance),
    "logsumexp": As("logsumexp", args=reduction),
    "cumsum": As("cumsum", args=along),
    "cumprod": As("cumprod", args=along),
    "logcumsumexp": As("logcumsumexp", args=along),
    "diff": As("diff", args=of_diff),
    "sort": As("sort", args=of_sort, call=stable_sort),
    "argsort": As("argsort", args=of_sort, call=lambda x, **order: stable_sort(x, **order)[1]),
    "topk": As("topk", args=of_topk, call=stable_topk),
    "to": As("float", args=to_dtype("float32")),
}

# Ops of ours that PyTorch has no samples of, and why.
NONE = {
    "betainc": "PyTorch has no such function",
    "detach": "its result has no derivative; PyTorch has no samples of it",
    "stopGradient": "its result has no derivative; PyTorch has no samples of it",
    "heaviside": "PyTorch's takes the values at 0 as a second tensor",
}

DTYPES = {
    torch.float64: "float64",
    torch.float32: "float32",
    torch.int32: "int32",
    torch.int64: "int32",
    torch.bool: "bool",
}
ASKED = (torch.float64, torch.float32, torch.int32, torch.bool)


def encode(v):
    """A value as JSON has it: tensors as in the other files, numbers that JSON lacks as text."""
    if isinstance(v, torch.Tensor):
        need(v.dtype in DTYPES, f"dtype {str(v.dtype).removeprefix('torch.')}")
        values = v.detach().clone().reshape(-1).tolist()  # a gradient that is 0 may come without storage
        if v.dtype == torch.bool:
            values = [int(x) for x in values]
        if v.dtype == torch.int64:
            need(all(-(2**31) <= x < 2**31 for x in values), "numbers beyond int32")
        return {"shape": list(v.shape), "dtype": DTYPES[v.dtype], "data": encode(values)}
    if isinstance(v, float) and not math.isfinite(v):
        return "NaN" if math.isnan(v) else "Infinity" if v > 0 else "-Infinity"
    if isinstance(v, dict):
        return {name: encode(x) for name, x in v.items()}
    if isinstance(v, (list, tuple)):
        return [encode(x) for x in v]
    need(isinstance(v, (str, bool, int, float)), f"an argument of type {type(v).__name__}")
    return v


def tensors_in(v):
    if isinstance(v, torch.Tensor):
        return [v]
    parts = v.values() if isinstance(v, dict) else v if isinstance(v, (list, tuple)) else []
    return [t for x in parts for t in tensors_in(x)]


def with_tensors(v, left):
    """v with those tensors in the place of its own, in order."""
    if isinstance(v, torch.Tensor):
        return left.pop(0)
    if isinstance(v, dict):
        return {name: with_tensors(x, left) for name, x in v.items()}
    if isinstance(v, (list, tuple)):
        return type(v)(with_tensors(x, left) for x in v) if type(v) in (list, tuple) else v
    return v


def results_of(y):
    if isinstance(y, torch.Tensor):
        return [y]
    return [torch.tensor(y)] if isinstance(y, bool) else list(y)


def weights(shape, dtype, source):
    """Multiples of 1/8 in [-1, 1], none of them 0."""
    count = math.prod(shape)
    return torch.tensor([source.choice((-1, 1)) * source.randint(1, 8) / 8 for _ in range(count)], dtype=dtype).reshape(shape)


def derivatives(f, moving, source):
    """dy, the gradients of Σ dy · y over the results of floats, and those of Σ gradient · tangent."""
    leaves = [x.detach().clone().requires_grad_() for x in moving]
    ys = [y for y in results_of(f(leaves)) if y.is_floating_point()]
    if not any(y.requires_grad for y in ys):
        return {}
    dy = [weights(y.shape, y.dtype, source) for y in ys]
    moved = [(y, d) for y, d in zip(ys, dy) if y.requires_grad]
    y, d = [list(part) for part in zip(*moved)]
    try:
        first = torch.autograd.grad(y, leaves, d, create_graph=True, materialize_grads=True)
    except (RuntimeError, NotImplementedError):
        return {}
    found = {"dy": dy, "gradients": list(first)}
    tangents = [weights(x.shape, x.dtype, source) for x in moving]
    total = sum((g * v).sum() for g, v in zip(first, tangents))
    try:
        second = torch.autograd.grad(total, leaves, materialize_grads=True) if total.requires_grad else [torch.zeros_like(x) for x in moving]
    except (RuntimeError, NotImplementedError):
        return found
    return found | {"tangents": tangents, "hvp": list(second)}


def detached(v):
    return with_tensors(v, [t.detach().clone() for t in tensors_in(v)])


def row_of(about, op, sample, source):
    """A sample as a row; its derivatives have weights from the source, or are left out."""
    args, kwargs = (sample.input, *sample.args), sample.kwargs
    try:
        ours = about.args(*args, **kwargs)
    except TypeError as error:
        raise Left(str(error).split("got ")[-1]) from None
    theirs = tensors_in([list(args), dict(kwargs)])
    need(not any(isinstance(v, bool) for v in ours), "true or false beside a tensor")
    inputs = tensors_in(ours)
    places = [next((i for i, t in enumerate(theirs) if t is x), None) for x in inputs]
    need(about.call is not None or None not in places, "a tensor that is none of the sample's")

    def call(tensors):
        if about.call is not None:
            *rest, last = with_tensors(ours, list(tensors))
            return about.call(*rest, **last) if isinstance(last, dict) else about.call(*rest, last)
        given = list(theirs)
        for place, t in zip(places, tensors):
            given[place] = t
        first, *rest = with_tensors(list(args), given)
        return op.op(first, *rest, **with_tensors(dict(kwargs), given))

    fixed = [x.detach().clone() for x in inputs]
    row = {"args": encode(detached(ours)), "y": encode(results_of(call([x.clone() for x in fixed])))}
    moving = [i for i, x in enumerate(fixed) if x.is_floating_point()]

    # Of float32 the derivatives are computed in float64, and rounded.
    narrow = any(x.dtype == torch.float32 for x in fixed)
    wide = [x.double() if x.dtype == torch.float32 else x for x in fixed]

    def f(leaves):
        tensors = [x.clone() for x in wide]
        for i, x in zip(moving, leaves):
            tensors[i] = x
        return call(tensors)

    if moving and source is not None:
        found = derivatives(f, [wide[i] for i in moving], source)
        for name, tensors in found.items():
            row[name] = encode([x.float() if narrow else x for x in tensors])
        row |= {"moving": moving} if found else {}
    return row


# Of these the values alone are compared: their derivatives are for the samples, which are away from poles.
MOST_ELEMENTS = 2000


def samples_of(about, op, dtype):
    """A number, or r and a number for a reference input; the sample; whether it has derivatives."""
    torch.manual_seed(0)
    for i, sample in enumerate(op.sample_inputs("cpu", dtype, requires_grad=False)):
        yield i, sample, True
    if op.reference_inputs_func is None or not about.references:
        return
    torch.manual_seed(0)
    for i, sample in enumerate(op.reference_inputs("cpu", dtype, requires_grad=False)):
        inputs = tensors_in([sample.input, sample.args, sample.kwargs])
        if all(x.numel() <= MOST_ELEMENTS for x in inputs):
            yield f"r{i}", sample, False


def main():
    asked = json.load(sys.stdin)
    unknown = [name for name in asked if name not in OPS and name not in NONE]
    if unknown:
        sys.exit(f"op_samples.py says nothing of {', '.join(unknown)}: a row of OPS or of NONE is missing")
    torch.set_default_dtype(torch.float32)
    warnings.simplefilter("ignore")
    described = operators()
    for name in asked:
        if name in NONE:
            print(json.dumps({"op": name, "none": NONE[name]}), flush=True)
            continue
        about = OPS[name]
        for operator in about.names:
            op = described[operator]
            for dtype in ASKED:
                if dtype not in op.dtypes:
                    continue
                for number, sample, moves in samples_of(about, op, dtype):
                    note = f"{operator} {DTYPES[dtype]} {number}"
                    try:
                        row = row_of(about, op, sample, Random(note) if moves else None)
                    except Left as left:
                        row = {"left": str(left)}
                    print(json.dumps({"op": name, "note": note, **row}), flush=True)


if __name__ == "__main__":
    main()
