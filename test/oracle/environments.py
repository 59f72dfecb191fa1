# Trajectories of Gymnasium's classic control environments: python test/oracle/environments.py writes environments.json.
# Needs gymnasium (pip install gymnasium). Every 25th state is kept.
import json
import os
import warnings

import gymnasium
import numpy as np

warnings.simplefilter("ignore")
EVERY = 25


def action(i, choices):
    """The i-th action: the test computes the same."""
    return (i * i * 7 + 3 * i) % 11 % choices


def torque(i, most):
    return most * ((i * 7919 % 2001) / 1000 - 1)


def play(name, start, steps, act, dtype=np.float64):
    environment = gymnasium.make(name).unwrapped
    environment.reset(seed=0)
    environment.state = np.array(start, dtype=dtype)
    rows = []
    for i in range(steps):
        observation, reward, terminated, _, _ = environment.step(act(i))
        if (i + 1) % EVERY == 0:
            state = [float(value) for value in environment.state]
            rows.append([state, [float(value) for value in observation], float(reward), bool(terminated)])
    return {"start": start, "every": EVERY, "rows": rows}


box = lambda i, most: np.array([torque(i, most)], dtype=np.float32)
answers = {
    "CartPole": play("CartPole-v1", [0.01, -0.02, 0.03, 0.04], 1000, lambda i: action(i, 2)),
    "MountainCar": play("MountainCar-v0", [-0.5, 0], 1000, lambda i: action(i, 3)),
    "MountainCarContinuous": play(
        "MountainCarContinuous-v0", [-0.5, 0], 1000, lambda i: box(i, 1), np.float32
    ),
    # Its motion is chaotic: after some 700 steps the last bit of a cosine has grown to everything.
    "Acrobot": play("Acrobot-v1", [0.05, -0.03, 0.02, 0.01], 500, lambda i: action(i, 3)),
    "Pendulum": play("Pendulum-v1", [3.0, 0.5], 1000, lambda i: np.array([torque(i, 2)])),
}


def wrapped(wrap, actions):
    """What a wrapped Pendulum gives, from the state [3, 0.5]."""

    class Given(gymnasium.Wrapper):
        def reset(self, **options):
            _, info = super().reset(**options)
            self.unwrapped.state = np.array([3.0, 0.5])
            return self.unwrapped._get_obs(), info

    environment = wrap(Given(gymnasium.make("Pendulum-v1").unwrapped))
    observation, _ = environment.reset(seed=0)
    observations, rewards, ends = [observation], [], []
    for value in actions:
        observation, reward, _, truncated, _ = environment.step(np.array([value], dtype=np.float32))
        observations.append(observation)
        rewards.append(float(reward))
        ends.append(bool(truncated))
    return {
        "actions": actions,
        "observations": [[float(value) for value in np.ravel(one)] for one in observations],
        "rewards": rewards,
        "truncated": ends,
    }


of = gymnasium.wrappers
wrappers = {
    "clipped": wrapped(of.ClipAction, [torque(i, 5) for i in range(12)]),
    "rescaled": wrapped(lambda e: of.RescaleAction(e, -0.5, 3), [1.25 + torque(i, 1.75) for i in range(12)]),
    "stacked": wrapped(lambda e: of.FrameStackObservation(e, 3), [torque(i, 2) for i in range(6)]),
    "limited": wrapped(lambda e: of.TimeLimit(e, 12), [torque(i, 2) for i in range(12)]),
}
with open(os.path.join(os.path.dirname(__file__), "environments.json"), "w") as file:
    answers = {"gymnasium": gymnasium.__version__, "environments": answers, "wrappers": wrappers}
    json.dump(answers, file, separators=(",", ":"))
    file.write("\n")
