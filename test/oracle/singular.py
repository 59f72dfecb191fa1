"""Points where a mask, a clamp or a tie meets an infinite derivative, 0/0 or 0·∞: what each derivative is there.

With S = Σ dy ∘ f: `value` of f, `gradient` and `hessian` of S over all moving inputs as one vector. They are
PyTorch's where its modes agree on a number. Where they do not, or give NaN, a row must say what Thalweg has decided
on: a number for all such entries, or the whole of it. A row that decides without need is refused.
"""

import torch
import torch.nn.functional as F

from row import F64, full, ints

INF, NAN = float("inf"), float("nan")
ALL_NEVER, NEVER = [[-INF, -INF, -INF]], [[-INF, 0, 1]]


def moving_total(f, inputs, moving):
    """S of one vector of all moving inputs, and dy."""
    dy = torch.arange(f(*inputs.values()).numel(), dtype=F64) % 3 + 1
    shapes = [inputs[k].shape for k in moving]

    def total(v):
        parts = v.split([s.numel() for s in shapes])
        own = {k: part.reshape(s) for k, part, s in zip(moving, parts, shapes)}
        return (f(*{**inputs, **own}.values()).reshape(-1) * dy).sum()

    return total, dy, torch.cat([inputs[k].reshape(-1) for k in moving])


def by_reverse(total, at):
    """Gradient and Hessian by reverse over reverse; None for a Hessian that PyTorch lacks."""
    x = at.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(total(x), x, create_graph=True, materialize_grads=True)
    if not gradient.requires_grad:
        return gradient, torch.zeros(len(at), len(at))
    try:
        rows = [torch.autograd.grad(g, x, retain_graph=True, materialize_grads=True)[0] for g in gradient]
    except RuntimeError as error:
        assert "not implemented" in str(error), error
        return gradient.detach(), None
    return gradient.detach(), torch.stack(rows)


def by_forward(total, at):
    """The same by forward mode, and forward over reverse; None for what PyTorch lacks."""
    try:
        gradient = torch.func.jacfwd(total)(at)
    except (RuntimeError, NotImplementedError):
        gradient = None
    try:
        return gradient, torch.func.jacfwd(torch.func.grad(total))(at)
    except (RuntimeError, NotImplementedError):
        return gradient, None


def settle(name, found, undecided, decided):
    """PyTorch's where its modes agree, else the number or the tensor decided on."""
    known = [x for x in found if x is not None]
    agreed = torch.full(decided.shape if decided is not None else known[0].shape, NAN)
    if known:
        agree = torch.isclose(known[0], known[-1], rtol=1e-9, atol=1e-11)
        agreed = torch.where(agree, known[0], NAN)
    open_ = torch.isnan(agreed)
    if decided is not None:
        assert not torch.isclose(agreed, decided, rtol=1e-9, atol=1e-11).all(), f"{name}: decides without need"
        return decided
    if undecided is None:
        assert not open_.any(), f"{name}: undecided, PyTorch gives {found}"
        return agreed
    assert open_.any(), f"{name}: decides without need"
    return torch.where(open_, undecided, agreed)


def row(function, f, inputs, options=None, note="", moving=None, **decisions):
    """Decisions: value, gradient and hessian, each a number for what PyTorch leaves open, or a tensor."""
    moving = [k for k, x in inputs.items() if x.dtype == F64 and (moving is None or k in moving)]
    total, dy, at = moving_total(f, inputs, moving)
    (gradient, hessian), (forward, other) = by_reverse(total, at), by_forward(total, at)
    name = f"{function} {note} {options}"

    def settled(key, *found):
        given = decisions.pop(key, None)
        is_whole = isinstance(given, torch.Tensor)
        return settle(f"{name}: {key}", found, None if is_whole else given, given if is_whole else None)

    y = f(*inputs.values())
    out = {
        "function": function,
        "note": note,
        "options": options or {},
        "inputs": inputs,
        "moving": moving,
        "dy": dy.reshape(y.shape),
        "value": settled("value", y.detach()),
        "gradient": settled("gradient", gradient, forward),
        "hessian": settled("hessian", hessian, other),
    }
    assert not decisions, decisions
    return out


