import { fromTypedArray, optim, type Tensor } from "thalweg";
import { type DataFile, valuesOf } from "../data-file.js";
import { pick } from "../serve.js";

type Make = new (parameters: readonly Tensor[], settings: object) => optim.Optimizer;

/** The parameters of a data file with their gradients, and its optimizer. */
export function buildDescent(file: DataFile, dtype: "float32" | "float64") {
  const { descent } = file.header;
  if (descent === undefined) throw new Error("the data file holds no descent");
  const tensor = (name: string): Tensor => {
    const values = valuesOf(file, name, Float32Array);
    return fromTypedArray(
      dtype === "float32" ? values : Float64Array.from(values),
      file.arrays.get(name)?.shape,
    );
  };
  const parameters = descent.shapes.map((_, i) => {
    const parameter = tensor(`w${i}`);
    parameter.requiresGrad = true;
    parameter.grad = tensor(`g${i}`);
    return parameter;
  });
  const make = (optim as unknown as Readonly<Record<string, Make | undefined>>)[descent.optimizer];
  if (make === undefined) throw new Error(`there is no optimizer ${descent.optimizer}`);
  return { optimizer: new make(parameters, descent.settings), parameters };
}

/** The values of the parameters after this many steps. */
export function valuesAfter(steps: number, step: () => unknown, parameters: readonly Tensor[]): number[] {
  for (let i = 0; i < steps; i++) step();
  return pick(parameters.flatMap(({ data }) => [...data]));
}
