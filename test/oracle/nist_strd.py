"""Writes nist-strd.json from the nonlinear regression problems of NIST's Statistical Reference Datasets
(https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml, public domain): nist_strd.py FOLDER, with their .dat files."""

import json
import re
import sys
from pathlib import Path


def read(file):
    lines = file.read_text().splitlines()
    text = "\n".join(lines)
    level = re.search(r"(Lower|Average|Higher) Level of Difficulty", text).group(1).lower()
    rows = [line.split("=")[1].split() for line in lines if re.match(r"\s*b\d+ =", line) and len(line.split("=")[1].split()) == 4]
    residual = float(re.search(r"Residual Sum of Squares:\s+(\S+)", text).group(1))
    first, last = map(int, re.search(r"Data\s+\(lines\s+(\d+)\s+to\s+(\d+)\)", text).groups())
    data = [[float(one) for one in line.split()] for line in lines[first - 1 : last]]
    return {
        "name": file.stem,
        "level": level,
        "starts": [[float(row[i]) for row in rows] for i in (0, 1)],
        "certified": [float(row[2]) for row in rows],
        "residual": residual,
        "data": [list(column) for column in zip(*data)],
    }


problems = [read(file) for file in sorted(Path(sys.argv[1]).glob("*.dat"))]
for one in problems:
    print(one["name"], one["level"], len(one["certified"]), [len(column) for column in one["data"]])
target = Path(__file__).parent / "nist-strd.json"
target.write_text("[\n" + ",\n".join(json.dumps(one) for one in problems) + "\n]\n")
