"""The losses of torch.nn that concern vectors, with their options and the three reductions."""

import torch
import torch.nn.functional as F

from row import F64, Source, derivatives, full, ints

REDUCTIONS = ("none", "mean", "sum")


def signs(s, shape):
    return torch.where(s.integers(shape, 2) > 0, 1.0, -1.0)


def probabilities(s, shape):
    return torch.softmax(s.fine(shape), -1)


def cosine_distance(a, b):
    return 1 - F.cosine_similarity(a, b)


def ctc(y, target, inputs, targets, **options):
    return F.ctc_loss(F.log_softmax(y, 2), target.long(), inputs.long(), targets.long(), **options)


def cases():
    """cost, f(*inputs, reduction=…, **options), note, inputs, options, tensors among the options, order."""
    s = Source("losses")
    y, t = s.fine([4, 3]), s.fine([4, 3])
    for name, f, variants in (
        ("mse", F.mse_loss, [{}]),
        ("l1", F.l1_loss, [{}]),
        ("huber", F.huber_loss, [{}, {"delta": 0.4}]),
        ("smoothL1", F.smooth_l1_loss, [{}, {"beta": 0.4}, {"beta": 0}]),
    ):
        for options in variants:
            yield name, f, "2-D", {"y": y, "target": t}, options, {}
        yield name, f, "1-D", {"y": y[0], "target": t[0]}, {}, {}
        yield name, f, "equal", {"y": y, "target": y.clone()}, {}, {}

    classes = ints([2, 0, 1, 2])
    weight = full([0.5, 2, 1.25])
    with_ignored = ints([2, -100, 1, -100])
    logp = torch.log_softmax(y, 1)
    image, labels = s.fine([2, 3, 2, 2]), s.integers([2, 2, 2], 3)
    single = {"y": y[0], "target": ints(1)}
    for name, f, x in (("nll", F.nll_loss, logp), ("crossEntropy", F.cross_entropy, y)):
        yield name, f, "2-D", {"y": x, "target": classes}, {}, {}
        yield name, f, "weights", {"y": x, "target": classes}, {}, {"weight": weight}
        yield name, f, "ignored", {"y": x, "target": with_ignored}, {"ignoreIndex": -100}, {}
        yield name, f, "ignored, weights", {"y": x, "target": ints([1, 2, 1, 0])}, {"ignoreIndex": 1}, {"weight": weight}
        yield name, f, "4-D", {"y": image, "target": labels}, {}, {"weight": weight}
        yield name, f, "single sample", single, {}, {"weight": weight}
    f = F.cross_entropy
    smooth = {"labelSmoothing": 0.2}
    yield "crossEntropy", f, "smoothed", {"y": y, "target": classes}, smooth, {}
    yield "crossEntropy", f, "smoothed, weights", {"y": y, "target": classes}, smooth, {"weight": weight}
    both = {"y": y, "target": with_ignored}
    yield "crossEntropy", f, "smoothed, ignored, weights", both, {**smooth, "ignoreIndex": -100}, {"weight": weight}
    mixed = probabilities(s, [4, 3])
    yield "crossEntropy", f, "probabilities", {"y": y, "target": mixed}, {}, {}
    yield "crossEntropy", f, "probabilities, smoothed, weights", {"y": y, "target": mixed}, smooth, {"weight": weight}
    yield "crossEntropy", f, "probabilities of one sample", {"y": y[0], "target": mixed[0]}, {}, {}

    p, yes = torch.sigmoid(s.fine([4, 3])), s.integers([4, 3], 2).double()
    each = s.fine([4, 3], 0.5, 2)
    yield "bce", F.binary_cross_entropy, "2-D", {"y": p, "target": yes}, {}, {}
    yield "bce", F.binary_cross_entropy, "soft targets", {"y": p, "target": torch.sigmoid(t)}, {}, {}
    yield "bce", F.binary_cross_entropy, "weights", {"y": p, "target": yes}, {}, {"weight": weight}
    f = F.binary_cross_entropy_with_logits
    yield "bceWithLogits", f, "2-D", {"y": y, "target": yes}, {}, {}
    yield "bceWithLogits", f, "soft targets", {"y": y, "target": torch.sigmoid(t)}, {}, {}
    yield "bceWithLogits", f, "weights", {"y": y, "target": yes}, {}, {"weight": each, "posWeight": weight}
    for note, own in (("weights of rows", [4, 1]), ("one weight", []), ("weights of a sample", [1, 3])):
        apart = Source(f"bce {note}")
        w, pw = apart.fine(own, 0.5, 2), apart.fine(own, 0.5, 2)
        yield "bce", F.binary_cross_entropy, note, {"y": p, "target": yes}, {}, {"weight": w}
        yield "bceWithLogits", f, note, {"y": y, "target": yes}, {}, {"weight": w, "posWeight": pw}
    far = {"y": full([800, -800, 30, -30]), "target": full([0, 1, 1, 0])}
    yield "bceWithLogits", f, "far", far, {}, {}

    yield "klDiv", F.kl_div, "2-D", {"y": logp, "target": mixed}, {}, {}
    yield "klDiv", F.kl_div, "log target", {"y": logp, "target": mixed.log()}, {"logTarget": True}, {}
    zeros = {"y": logp, "target": full([[0, 1, 0], [0.5, 0.5, 0], [0, 0, 1], [0.25, 0.5, 0.25]])}
    yield "klDiv", F.kl_div, "zeros", zeros, {}, {}

    counts = s.integers([4, 3], 5).double()
    rate = s.fine([4, 3], 0.5, 3)
    f = F.poisson_nll_loss
    yield "poissonNLL", f, "2-D", {"y": y, "target": counts}, {}, {}
    yield "poissonNLL", f, "full", {"y": y, "target": counts}, {"full": True}, {}
    yield "poissonNLL", f, "rates", {"y": rate, "target": counts}, {"logInput": False, "eps": 0.01}, {}
    f = F.gaussian_nll_loss
    v = s.fine([4, 3], 0.5, 3)
    yield "gaussianNLL", f, "2-D", {"y": y, "target": t, "variance": v}, {}, {}
    yield "gaussianNLL", f, "full", {"y": y, "target": t, "variance": v}, {"full": True}, {}
    yield "gaussianNLL", f, "one variance a sample", {"y": y, "target": t, "variance": v[:, :1]}, {"eps": 1}, {}
    # [B] beside [B, D] is by row, also where B = D.
    for note, shape, own in (
        ("a variance a row", [3, 3], [3]),
        ("a variance a row of rows", [2, 3, 2], [2, 3]),
        ("a variance a column", [3, 2], [1, 2]),
        ("a variance of several samples", [2, 3, 2], [2, 1, 2]),
        ("a variance a sample of one number", [4], [1]),
        ("a variance of a vector", [4], []),
    ):
        apart = Source(f"gaussianNLL {note}")
        inputs = {"y": apart.fine(shape), "target": apart.fine(shape), "variance": apart.fine(own, 0.5, 3)}
        yield "gaussianNLL", f, note, inputs, {}, {}

    pm = signs(s, [4, 3])
    yield "hingeEmbedding", F.hinge_embedding_loss, "2-D", {"y": y, "target": pm}, {}, {}
    yield "hingeEmbedding", F.hinge_embedding_loss, "margin", {"y": y, "target": pm}, {"margin": 0.3}, {}
    yield "softMargin", F.soft_margin_loss, "2-D", {"y": y, "target": pm}, {}, {}
    f = F.margin_ranking_loss
    yield "marginRanking", f, "2-D", {"y": y, "b": t, "target": pm}, {}, {}
    yield "marginRanking", f, "margin", {"y": y, "b": t, "target": pm}, {"margin": 0.7}, {}
    f = F.cosine_embedding_loss
    yield "cosineEmbedding", f, "2-D", {"y": y, "b": t, "target": pm[:, 0]}, {}, {}
    yield "cosineEmbedding", f, "margin", {"y": y, "b": t, "target": pm[:, 0]}, {"margin": -0.9}, {}
    yield "cosineEmbedding", f, "1-D", {"y": y[0], "b": t[0], "target": full(-1)}, {"margin": -1}, {}

    f = F.multi_margin_loss
    yield "multiMargin", f, "2-D", {"y": y, "target": classes}, {}, {}
    yield "multiMargin", f, "p 2, weights", {"y": y, "target": classes}, {"p": 2, "margin": 0.6}, {"weight": weight}
    yield "multiMargin", f, "single sample", single, {}, {}
    lists = ints([[2, 0, -1], [-1, 1, 2], [1, -1, 1], [0, 1, 2]])
    yield "multiLabelMargin", F.multilabel_margin_loss, "2-D", {"y": y, "target": lists}, {}, {}
    yield "multiLabelMargin", F.multilabel_margin_loss, "1-D", {"y": y[0], "target": lists[0]}, {}, {}
    f = F.multilabel_soft_margin_loss
    yield "multiLabelSoftMargin", f, "2-D", {"y": y, "target": yes}, {}, {}
    yield "multiLabelSoftMargin", f, "weights", {"y": y, "target": yes}, {}, {"weight": weight}

    triple = {"y": y, "positive": t, "negative": s.fine([4, 3])}
    f = F.triplet_margin_loss
    yield "tripletMargin", f, "2-D", triple, {}, {}
    yield "tripletMargin", f, "swap, p 3", triple, {"swap": True, "p": 3, "margin": 2, "eps": 0.01}, {}
    f = F.triplet_margin_with_distance_loss
    yield "tripletMarginWithDistance", f, "by default", triple, {"margin": 2}, {}
    yield "tripletMarginWithDistance", f, "cosine", triple, {"swap": True}, {}


    # Repeated labels, an empty target, short inputs, and a target that does not fit into its input.
    heard = s.fine([6, 4, 5])
    said = ints([[1, 2, 2], [3, 4, 1], [2, 2, 2], [1, 1, 1]])
    lengths = {"inputLengths": ints([6, 4, 5, 6]), "targetLengths": ints([3, 2, 3, 0])}
    yield "ctc", ctc, "2-D", {"y": heard, "target": said, **lengths}, {}, {}
    yield "ctc", ctc, "blank", {"y": heard, "target": ints([[0, 2, 2], [1, 0, 1], [2, 0, 2], [1, 1, 1]]), **lengths}, {
        "blank": 4
    }, {}
    short = {"inputLengths": ints([6, 4, 3, 1]), "targetLengths": ints([3, 2, 3, 1])}
    yield "ctc", ctc, "too short", {"y": heard, "target": said, **short}, {"zeroInfinity": True}, {}


