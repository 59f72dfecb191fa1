# PPO's loss of a mini-batch with its gradients, by PyTorch in float64: python test/oracle/policy_gradient.py writes
# policy-gradient.json. The loss is written as in stable_baselines3.ppo.PPO.train.
import json
import os

import torch
import torch.nn.functional as F
from torch.distributions import Bernoulli, Categorical, Normal

torch.set_default_dtype(torch.float64)
N = 12


def loss_of(distribution, value, batch, options):
    log_prob = distribution.log_prob(batch["action"])
    entropy = distribution.entropy()
    if log_prob.dim() > 1:
        log_prob, entropy = log_prob.sum(1), entropy.sum(1)
    advantage = batch["advantage"]
    if options["normalizeAdvantages"]:
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    epsilon = options["clipRange"]
    ratio = torch.exp(log_prob - batch["logProb"])
    clipped = torch.clamp(ratio, 1 - epsilon, 1 + epsilon)
    policy_loss = -torch.min(ratio * advantage, clipped * advantage).mean()
    value_loss = F.mse_loss(batch["returns"], value)
    if options["clipRangeValue"] is not None:
        bound = options["clipRangeValue"]
        near = batch["value"] + torch.clamp(value - batch["value"], -bound, bound)
        value_loss = torch.max((value - batch["returns"]) ** 2, (near - batch["returns"]) ** 2).mean()
    entropy = entropy.mean()
    loss = policy_loss + options["valueCoefficient"] * value_loss - options["entropyCoefficient"] * entropy
    return {
        "loss": loss,
        "policyLoss": policy_loss,
        "valueLoss": value_loss,
        "entropy": entropy,
        "approxKl": (ratio - 1 - torch.log(ratio)).mean(),
        "clipFraction": (torch.abs(ratio - 1) > epsilon).double().mean(),
    }


KINDS = {
    "Discrete": (3, lambda output, log_std: Categorical(logits=output)),
    "Box": (2, lambda output, log_std: Normal(output, log_std.exp())),
    "MultiBinary": (3, lambda output, log_std: Bernoulli(logits=output)),
}


def row(kind, seed, options):
    torch.manual_seed(seed)
    outputs, distribution_of = KINDS[kind]
    # Rounded, so that the file is short.
    draw = lambda *shape: (torch.randn(*shape) * 64).round() / 64
    output, log_std, value = draw(N, outputs).requires_grad_(), draw(outputs).requires_grad_(), draw(N).requires_grad_()
    distribution = distribution_of(output, log_std)
    action = distribution.sample() if kind != "Box" else draw(N, outputs)
    log_prob = distribution.log_prob(action).detach()
    batch = {
        "action": action,
        # Some ratios lie beyond 1 ± ε.
        "logProb": (log_prob.sum(1) if log_prob.dim() > 1 else log_prob) + 0.3 * draw(N),
        "value": value.detach() + 0.5 * draw(N),
        "advantage": draw(N),
        "returns": draw(N),
    }
    result = loss_of(distribution, value, batch, options)
    result["loss"].backward()
    gradients = {"output": output.grad, "value": value.grad}
    if kind == "Box":
        gradients["logStd"] = log_std.grad
    lists = lambda tensors: {name: tensor.tolist() for name, tensor in tensors.items()}
    given = lists({"output": output, "logStd": log_std, "nowValue": value, **batch})
    return {"kind": kind, "options": options, "given": given, "result": lists(result), "gradients": lists(gradients)}


def options(normalize, value_range, entropy):
    return {
        "normalizeAdvantages": normalize,
        "clipRange": 0.2,
        "clipRangeValue": value_range,
        "entropyCoefficient": entropy,
        "valueCoefficient": 0.5,
    }


rows = [
    row("Discrete", 1, options(True, None, 0.0)),
    row("Discrete", 2, options(False, 0.25, 0.01)),
    row("Box", 3, options(True, 0.25, 0.01)),
    row("MultiBinary", 4, options(True, None, 0.1)),
]
path = os.path.join(os.path.dirname(__file__), "policy-gradient.json")
with open(path, "w") as file:
    json.dump(rows, file, indent=None)
    file.write("\n")
