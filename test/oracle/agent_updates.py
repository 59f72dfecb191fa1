"""Updates of DQN, DDPG, TD3 and SAC in PyTorch: agent-updates.json. As stable-baselines3 computes them.

    .venv/bin/python test/oracle/agent_updates.py
"""

import copy
import json
import pathlib

import torch
import torch.nn.functional as F
from torch import nn

torch.set_default_dtype(torch.float64)
GAMMA, TAU, LR, UPDATES, BATCH = 0.9, 0.1, 0.05, 3, 6
OBSERVED, ACTIONS, SIZE = 3, 4, 2


def layers(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, 5), nn.Tanh(), nn.Linear(5, outputs))


def weights(module):
    return [parameter.detach().flatten().tolist() for parameter in module.parameters()]


def batch(generator, discrete):
    def normal(*shape):
        return torch.randn(*shape, generator=generator)

    if discrete:
        action = torch.randint(ACTIONS, (BATCH,), generator=generator)
    else:
        action = 2 * torch.rand(BATCH, SIZE, generator=generator) - 1
    return {
        "observation": normal(BATCH, OBSERVED),
        "action": action,
        "reward": normal(BATCH),
        "nextObservation": normal(BATCH, OBSERVED),
        "terminated": torch.tensor([False, True, False, False, True, False]),
    }


def descend(optimizer, loss, parameters=None, most=None):
    optimizer.zero_grad()
    loss.backward()
    if parameters is not None:
        nn.utils.clip_grad_norm_(parameters, most)
    optimizer.step()


def follow(target, online, tau):
    with torch.no_grad():
        for to, source in zip(target.parameters(), online.parameters()):
            to.mul_(1 - tau).add_(tau * source)


def dqn(generator, double):
    torch.manual_seed(1)
    q = layers(OBSERVED, ACTIONS)
    target = layers(OBSERVED, ACTIONS)
    first = {"critic": weights(q), "target": weights(target)}
    optimizer = torch.optim.Adam(q.parameters(), LR)
    steps = []
    for _ in range(UPDATES):
        b = batch(generator, True)
        with torch.no_grad():
            following = target(b["nextObservation"])
            if double:
                best = q(b["nextObservation"]).argmax(1, keepdim=True)
                value = following.gather(1, best).squeeze(1)
            else:
                value = following.max(1).values
            aim = b["reward"] + GAMMA * ~b["terminated"] * value
        loss = F.smooth_l1_loss(q(b["observation"]).gather(1, b["action"][:, None]).squeeze(1), aim)
        descend(optimizer, loss, q.parameters(), 0.1)
        steps.append({"batch": b, "noise": [], "figures": {"loss": loss}})
    return {"first": first, "steps": steps, "last": {"critic": weights(q), "target": weights(target)}}


class Twin(nn.Module):
    def __init__(self, count):
        super().__init__()
        self.all = nn.ModuleList(layers(OBSERVED + SIZE, 1) for _ in range(count))

    def forward(self, observation, action):
        x = torch.cat([observation, action], 1)
        return [one(x).squeeze(1) for one in self.all]


def least(values):
    return torch.stack(values).min(0).values


