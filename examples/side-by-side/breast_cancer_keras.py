import pandas as pd
from keras import Sequential, layers, utils
from sklearn.model_selection import train_test_split

utils.set_random_seed(0)
x = pd.read_csv("data/breast_cancer.csv")
y = x.pop("tumor").astype("category").cat.codes
x_train, x_test, y_train, y_test = train_test_split(x, y, stratify=y, random_state=0)
scale = layers.Normalization()
scale.adapt(x_train.to_numpy())
model = Sequential([scale, layers.Dense(100, "relu"), layers.Dense(2, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=200, verbose=0)
print(model.evaluate(x_test, y_test, verbose=0)[1])
