import pandas as pd
import torch
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = pd.read_csv("data/breast_cancer.csv")
y = x.pop("tumor").astype("category").cat.codes
x_train, x_test, y_train, y_test = train_test_split(x, y, stratify=y, random_state=0)
scaler = StandardScaler().fit(x_train)
x_train = torch.tensor(scaler.transform(x_train), dtype=torch.float32)
x_test = torch.tensor(scaler.transform(x_test), dtype=torch.float32)
y_train = torch.tensor(y_train.to_numpy("int64"))
data = DataLoader(TensorDataset(x_train, y_train), batch_size=32, shuffle=True)
model = nn.Sequential(nn.Linear(x.shape[1], 100), nn.ReLU(), nn.Linear(100, 2))
optimizer = torch.optim.Adam(model.parameters())
for _ in range(200):
    for x_batch, y_batch in data:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x_batch), y_batch).backward()
        optimizer.step()
with torch.no_grad():
    print(accuracy_score(y_test, model(x_test).argmax(1)))
