"""Writes test/cli/iris.csv: Fisher's irises (1936), as scikit-learn has them. Needs pip install scikit-learn."""
import csv
from pathlib import Path

from sklearn.datasets import load_iris

iris = load_iris()
NAMES = ["sepalLength", "sepalWidth", "petalLength", "petalWidth", "species"]
with open(Path(__file__).parent.parent / "cli" / "iris.csv", "w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(NAMES)
    for row, species in zip(iris.data, iris.target):
        writer.writerow([*(f"{value:.1f}" for value in row), iris.target_names[species]])
