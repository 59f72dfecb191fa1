import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

x = pd.read_csv("data/diabetes.csv")
y = x.pop("progression")
x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)
network = MLPRegressor(batch_size=32, max_iter=30, random_state=0)
scaled = TransformedTargetRegressor(network, transformer=StandardScaler())
model = make_pipeline(StandardScaler(), scaled).fit(x_train, y_train)
print(model.score(x_test, y_test))