TORCH = {
    "zeroInfinity": "zero_infinity",
    "ignoreIndex": "ignore_index",
    "labelSmoothing": "label_smoothing",
    "posWeight": "pos_weight",
    "logTarget": "log_target",
    "logInput": "log_input",
}
# Their targets have gradients in PyTorch that nobody asks for, or none.
FIXED_TARGET = ("bce", "bceWithLogits", "poissonNLL", "hingeEmbedding", "softMargin", "marginRanking")
FIXED_TARGET += ("cosineEmbedding", "multiLabelSoftMargin", "gaussianNLL", "klDiv", "crossEntropy")


def all_derivatives(g, inputs, name, wrt, cotangent):
    """As `derivatives`; of the losses for which PyTorch has no forward mode, by two reverse passes, or one."""
    try:
        return derivatives(g, inputs, name, wrt, cotangent)
    except (NotImplementedError, RuntimeError) as error:
        assert "implemented" in str(error), error
    except AssertionError:
        pass  # binary cross-entropy: an ε in one mode and not in the other
    source = Source(f"{name} tangents")
    leaves = {k: x.detach().clone().requires_grad_(k in wrt) for k, x in inputs.items()}
    y = g(**leaves)
    dy = (source.uniform(y.shape, -1, 1) if cotangent is None else cotangent).clone().requires_grad_()
    v = {k: source.uniform(inputs[k].shape, -1, 1) for k in wrt}
    xs = [leaves[k] for k in wrt]
    gradients = torch.autograd.grad(y, xs, dy, create_graph=True)
    out = {"dy": dy, "gradients": dict(zip(wrt, gradients)), "tangents": v}
    s = sum((gradient * v[k]).sum() for k, gradient in zip(wrt, gradients))
    try:
        *hvp, jvp = torch.autograd.grad(s, [*xs, dy], materialize_grads=True)
    except (NotImplementedError, RuntimeError) as error:
        assert "implemented" in str(error), error
        return out
    return out | {"jvp": jvp, "hvp": dict(zip(wrt, hvp))}


def rows():
    for name, f, note, inputs, options, tensors in cases():
        reductions = (*REDUCTIONS, "batchmean") if name == "klDiv" else REDUCTIONS
        for reduction in reductions:
            named = {TORCH.get(k, k): v for k, v in (options | tensors).items()}
            if note == "cosine":
                named["distance_function"] = cosine_distance

            def g(f=f, named=named, reduction=reduction, **xs):
                return f(*xs.values(), reduction=reduction, **named)

            wrt = [k for k, x in inputs.items() if x.dtype == F64 and not (k == "target" and name in FIXED_TARGET)]
            one = None if reduction == "none" else torch.ones((), dtype=F64)
            d = all_derivatives(g, inputs, f"{name} {note} {reduction}", wrt, one)
            yield {
                "cost": name,
                "note": note,
                "options": {**options, "reduction": reduction},
                "tensors": tensors,
                "inputs": inputs,
                "loss": g(**inputs),
                "dloss": d["dy"],
                **{k: d[k] for k in ("gradients", "tangents", "jvp", "hvp") if k in d},
            }
