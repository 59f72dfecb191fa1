// Functions of one tensor, element by element.
import * as ops from "../../ops/index.js";
import { zeros } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ofOne } from "./inputs.js";
import { operator } from "./registry.js";

const FUNCTIONS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  Abs: (x) => ops.abs(x),
  Acos: (x) => ops.acos(x),
  Acosh: (x) => ops.acosh(x),
  Asin: (x) => ops.asin(x),
  Asinh: (x) => ops.asinh(x),
  Atan: (x) => ops.atan(x),
  Atanh: (x) => ops.atanh(x),
  Ceil: (x) => ops.ceil(x),
  Cos: (x) => ops.cos(x),
  Cosh: (x) => ops.cosh(x),
  Erf: (x) => ops.erf(x),
  Exp: (x) => ops.exp(x),
  Floor: (x) => ops.floor(x),
  IsNaN: (x) => ops.isNaN(x),
  Log: (x) => ops.log(x),
  Neg: (x) => ops.neg(x),
  Not: (x) => ops.logicalNot(x),
  Reciprocal: (x) => ops.reciprocal(x),
  Round: (x) => ops.round(x),
  Sigmoid: (x) => ops.sigmoid(x),
  Sign: (x) => ops.sign(x),
  Sin: (x) => ops.sin(x),
  Sinh: (x) => ops.sinh(x),
  Sqrt: (x) => ops.sqrt(x),
  Tan: (x) => ops.tan(x),
  Tanh: (x) => ops.tanh(x),
};

for (const [name, compute] of Object.entries(FUNCTIONS)) {
  operator(name, { since: 1, inputs: 1, make: () => ofOne(compute) });
}

operator("Identity", { since: 1, inputs: 1, make: () => ofOne((x) => x) });

operator("IsInf", {
  since: 10,
  inputs: 1,
  make: ({ attributes }) => {
    const negative = attributes.flag("detect_negative", true);
    const positive = attributes.flag("detect_positive", true);
    return ofOne((x) => {
      const isOne = (value: number): Tensor => ops.equal(x, value);
      if (negative && positive) return ops.logicalOr(isOne(-Infinity), isOne(Infinity));
      if (negative) return isOne(-Infinity);
      if (positive) return isOne(Infinity);
      return zeros(x.shape, { dtype: "bool" });
    });
  },
});
