// Made by scripts/describe-instructions.mjs from what the addon says of its instructions.

/** By family, the names of the operands and of the parameters that its instructions have. */
export interface Names {
  argsort: {
    operand: "x" | "y";
    param: "outer" | "axis" | "inner" | "descending";
  };
  chain: {
    operand: "inputs" | "results";
    param: "n" | "period" | "inputs" | "ops" | "steps";
  };
  check: {
    operand: "x";
    param: "who";
  };
  concat: {
    operand: "inputs" | "y";
    param: "count" | "outer" | "sizes";
  };
  cross_entropy: {
    operand: "y" | "target" | "loss" | "d" | "dy";
    param: "rows" | "n";
  };
  cumsum: {
    operand: "x" | "y";
    param: "outer" | "axis" | "inner";
  };
  elementwise: {
    operand: "a" | "b" | "y" | "x" | "c" | "condition";
    param: "rank" | "shape" | "stridesA" | "stridesB" | "stridesX" | "stridesC" | "stridesCondition";
  };
  index: {
    operand: "x" | "index" | "y" | "target" | "source";
    param: "outer" | "axis" | "inner" | "count";
  };
  linear_algebra: {
    operand: "x" | "L" | "a" | "b" | "y";
    param: "S" | "n" | "m" | "upper" | "transpose" | "unitDiagonal" | "atol" | "rtol";
  };
  linear_scan: {
    operand: "a" | "b" | "y";
    param: "outer" | "axis" | "inner";
  };
  matmul: {
    operand: "a" | "b" | "bias" | "addend" | "c" | "state" | "scale";
    param: "M" | "N" | "K" | "transposeA" | "transposeB" | "alpha" | "beta" | "activation" | "stateActivation";
  };
  matmul_batch: {
    operand: "a" | "b" | "bias" | "c";
    param: "S" | "M" | "N" | "K" | "transposeA" | "transposeB" | "eachA" | "eachB" | "eachBias" | "activation";
  };
  random: {
    operand: "state" | "y";
    param: "n" | "low" | "high" | "offset" | "mean" | "std";
  };
  reduce: {
    operand: "x" | "y";
    param: "outer" | "axis" | "inner";
  };
  rows: {
    operand: "x" | "y";
    param: "rows" | "n";
  };
  sample: {
    operand: "state" | "a" | "y" | "b";
    param: "rank" | "shape" | "stridesCounter" | "stridesA" | "stridesB";
  };
  sparse: {
    operand: "values" | "x" | "starts" | "index" | "order" | "bias" | "y" | "a";
    param: "samples" | "batch" | "rows" | "columns" | "entries";
  };
  strided: {
    operand: "x" | "y";
    param: "rank" | "shape" | "strides" | "offset";
  };
  update: {
    operand: "w" | "gradient" | "velocity" | "lr" | "step" | "momentum" | "m" | "v" | "maxV" | "beta1";
    param: "tensors" | "n" | "momentum" | "dampening" | "weightDecay" | "nesterov" | "maximize" | "beta1" | "beta2" | "eps" | "decoupled";
  };
  update_outer: {
    operand: "w" | "dz" | "x" | "velocity" | "lr" | "step" | "momentum" | "m" | "v" | "maxV" | "beta1";
    param: "rows" | "columns" | "momentum" | "dampening" | "weightDecay" | "nesterov" | "maximize" | "beta1" | "beta2" | "eps" | "decoupled";
  };
  update_product: {
    operand: "w" | "a" | "b" | "velocity" | "lr" | "step" | "momentum" | "m" | "v" | "maxV" | "beta1";
    param: "M" | "N" | "K" | "transposeA" | "transposeB" | "alpha" | "momentum" | "dampening" | "weightDecay" | "nesterov" | "maximize" | "beta1" | "beta2" | "eps" | "decoupled";
  };
}
