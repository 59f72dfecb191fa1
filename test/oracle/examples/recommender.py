"""PyTorch's score on the ratings of examples/recommender.ts with the same network, over five seeds.

pip install torch==2.13.0
python test/oracle/examples/recommender.py
"""

import torch
from shared import over_seeds, rows, write
from torch import nn
from torch.nn.functional import mse_loss

TRAIN, TEST = (
    {name: torch.tensor([row[name] for row in part]) for name in ("user", "item", "stars")}
    for part in rows("recommender")
)
USERS, ITEMS = (1 + int(TRAIN[name].max()) for name in ("user", "item"))


class Factors(nn.Module):
    def __init__(self, mean, size=8):
        super().__init__()
        self.mean = mean
        self.user, self.item = nn.Embedding(USERS, size), nn.Embedding(ITEMS, size)
        self.user_bias, self.item_bias = nn.Embedding(USERS, 1), nn.Embedding(ITEMS, 1)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.1)

    def forward(self, user, item):
        product = (self.user(user) * self.item(item)).sum(1)
        return product + (self.user_bias(user) + self.item_bias(item)).flatten() + self.mean


def score(_seed, epochs=15):
    model = Factors(TRAIN["stars"].mean())
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.3)
    for _ in range(epochs):
        for batch in torch.randperm(len(TRAIN["stars"])).split(256):
            optimizer.zero_grad()
            mse_loss(model(TRAIN["user"][batch], TRAIN["item"][batch]), TRAIN["stars"][batch]).backward()
            optimizer.step()
    with torch.no_grad():
        error = mse_loss(model(TEST["user"], TEST["item"]), TEST["stars"])
    return {"root mean squared error": error.sqrt()}


write("recommender", {"Factors": {"PyTorch": over_seeds(score)}})