def powers():
    for n in (0, 1, 2, 3, 4, 0.5, 1.5, 2.5, -1):
        yield row("ops.pow", lambda x, n=n: x**n, {"x": full([0])}, {"exponent": n}, f"0 to the power {n}")
    yield row("ops.pow", lambda x: x**0, {"x": full([2, -2])}, {"exponent": 0}, "exponent 0")
    for n in (2, 3, 2.5):
        inputs = {"a": full([0]), "b": full([n])}
        h = full([[2 if n == 2 else 0, 0], [0, 0]])
        yield row("ops.pow", torch.pow, inputs, note=f"both inputs, 0 to the power {n}", hessian=h)
    both = {"a": full([0]), "b": full([0])}
    yield row("ops.pow", torch.pow, both, note="both inputs, 0 to the power 0", hessian=0)
    # PyTorch's gradient with respect to a does not depend on b here.
    both = {"a": full([2]), "b": full([0])}
    log2 = full(2.0).log()
    h = torch.stack([full([0, 0.5]), torch.stack([full(0.5), log2**2])])
    yield row("ops.pow", torch.pow, both, note="both inputs, exponent 0", hessian=h)
    zero = {"b": full([0, 1, 2, 0.5])}
    yield row("ops.pow", lambda b: torch.pow(0.0, b), zero, {"base": 0}, "base 0", hessian=0)


def spreads():
    for correction in (0, 1):

        def std(x, correction=correction):
            return x.std(1, correction=correction)

        x = full([[1, 1, 1], [1, 2, 4]])
        yield row("ops.std", std, {"x": x}, {"dim": 1, "correction": correction}, "a constant row")
    yield row("ops.std", lambda x: x.std(), {"x": full([0, 0])}, {}, "zeros")
    yield row("ops.variance", lambda x: x.var(1), {"x": full([[1, 1, 1]])}, {"dim": 1}, "a constant row")


def norms():
    # Of the 2-norm of zeros and of p = 1.5 PyTorch's second derivatives are 0·∞.
    for p in (0.5, 1, 1.5, 2, 2.5, 3, 4, INF, -INF, -1, -2):

        def norm(x, p=p):
            return torch.linalg.vector_norm(x, p, 1)

        open_ = {} if p in (1, 3, 4, INF, -INF) else {"hessian": 0}
        yield row("ops.norm", norm, {"x": full([[0, 0]])}, {"dim": 1, "p": p}, f"zeros, p {p}", **open_)
        open_ = {"hessian": 0} if p in (0.5, 1.5, 2.5, -1, -2) else {}
        yield row("ops.norm", norm, {"x": full([[0, 3, -4]])}, {"dim": 1, "p": p}, f"a zero, p {p}", **open_)
    for p in (1, 1.5, 2, 3, INF):

        def distance(a, b, p=p):
            return F.pairwise_distance(a, b, p=p, eps=0)

        inputs = {"a": full([[1, 2]]), "b": full([[1, 2]])}
        open_ = {"hessian": 0} if p in (1.5, 2) else {}
        yield row("ops.pairwiseDistance", distance, inputs, {"p": p, "eps": 0}, f"equal points, p {p}", **open_)
    inputs = {"a": full([[1, 2]]), "b": full([[1, 2]])}
    yield row("ops.pairwiseDistance", F.pairwise_distance, inputs, {}, "equal points, ε")
    # With a = 0 the similarity is a·b/(ε·max(‖b‖, ε)).
    across = full([[4, -2], [-2, 1]]) / 5
    for note, b, slope in (
        ("a zero vector", [1, 2], across / (1e-8 * 5**0.5)),
        ("zero vectors", [0, 0], torch.eye(2) / 1e-16),
    ):
        inputs = {"a": full([[0, 0]]), "b": full([b])}
        none = torch.zeros(2, 2)
        h = torch.cat([torch.cat([none, slope], 1), torch.cat([slope, none], 1)])
        yield row("ops.cosineSimilarity", F.cosine_similarity, inputs, {}, note, hessian=h)
    inputs = {"a": full([[1, 2]]), "b": full([[1, 2]])}
    yield row("ops.cosineSimilarity", F.cosine_similarity, inputs, {}, "equal vectors")


