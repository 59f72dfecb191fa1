import pandas as pd
from keras import Sequential, layers, utils
from sklearn.model_selection import train_test_split

utils.set_random_seed(0)
x = pd.read_csv("data/diabetes.csv")
y = x.pop("progression")
x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=0)
mean, std = y_train.mean(), y_train.std()
scale = layers.Normalization()
scale.adapt(x_train.to_numpy())
model = Sequential([scale, layers.Dense(100, "relu"), layers.Dense(1)])
model.compile("adam", "mse", metrics=["r2_score"])
model.fit(x_train, (y_train - mean) / std, epochs=30, verbose=0)
print(model.evaluate(x_test, (y_test - mean) / std, verbose=0)[1])
