"""Goes on with trainings that Thalweg wrote: a line of JSON for each file named, what it comes to after all steps.

python test/oracle/interchange_resume.py SGD StepLR run.pt Adam OneCycleLR other.pt
"""

import json
import sys
import warnings

import torch

from interchange import HALF, STEPS, Run

warnings.simplefilter("ignore")
for optimizer, schedule, path in zip(*[iter(sys.argv[1:])] * 3):
    run = Run(optimizer, schedule)
    run.load(torch.load(path, weights_only=True))
    for _ in range(STEPS - HALF):
        run.step()
    print(json.dumps(run.end()))