def sums():
    def logsumexp(x):
        return torch.logsumexp(x, 1)

    never = {"x": full(ALL_NEVER)}
    yield row("ops.logsumexp", logsumexp, never, {"dim": 1}, "all −∞", gradient=0, hessian=0)
    yield row("ops.logsumexp", logsumexp, {"x": full(NEVER)}, {"dim": 1}, "one −∞")
    yield row("ops.softmax", lambda x: torch.softmax(x, 1), {"x": full(NEVER)}, {"dim": 1}, "one −∞")
    yield row("ops.logSoftmax", lambda x: torch.log_softmax(x, 1), {"x": full(NEVER)}, {"dim": 1}, "one −∞")
    for note, x in (("one 0", [0, 2, 3]), ("two zeros", [0, 0, 3]), ("zeros", [0, 0, 0])):
        yield row("ops.prod", lambda x: x.prod(1), {"x": full([x])}, {"dim": 1}, note)
    yield row("ops.amax", lambda x: x.amax(1), {"x": full([[1, 1, 0]])}, {"dim": 1}, "ties")
    yield row("ops.amin", lambda x: x.amin(1), {"x": full([[1, 1, 2]])}, {"dim": 1}, "ties")


def elementwise():
    origin = {"a": full([0]), "b": full([0])}
    yield row("ops.atan2", torch.atan2, origin, note="the origin", gradient=0, hessian=0)
    axes = {"a": full([0, 1, 0, -1]), "b": full([1, 0, -1, 0])}
    yield row("ops.atan2", torch.atan2, axes, note="on the axes")
    for op in ("maximum", "minimum"):
        ties = {"a": full([1]), "b": full([1])}
        yield row(f"ops.{op}", getattr(torch, op), ties, note="a tie")
        nan, none = {"a": full([NAN]), "b": full([1])}, full([0, 0])
        yield row(f"ops.{op}", getattr(torch, op), nan, note="NaN", value=NAN, gradient=none)
    for op in ("abs", "sign", "sqrt", "log", "rsqrt", "reciprocal"):
        yield row(f"ops.{op}", getattr(torch, op), {"x": full([0])}, note="0")
    for op in ("asin", "acos", "atanh", "acosh"):
        yield row(f"ops.{op}", getattr(torch, op), {"x": full([1])}, note="1")
    clamped = full([0, 1, -1, 2, INF, -INF, 0.5])
    yield row("ops.clamp", lambda x: x.clamp(0, 1), {"x": clamped}, {"min": 0, "max": 1}, "at and beyond the bounds")
    yield row("ops.clamp", lambda x: x.clamp(min=0), {"x": full([NAN])}, {"min": 0}, "NaN", value=NAN)
    x = full([0, 4])

    def masked(x):
        return torch.where(x > 0, torch.where(x > 0, x, 1).sqrt(), 0)

    yield row("where: a root, masked before and after", masked, {"x": x})


def activations():
    named = {"leakyRelu": F.leaky_relu, "logSigmoid": F.logsigmoid}
    same = ("relu", "relu6", "hardtanh", "hardswish", "hardshrink", "softshrink", "softplus", "softsign")
    same += ("mish", "gelu", "silu", "tanhshrink", "sigmoid", "tanh", "hardsigmoid")
    for op, f in {**{op: getattr(F, op) for op in same}, **named}.items():
        x = full([0, 1, -1, 3, -3, 6, 30, -30, 800, -800])
        # PyTorch's second derivative of mish is NaN far out.
        open_ = {"hessian": 0} if op == "mish" else {}
        if op == "hardsigmoid":  # its gradients' constants are of float32
            f = hardsigmoid
        yield row(f"ops.{op}", f, {"x": x}, note="kinks and far out", **open_)
    for op in ("elu", "selu", "celu"):
        yield row(f"ops.{op}", getattr(F, op), {"x": full([1, -1, 30, -30, 800, -800])}, note="far out")
        if op != "elu":
            continue
        yield row("ops.elu", F.elu, {"x": full([0])}, note="0", hessian=full([[1]]))
    inputs = {"x": full([1, -1, INF]), "weight": full([0.25])}
    yield row("ops.prelu", F.prelu, inputs, note="an infinite x above 0")


