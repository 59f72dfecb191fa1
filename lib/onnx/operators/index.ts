// Loads all operators.
import "./activations.js";
import "./arithmetic.js";
import "./attention.js";
import "./classical.js";
import "./dropout.js";
import "./indexing.js";
import "./making.js";
import "./normalization.js";
import "./pointwise.js";
import "./products.js";
import "./reductions.js";
import "./shapes.js";
import "./softmax.js";

export {
  bounds,
  type Compute,
  findOperator,
  ML,
  ONNX,
  type Operator,
  operatorNames,
  type Run,
} from "./registry.js";
