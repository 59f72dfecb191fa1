import * as thalweg from "thalweg";
import { train } from "./train.mjs";

export default () => train(thalweg);
