import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

x = pd.read_csv("data/breast_cancer.csv")
y = x.pop("tumor")
x_train, x_test, y_train, y_test = train_test_split(x, y, stratify=y, random_state=0)
model = make_pipeline(StandardScaler(), MLPClassifier(batch_size=32, random_state=0))
print(model.fit(x_train, y_train).score(x_test, y_test))
