import pandas as pd
import torch
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = pd.read_csv("data/diabetes.csv")
y = x.pop("progression")
x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)
scaler = StandardScaler().fit(x_train)
x_train = torch.tensor(scaler.transform(x_train), dtype=torch.float32)
x_test = torch.tensor(scaler.transform(x_test), dtype=torch.float32)
mean, std = y_train.mean(), y_train.std()
y_train = torch.tensor(((y_train - mean) / std).to_numpy("float32")).unsqueeze(1)
data = DataLoader(TensorDataset(x_train, y_train), batch_size=32, shuffle=True)
model = nn.Sequential(nn.Linear(x.shape[1], 100), nn.ReLU(), nn.Linear(100, 1))
optimizer = torch.optim.Adam(model.parameters())
for _ in range(30):
    for x_batch, y_batch in data:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x_batch), y_batch).backward()
        optimizer.step()
with torch.no_grad():
    print(r2_score(y_test, model(x_test) * std + mean))
