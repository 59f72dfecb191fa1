// The cases of all costs with PyTorch's answers, for the tests that hold for every cost.
import { cost, type Tensor } from "../../lib/index.js";
import { fromOracle } from "../oracle/compare.js";
import { costCases, type LossCase, writtenCost } from "../oracle/nets.js";
import { asRead, type CostRow, type OracleTensor, readCosts } from "../oracle/read.js";

export type FloatDType = "float32" | "float64";
type AnyCost = (...args: unknown[]) => Tensor;

/** A case of a cost and PyTorch's answers. */
export interface Answered {
  readonly own: LossCase;
  readonly row: CostRow;
}

const answers = new Map(readCosts().map((row) => [JSON.stringify(row.case), row]));

function answered(own: LossCase): [title: string, answered: Answered] {
  const row = answers.get(JSON.stringify(asRead(writtenCost(own))));
  if (row === undefined) {
    throw new Error(`the oracle has no answers for this case of ${own.name}: run python test/oracle/make.py`);
  }
  return [`${own.name}: ${own.note}, ${JSON.stringify(own.options ?? {})}, ${own.reduction}`, { own, row }];
}

/** All cases with all reductions, by name. */
export const CASES = costCases().map(answered);

/** The cost by its name, with nothing known of its arguments. */
export const costOf = ({ name }: LossCase): AnyCost =>
  (cost as Readonly<Record<string, unknown>>)[name] as AnyCost;

/** The options of a case, with its tensors and its reduction. */
export function optionsOf({ own, row }: Answered, dtype: FloatDType = "float64"): Record<string, unknown> {
  const tensors = Object.entries(row.tensors).map(([name, value]) => [name, fromOracle(value, dtype)]);
  return { ...own.options, ...Object.fromEntries(tensors), reduction: own.reduction };
}

/** What is compared with PyTorch: the cost of these inputs. */
export function lossOf(one: Answered, inputs: readonly Tensor[], dtype: FloatDType = "float64"): Tensor {
  const { compared = costOf(one.own) } = one.own.description;
  return (compared as AnyCost)(...inputs, optionsOf(one, dtype));
}

export const inputsOf = ({ row }: Answered, dtype: FloatDType = "float64"): Tensor[] =>
  Object.values<OracleTensor>(row.inputs).map((value) => fromOracle(value, dtype));

/** The inputs that are differentiated, by position. */
export function movingOf({ row }: Answered): readonly (readonly [name: string, position: number])[] {
  const names = Object.keys(row.inputs);
  return names.flatMap((name, i) => (row.gradients?.[name] === undefined ? [] : [[name, i] as const]));
}