def deterministic(generator, count, delay, noise, clip):
    torch.manual_seed(2)
    actor, critics = layers(OBSERVED, SIZE), Twin(count)
    target_actor, target_critics = layers(OBSERVED, SIZE), Twin(count)
    nets = {"actor": actor, "critics": critics, "targetActor": target_actor, "targetCritics": target_critics}
    first = {name: weights(net) for name, net in nets.items()}
    of_actor = torch.optim.Adam(actor.parameters(), LR)
    of_critics = torch.optim.Adam(critics.parameters(), LR)
    steps = []
    for i in range(UPDATES * delay):
        b = batch(generator, False)
        drawn = noise * torch.randn(BATCH, SIZE, generator=generator)
        with torch.no_grad():
            following = torch.tanh(target_actor(b["nextObservation"]))
            following = (following + drawn.clamp(-clip, clip)).clamp(-1, 1)
            value = least(target_critics(b["nextObservation"], following))
            aim = b["reward"] + GAMMA * ~b["terminated"] * value
        loss = sum(F.mse_loss(one, aim) for one in critics(b["observation"], b["action"]))
        descend(of_critics, loss)
        figures = {"criticLoss": loss}
        if (i + 1) % delay == 0:
            loss = -critics(b["observation"], torch.tanh(actor(b["observation"])))[0].mean()
            descend(of_actor, loss)
            figures["actorLoss"] = loss
            follow(target_critics, critics, TAU)
            follow(target_actor, actor, TAU)
        steps.append({"batch": b, "noise": [drawn] if noise > 0 else [], "figures": figures})
    return {"first": first, "steps": steps, "last": {name: weights(net) for name, net in nets.items()}}


def sac(generator, temperature):
    torch.manual_seed(3)
    actor, critics, target_critics = layers(OBSERVED, 2 * SIZE), Twin(2), Twin(2)
    log_alpha = torch.tensor(-0.5, requires_grad=True)
    nets = {"actor": actor, "critics": critics, "targetCritics": target_critics}
    first = {name: weights(net) for name, net in nets.items()}
    of_actor = torch.optim.Adam(actor.parameters(), LR)
    of_critics = torch.optim.Adam(critics.parameters(), LR)
    of_alpha = torch.optim.Adam([log_alpha], LR)

    def draw(observation, noise):
        center, log_std = actor(observation).chunk(2, 1)
        base = torch.distributions.Normal(center, log_std.clamp(-20, 2).exp())
        point = center + log_std.clamp(-20, 2).exp() * noise
        action = torch.tanh(point)
        slope = torch.distributions.transforms.TanhTransform().log_abs_det_jacobian(point, action)
        return action, (base.log_prob(point) - slope).sum(1)

    steps = []
    for _ in range(UPDATES):
        b = batch(generator, False)
        noise = [torch.randn(BATCH, SIZE, generator=generator) for _ in range(2)]
        action, log_prob = draw(b["observation"], noise[0])
        alpha = torch.tensor(temperature) if temperature is not None else log_alpha.exp().detach()
        if temperature is None:
            descend(of_alpha, -(log_alpha * (log_prob - SIZE).detach()).mean())
        with torch.no_grad():
            following, following_log_prob = draw(b["nextObservation"], noise[1])
            value = least(target_critics(b["nextObservation"], following)) - alpha * following_log_prob
            aim = b["reward"] + GAMMA * ~b["terminated"] * value
        critic_loss = sum(F.mse_loss(one, aim) for one in critics(b["observation"], b["action"]))
        descend(of_critics, critic_loss)
        actor_loss = (alpha * log_prob - least(critics(b["observation"], action))).mean()
        descend(of_actor, actor_loss)
        follow(target_critics, critics, TAU)
        figures = {
            "actorLoss": actor_loss,
            "criticLoss": critic_loss,
            "temperature": alpha,
            "entropy": -log_prob.mean(),
        }
        steps.append({"batch": b, "noise": noise, "figures": figures})
    return {"first": first, "steps": steps, "last": {name: weights(net) for name, net in nets.items()}}


def plain(value):
    if isinstance(value, torch.Tensor):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return round(value, 9) if isinstance(value, float) else value


generator = torch.Generator().manual_seed(0)
answers = {
    "settings": {"gamma": GAMMA, "tau": TAU, "lr": LR, "batchSize": BATCH},
    "DQN": dqn(generator, True),
    "DQN, not double": dqn(generator, False),
    "DDPG": deterministic(generator, 1, 1, 0, 0),
    "TD3": deterministic(generator, 2, 2, 0.5, 0.4),
    "SAC": sac(generator, None),
    "SAC, fixed temperature": sac(generator, 0.3),
}
path = pathlib.Path(__file__).with_name("agent-updates.json")
path.write_text(json.dumps(plain(answers)) + "\n")
