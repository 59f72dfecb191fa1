"""PPO on CartPole-v1 in JAX, as purejaxrl writes it: environments, rollouts and updates in one jitted scan.

Install: `npm run bench:peers`, or `pip install jax jaxlib optax numpy`.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from serve import Session, serve

MAX_STEPS = 500
MAX_X, MAX_ANGLE = 2.4, 12 * 2 * np.pi / 360


class World(NamedTuple):
    """CartPole-v1, and the steps of the episode, which are its return."""

    x: jax.Array
    v: jax.Array
    theta: jax.Array
    omega: jax.Array
    steps: jax.Array


def observe(world):
    return jnp.stack(world[:4])


def begin(key):
    return World(*jax.random.uniform(key, (4,), minval=-0.05, maxval=0.05), jnp.int32(0))


def advance(key, world, action):
    """→ the world after the step, or a new one if the episode has ended, and whether it has."""
    x, v, theta, omega, steps = world
    force = jnp.where(action == 1, 10.0, -10.0)
    cos, sin = jnp.cos(theta), jnp.sin(theta)
    push = (force + 0.05 * omega**2 * sin) / 1.1
    turn = (9.8 * sin - cos * push) / (0.5 * (4 / 3 - 0.1 * cos**2 / 1.1))
    pull = push - 0.05 * turn * cos / 1.1
    after = World(x + 0.02 * v, v + 0.02 * pull, theta + 0.02 * omega, omega + 0.02 * turn, steps + 1)
    fallen = (jnp.abs(after.x) > MAX_X) | (jnp.abs(after.theta) > MAX_ANGLE)
    done = fallen | (after.steps >= MAX_STEPS)
    following = jax.tree.map(lambda fresh, old: jnp.where(done, fresh, old), begin(key), after)
    return following, after.steps, done


def build_parameters(key, hidden):
    """Actor and critic: [(weight [in, out], bias [out]), …] each."""
    keys = iter(jax.random.split(key, 2 * (len(hidden) + 1)))

    def network(out, gain):
        sizes = [4, *hidden, out]
        gains = [np.sqrt(2)] * len(hidden) + [gain]
        return [
            (jax.nn.initializers.orthogonal(g)(next(keys), (rows, columns)), jnp.zeros(columns))
            for rows, columns, g in zip(sizes, sizes[1:], gains)
        ]

    return {"actor": network(2, 0.01), "critic": network(1, 1.0)}


def forward(layers, x):
    for weight, bias in layers[:-1]:
        x = jnp.tanh(x @ weight + bias)
    weight, bias = layers[-1]
    return x @ weight + bias


def act_and_judge(parameters, x):
    """→ log π(·|x) [B, 2] and v(x) [B]"""
    return jax.nn.log_softmax(forward(parameters["actor"], x)), forward(parameters["critic"], x)[..., 0]


class Moment(NamedTuple):
    """What is kept of a step."""

    observation: jax.Array
    action: jax.Array
    log_probability: jax.Array
    value: jax.Array
    done: jax.Array
    length: jax.Array


def log_probability_of(logs, action):
    return jnp.take_along_axis(logs, action[:, None], 1)[:, 0]


def build_update(settings, updates):
    """(carry, key) → carry, episodes: one rollout, and the descent on it. The rate falls to 0 in `updates`."""
    n, rollout = settings["environments"], settings["rollout"]
    epochs, minibatches = settings["epochs"], settings["minibatches"]
    clip, gamma, decay = settings["clip"], settings["gamma"], settings["lambda"]

    def rate(count):
        # It begins anew after the last update, so that the time of more updates can be taken.
        return settings["lr"] * (1 - (count // (minibatches * epochs)) % updates / updates)

    optimizer = optax.chain(
        optax.clip_by_global_norm(settings["maxGradNorm"]), optax.adam(rate, eps=settings["eps"])
    )

    def step(carry, key):
        parameters, worlds = carry
        own, other = jax.random.split(key)
        x = jax.vmap(observe)(worlds)
        logs, value = act_and_judge(parameters, x)
        action = jax.random.categorical(own, logs)
        worlds, length, done = jax.vmap(advance)(jax.random.split(other, n), worlds, action)
        moment = Moment(x, action, log_probability_of(logs, action), value, done, length)
        return (parameters, worlds), moment

    def advantages_of(moments, last_value):
        def back(carry, moment):
            advantage, next_value = carry
            goes_on = 1.0 - moment.done
            delta = 1.0 + gamma * next_value * goes_on - moment.value
            advantage = delta + gamma * decay * goes_on * advantage
            return (advantage, moment.value), advantage

        start = (jnp.zeros_like(last_value), last_value)
        return jax.lax.scan(back, start, moments, reverse=True, unroll=16)[1]

    def cost(parameters, batch):
        moment, advantage, target = batch
        logs, value = act_and_judge(parameters, moment.observation)
        ratio = jnp.exp(log_probability_of(logs, moment.action) - moment.log_probability)
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        actor = -jnp.minimum(ratio * advantage, jnp.clip(ratio, 1 - clip, 1 + clip) * advantage).mean()
        clipped = moment.value + jnp.clip(value - moment.value, -clip, clip)
        critic = 0.5 * jnp.maximum((value - target) ** 2, (clipped - target) ** 2).mean()
        entropy = -(jnp.exp(logs) * logs).sum(1).mean()
        return actor + settings["valueWeight"] * critic - settings["entropyWeight"] * entropy

    def descend(carry, batch):
        parameters, state = carry
        updates, state = optimizer.update(jax.grad(cost)(parameters, batch), state, parameters)
        return (optax.apply_updates(parameters, updates), state), None

    def update(carry, key):
        parameters, state, worlds = carry
        keys = jax.random.split(key, rollout + epochs)
        (_, worlds), moments = jax.lax.scan(step, (parameters, worlds), keys[:rollout])
        _, last_value = act_and_judge(parameters, jax.vmap(observe)(worlds))
        advantages = advantages_of(moments, last_value)
        batch = (moments, advantages, advantages + moments.value)
        flat = jax.tree.map(lambda a: a.reshape(n * rollout, *a.shape[2:]), batch)

        def epoch(carry, key):
            order = jax.random.permutation(key, n * rollout)
            parts = jax.tree.map(lambda a: a[order].reshape(minibatches, -1, *a.shape[1:]), flat)
            return jax.lax.scan(descend, carry, parts)[0], None

        (parameters, state), _ = jax.lax.scan(epoch, (parameters, state), keys[rollout:])
        return (parameters, state, worlds), (moments.done, moments.length)

    return optimizer, update


class Ppo(Session):
    def __init__(self, file):
        self.settings = file.header["ppo"]
        batch = self.settings["environments"] * self.settings["rollout"]
        self.updates = self.settings["chunk"]
        self.fixed_steps = self.updates * batch
        self.total = self.settings["steps"] // batch

    def begin(self, seed):
        settings = self.settings
        optimizer, update = build_update(settings, self.total)

        def many(carry, key):
            key, *own = jax.random.split(key, self.updates + 1)
            carry, episodes = jax.lax.scan(update, carry, jnp.stack(own))
            return carry, key, episodes

        def first(key):
            key, own, other = jax.random.split(key, 3)
            parameters = build_parameters(own, settings["hidden"])
            worlds = jax.vmap(begin)(jax.random.split(other, settings["environments"]))
            return (parameters, optimizer.init(parameters), worlds), key

        self.carry, self.key = jax.jit(first)(jax.random.key(seed))
        self.many = jax.jit(many, donate_argnums=0)

    def run(self, steps):
        self.carry, self.key, self.episodes = self.many(self.carry, self.key)
        jax.block_until_ready(self.carry)

    def learn(self, seed, begun):
        self.begin(seed)
        returns = []
        calls = self.total // self.updates
        for call in range(calls):
            self.run(self.fixed_steps)
            if call == 0:
                begun()
            done, length = (np.asarray(part).reshape(-1) for part in self.episodes)
            returns += length[done].tolist()
        return calls * self.fixed_steps, returns


def main():
    serve("jax-ppo", jax.__version__, ["rl"], lambda request, file: Ppo(file))


if __name__ == "__main__":
    main()
