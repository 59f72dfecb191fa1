import * as thalweg from "thalweg";
import { trainAndPrint } from "./train.mjs";

const model: thalweg.nn.Module = new thalweg.nn.Linear(2, 2);
if (model.parameters().length !== 2) throw new Error("expected a weight and a bias");
trainAndPrint(thalweg);
