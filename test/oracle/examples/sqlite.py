"""PyTorch's score on the trips of examples/sqlite.ts with the same network, over five seeds.

pip install torch==2.13.0
python test/oracle/examples/sqlite.py
"""

import sqlite3
import subprocess
import tempfile
from pathlib import Path

import torch
from shared import ROOT, mlp, over_seeds, train, write
from torch.nn.functional import mse_loss, one_hot

TRIPS, FIRST = 1_000_000, 20_000


def trips():
    """Distance and rain, hour, weekday and zone as positions, and fare, of all trips."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trips.db"
        subprocess.run(["npx", "tsx", "examples/sqlite.ts", "--make", str(file)], cwd=ROOT, check=True)
        select = "select distance, rain, hour, weekday, zone, fare from trips order by id"
        rows = sqlite3.connect(file).execute(select).fetchall()
    distance, rain, hour, weekday, zone, fare = zip(*rows)
    places = {name: place for place, name in enumerate(sorted(set(zone)))}
    numbers = torch.tensor([distance, rain], dtype=torch.float64).T
    categories = torch.tensor([hour, weekday, [places[name] for name in zone]]).T
    return numbers, categories, torch.tensor(fare, dtype=torch.float64)


NUMBERS, CATEGORIES, FARE = trips()
MEAN, DEVIATION = FARE[:FIRST].mean(), FARE[:FIRST].std(correction=0)
SCALED = (NUMBERS - NUMBERS[:FIRST].mean(0)) / NUMBERS[:FIRST].std(0, correction=0)
X = torch.cat([SCALED.float(), *(one_hot(column).float() for column in CATEGORIES.T)], 1)
Y = ((FARE - MEAN) / DEVIATION).float()


def score(_seed):
    model = mlp(X.shape[1], 64, 64, 1)
    cost = lambda batch: mse_loss(model(X[batch])[:, 0], Y[batch])
    train(cost, model.parameters(), TRIPS, epochs=1, batch_size=256, lr=0.001)
    with torch.no_grad():
        foretold = model(X[TRIPS:])[:, 0].double() * DEVIATION + MEAN
    true = FARE[TRIPS:]
    return {
        "R²": 1 - ((foretold - true) ** 2).sum() / ((true - true.mean()) ** 2).sum(),
        "mean absolute error": (foretold - true).abs().mean(),
    }


write("sqlite", {"Mlp": {"PyTorch": over_seeds(score)}})