def hardsigmoid(x):
    return F.relu6(x + 3) / 6


def each(f, **options):
    return lambda *inputs: f(*inputs, reduction="none", **options)


def costs():
    f = each(F.binary_cross_entropy)
    inputs = {"y": full([0, 1, 0, 1, 0.5, 0, 1, 1e-13]), "target": full([0, 1, 1, 0, 0.25, 0.5, 0.25, 1])}
    # PyTorch's second derivative is not that of its slope (y − ȳ)/max(y·(1 − y), 1e-12).
    h = full([1e12, 2e12, 3e12, 1e12, 2 * 4, 3e12, 1e12, 2e12]).diag()
    # Its 1e-12 is one of float32.
    g = full([0, 0, -3e12, 1e12, 2 * 1, -1.5e12, 0.75e12, 2 * (1e-13 - 1) / 1e-12])
    yield row("cost.bce", f, inputs, {}, "0 and 1", moving=["y"], gradient=g, hessian=h)
    f = each(F.binary_cross_entropy_with_logits)
    inputs = {"y": full([0, 0, 800, -800, 800, -800]), "target": full([0, 1, 0, 1, 1, 0])}
    yield row("cost.bceWithLogits", f, inputs, {}, "far out")
    d = {"y": full([0, 1, -1, 3, 1e200]), "target": full([0, 0, 0, 0, 0])}
    yield row("cost.huber", each(F.huber_loss), d, {}, "0, the kink and far out", moving=["y"])
    yield row("cost.smoothL1", each(F.smooth_l1_loss), d, {}, "0, the kink and far out", moving=["y"])
    for name, f in (("huber", F.huber_loss), ("smoothL1", F.smooth_l1_loss)):
        yield row(f"cost.{name}", each(f), {"y": full([INF]), "target": full([0])}, {}, "∞", moving=["y"])
    yield row("cost.smoothL1", each(F.smooth_l1_loss, beta=0), d, {"beta": 0}, "β 0", moving=["y"])
    yield row("cost.l1", each(F.l1_loss), {"y": full([0]), "target": full([0])}, {}, "equal")
    y = {"y": full([0, -1, -INF, -1]), "target": full([0, 0, 0, 1])}
    yield row("cost.klDiv", each(F.kl_div), y, {}, "target 0", moving=["y"], value=0)
    h = full([[0, 0], [0, 0]])
    both = {"y": full([-1]), "target": full([0])}
    yield row("cost.klDiv", each(F.kl_div), both, {}, "target 0, both inputs", gradient=0, hessian=h)
    y = {"y": full([0, -INF, -1]), "target": full([-INF, -INF, -1])}
    f = each(F.kl_div, log_target=True)
    options = {"logTarget": True}
    yield row("cost.klDiv", f, y, options, "target −∞", moving=["y"], value=0)
    both = {"y": full([-1]), "target": full([-INF])}
    yield row("cost.klDiv", f, both, options, "target −∞, both inputs", value=0, gradient=0, hessian=0)
    counts = {"y": full([0, 0, 1]), "target": full([0, 1, 2])}
    yield row("cost.poissonNLL", each(F.poisson_nll_loss), counts, {}, "no counts")
    f = each(F.poisson_nll_loss, full=True)
    yield row("cost.poissonNLL", f, counts, {"full": True}, "no counts, full", ["target"], gradient=0, hessian=0)
    f = each(F.poisson_nll_loss, log_input=False)
    yield row("cost.poissonNLL", f, counts, {"logInput": False}, "rate 0")
    for name, f in (("crossEntropy", F.cross_entropy), ("nll", F.nll_loss)):
        y = {"y": full([[-INF, 0, 1], [0, 0, 0]]), "target": ints([1, 2])}
        yield row(f"cost.{name}", each(f), y, {}, "a score of −∞")
    y = {"y": full(NEVER), "target": full([[0, 0.5, 0.5]])}
    value = full(NEVER).log_softmax(1)[0, 1:].mean().neg().reshape(1)
    f = each(F.cross_entropy)
    yield row("cost.crossEntropy", f, y, {}, "a score of −∞ and no probability", moving=["y"], value=value)
    yield from margins()


