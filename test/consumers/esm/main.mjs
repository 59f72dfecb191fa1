import * as thalweg from "thalweg";
import { trainAndPrint } from "./train.mjs";

trainAndPrint(thalweg);
