"""PPO on CartPole-v1 in PyTorch, as CleanRL writes it: Gymnasium's environments one after the other, and op by op.

CleanRL's curves and diagnostics are left out, and Adam is fused. It takes the number of threads with which it is
fastest, of one and those that it may use.
Install: `npm run bench:peers`, or `pip install torch==2.13.0 gymnasium==1.3.0 numpy`.
"""

import time

import gymnasium as gym
import numpy as np
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from torch import nn
from torch.distributions import Categorical

from serve import Session, serve

NAME = "CartPole-v1"
TRIAL_UPDATES = 3


def make_environment():
    return gym.wrappers.RecordEpisodeStatistics(gym.make(NAME))


def layer(inputs, out, gain=np.sqrt(2)):
    linear = nn.Linear(inputs, out)
    nn.init.orthogonal_(linear.weight, gain)
    nn.init.zeros_(linear.bias)
    return linear


def network(inputs, hidden, out, gain):
    layers = []
    for size in hidden:
        layers += [layer(inputs, size), nn.Tanh()]
        inputs = size
    return nn.Sequential(*layers, layer(inputs, out, gain))


class Agent(nn.Module):
    def __init__(self, inputs, hidden, actions):
        super().__init__()
        self.critic = network(inputs, hidden, 1, 1.0)
        self.actor = network(inputs, hidden, actions, 0.01)

    def forward(self, x, action=None):
        """→ action, log π(action|x), entropy and v(x), [B] each"""
        policy = Categorical(logits=self.actor(x))
        if action is None:
            action = policy.sample()
        return action, policy.log_prob(action), policy.entropy(), self.critic(x).flatten()


class Ppo(Session):
    def __init__(self, file, threads):
        self.settings = file.header["ppo"]
        self.batch = self.settings["environments"] * self.settings["rollout"]
        self.total = self.settings["steps"] // self.batch
        self.fixed_steps = self.settings["chunk"] * self.batch
        self.note = self.choose_threads(threads)

    def choose_threads(self, threads):
        seconds = {}
        for count in sorted({1, threads}):
            torch.set_num_threads(count)
            self.begin(0)
            self.update()
            started = time.perf_counter()
            for _ in range(TRIAL_UPDATES):
                self.update()
            seconds[count] = time.perf_counter() - started
        best = min(seconds, key=seconds.get)
        torch.set_num_threads(best)
        found = [f"{TRIAL_UPDATES * self.batch / each:,.0f} with {count}" for count, each in seconds.items()]
        return f"threads: {best} (steps a second at first: {', '.join(found)})"

    def begin(self, seed):
        np.random.seed(seed)
        torch.manual_seed(seed)
        n, rollout = self.settings["environments"], self.settings["rollout"]
        self.environments = SyncVectorEnv([make_environment] * n, autoreset_mode=AutoresetMode.SAME_STEP)
        inputs = int(np.prod(self.environments.single_observation_space.shape))
        self.agent = Agent(inputs, self.settings["hidden"], self.environments.single_action_space.n)
        self.optimizer = torch.optim.Adam(
            self.agent.parameters(), lr=self.settings["lr"], eps=self.settings["eps"], fused=True
        )
        self.observations = torch.zeros(rollout, n, inputs)
        self.actions = torch.zeros(rollout, n, dtype=torch.int64)
        self.logs, self.rewards, self.dones, self.values = (torch.zeros(rollout, n) for _ in range(4))
        self.next_observation = torch.from_numpy(self.environments.reset(seed=seed)[0])
        self.next_done = torch.zeros(n)
        self.done_updates = 0
        self.returns = []

    def play(self):
        for step in range(len(self.rewards)):
            self.observations[step] = self.next_observation
            self.dones[step] = self.next_done
            with torch.no_grad():
                action, self.logs[step], _, self.values[step] = self.agent(self.next_observation)
            self.actions[step] = action
            observation, reward, terminated, truncated, info = self.environments.step(action.numpy())
            self.rewards[step] = torch.from_numpy(reward)
            self.next_observation = torch.from_numpy(observation)
            self.next_done = torch.from_numpy(np.logical_or(terminated, truncated)).float()
            if "final_info" in info:
                episode = info["final_info"]["episode"]
                self.returns += episode["r"][info["final_info"]["_episode"]].tolist()

    @torch.no_grad()
    def advantages(self):
        gamma, decay = self.settings["gamma"], self.settings["lambda"]
        advantages = torch.zeros_like(self.rewards)
        next_value, next_done = self.agent.critic(self.next_observation).flatten(), self.next_done
        advantage = 0
        for t in reversed(range(len(self.rewards))):
            delta = self.rewards[t] + gamma * next_value * (1 - next_done) - self.values[t]
            advantages[t] = advantage = delta + gamma * decay * (1 - next_done) * advantage
            next_value, next_done = self.values[t], self.dones[t]
        return advantages

    def cost(self, x, actions, logs, advantages, returns, values):
        clip = self.settings["clip"]
        _, new_logs, entropy, new_values = self.agent(x, actions)
        ratio = (new_logs - logs).exp()
        advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        actor = torch.max(-advantages * ratio, -advantages * ratio.clamp(1 - clip, 1 + clip)).mean()
        clipped = values + (new_values - values).clamp(-clip, clip)
        critic = 0.5 * torch.max((new_values - returns) ** 2, (clipped - returns) ** 2).mean()
        weights = self.settings["valueWeight"], self.settings["entropyWeight"]
        return actor + weights[0] * critic - weights[1] * entropy.mean()

    def update(self):
        # The rate begins anew after the last update, so that the time of more updates can be taken.
        left = 1 - self.done_updates % self.total / self.total
        self.optimizer.param_groups[0]["lr"] = left * self.settings["lr"]
        self.play()
        advantages = self.advantages()
        parts = (self.logs, advantages, advantages + self.values, self.values)
        whole = (
            self.observations.flatten(0, 1),
            self.actions.flatten(),
            *(part.flatten() for part in parts),
        )
        indices = np.arange(self.batch)
        for _ in range(self.settings["epochs"]):
            np.random.shuffle(indices)
            for own in np.split(indices, self.settings["minibatches"]):
                cost = self.cost(*(part[own] for part in whole))
                self.optimizer.zero_grad()
                cost.backward()
                nn.utils.clip_grad_norm_(self.agent.parameters(), self.settings["maxGradNorm"])
                self.optimizer.step()
        self.done_updates += 1

    def run(self, steps):
        for _ in range(steps // self.batch):
            self.update()

    def learn(self, seed, begun):
        self.begin(seed)
        self.run(self.fixed_steps)
        begun()
        steps = self.total * self.batch
        self.run(steps - self.fixed_steps)
        return steps, self.returns


if __name__ == "__main__":
    version = f"{torch.__version__} (gymnasium {gym.__version__})"
    serve("torch-ppo", version, ["rl"], lambda request, file: Ppo(file, request["threads"]))