def gaussian():
    """PyTorch's forward mode takes the variance's clamp for a constant."""
    v = 1e-6
    # S = (ln v + d²/v)/2 with d = y = 1.
    g = full([1 / v, 1 / (2 * v) - 1 / (2 * v**2)])
    h = full([[1 / v, -1 / v**2], [-1 / v**2, -1 / (2 * v**2) + 1 / v**3]])
    inputs = {"y": full([1]), "target": full([0]), "variance": full([0])}
    f = each(F.gaussian_nll_loss)
    yield row("cost.gaussianNLL", f, inputs, {}, "variance 0", moving=["y", "variance"], gradient=g, hessian=h)


def margins():
    points = {"anchor": full([[1, 2]]), "positive": full([[1, 2]]), "negative": full([[1, 2]])}
    yield row("cost.tripletMargin", each(F.triplet_margin_loss), points, {}, "equal points")
    f = each(F.triplet_margin_loss, eps=0)
    yield row("cost.tripletMargin", f, points, {"eps": 0}, "equal points, ε 0", hessian=0)
    f = each(F.triplet_margin_loss, eps=0, swap=True)
    yield row("cost.tripletMargin", f, points, {"eps": 0, "swap": True}, "equal points, swap", hessian=0)
    y = {"y": full([0, 1, 2, 1, 0]), "target": full([1, -1, -1, 1, -1])}
    yield row("cost.hingeEmbedding", each(F.hinge_embedding_loss), y, {}, "kinks", moving=["y"])
    pairs = {"y": full([0, 1, 2]), "b": full([0, 1, 1]), "target": full([1, -1, 1])}
    yield row("cost.marginRanking", each(F.margin_ranking_loss), pairs, {}, "kinks", moving=["y", "b"])
    far = {"y": full([0, -800, 800]), "target": full([1, -1, 1])}
    yield row("cost.softMargin", each(F.soft_margin_loss), far, {}, "far out", moving=["y"])
    # PyTorch's e^800 overflows.
    far = {"y": full([800]), "target": full([-1])}
    f, value = each(F.soft_margin_loss), full([800])
    yield row("cost.softMargin", f, far, {}, "farther", moving=["y"], value=value, gradient=1, hessian=0)
    far = {"y": full([[0, 800, -800]]), "target": full([[0, 1, 0]])}
    yield row("cost.multiLabelSoftMargin", each(F.multilabel_soft_margin_loss), far, {}, "far out", moving=["y"])
    y = {"y": full([[1, 1, 0], [1, 2, 1]]), "target": ints([0, 1])}
    # Without second derivatives in PyTorch.
    yield row("cost.multiMargin", each(F.multi_margin_loss), y, {}, "margins just met", hessian=torch.zeros(6, 6))
    y = {"y": full([[1, 1, 0], [1, 2, 1]]), "target": ints([[0, -1, 1], [1, 2, -1]])}
    f = each(F.multilabel_margin_loss)
    yield row("cost.multiLabelMargin", f, y, {}, "margins just met", hessian=torch.zeros(6, 6))


def rows():
    for family in (powers, spreads, norms, sums, elementwise, activations, costs, gaussian):
        yield from family()
