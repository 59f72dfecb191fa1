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
with open(os.path.join(os.path.dirname(__file__), "environments.json"), "w") as file:
    json.dump({"gymnasium": gymnasium.__version__, "environments": answers}, file, separators=(",", ":"))
    file.write("\n")
