// What a model makes of samples: its outputs, the cost of each, and what that means for classes or numbers.

import { formOf, type Part, partsIn } from "../data/parts.js";
import { asTensor, slice } from "../data/samples.js";
import { ThalwegError } from "../errors.js";
import { confusionMatrix } from "../metrics/confusion-matrix.js";
import type { AnyModule } from "../nn/module.js";
import { fromTypedArray } from "../tensor/create.js";
import { isFloat } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { collect } from "../train/collect.js";
import { lossesProgram, outputProgram } from "../train/compiled-model.js";
import { Forks } from "../train/forks.js";
import type { KeptSamples } from "../train/kept-samples.js";
import type { Objective } from "../train/objective.js";

/** Classes: the true one and the predicted one of each sample, by their positions. */
export interface ClassAnswers {
  readonly kind: "classes";
  readonly names: readonly string[];
  readonly target: Int32Array;
  readonly predicted: Int32Array;
}

/** Numbers: what was to come and what came, by target. */
export interface NumberAnswers {
  readonly kind: "numbers";
  readonly targets: readonly {
    readonly name: string;
    readonly target: Float64Array;
    readonly predicted: Float64Array;
  }[];
}

export interface Judgement {
  /** Null where the targets are neither classes nor numbers that the outputs have the shape of. */
  readonly answers: ClassAnswers | NumberAnswers | null;
  /** The cost of each sample; or why there is none. */
  readonly costs: Float64Array | string;
}

const BATCH = 1024;
/** The most that the outputs of the samples that are run together take. */
const MOST_BYTES = 1 << 26;
const BYTES_PER_NUMBER = 4;

type Answers = Judgement["answers"];

/** Runs the model on the samples, without a draw from the generators. @throws what the model throws */
export async function judge(model: AnyModule, objective: Objective, kept: KeptSamples): Promise<Judgement> {
  const { x, y, length } = kept.dataset;
  const [inputs, targets] = [partsIn(x), partsIn(y)];
  const program = outputProgram(model, formOf(x));
  const { results } = program.specialization("report", 1, inputs);
  const inSample = results.reduce((sum, { size }) => sum + size, 0);
  const most = Math.max(1, Math.floor(MOST_BYTES / (BYTES_PER_NUMBER * Math.max(1, inSample))));
  const pieces: Answers[] = [];
  for (let begin = 0; begin < length; begin += most) {
    const [own, wanted] = [inputs, targets].map((parts) =>
      parts.map((part) => slice(part, begin, Math.min(begin + most, length))),
    ) as [Part[], Part[]];
    const outputs = await collect("report", program, own, Math.min(BATCH, most, length - begin), {
      forks: Forks.ofCopies(),
    });
    pieces.push(answersOf(objective, kept, outputs, wanted.map(asTensor)));
  }
  const batchSize = Math.min(BATCH, most, length);
  return {
    answers: pieces.reduce(joined),
    costs: await costsOf(model, objective, [...inputs, ...targets], formOf(x), batchSize),
  };
}

/** The answers for some samples, and then those for others of the same model. */
function joined(a: Answers, b: Answers): Answers {
  if (a?.kind === "classes" && b?.kind === "classes") {
    const target = Int32Array.from([...a.target, ...b.target]);
    return { ...a, target, predicted: Int32Array.from([...a.predicted, ...b.predicted]) };
  }
  if (a?.kind !== "numbers" || b?.kind !== "numbers") return null;
  const targets = a.targets.map((own, at) => {
    const other = b.targets[at] as typeof own;
    const target = Float64Array.from([...own.target, ...other.target]);
    return { ...own, target, predicted: Float64Array.from([...own.predicted, ...other.predicted]) };
  });
  return { kind: "numbers", targets };
}

async function costsOf(
  model: AnyModule,
  objective: Objective,
  parts: readonly Part[],
  x: ReturnType<typeof formOf>,
  batchSize: number,
): Promise<Float64Array | string> {
  try {
    const program = lossesProgram(model, objective, x);
    const [costs] = await collect("report", program, parts, batchSize, { forks: Forks.ofCopies() });
    return Float64Array.from((costs as Tensor).storage.forReading());
  } catch (error) {
    if (error instanceof ThalwegError) return error.message;
    throw error;
  }
}

function answersOf(
  objective: Objective,
  { schema, classes }: KeptSamples,
  outputs: readonly Tensor[],
  targets: readonly Tensor[],
): Answers {
  const [output, target] = [outputs[0] as Tensor, targets[0] as Tensor];
  const [cost] = objective.costs;
  if (outputs.length > 1 || targets.length > 1) return null;
  const length = target.shape[0] as number;
  if (target.dtype === "int32" && target.rank === 1 && output.rank === 2) {
    const count = output.shape[1] as number;
    const names = schema?.classes?.map(String) ?? Array.from({ length: count }, (_, at) => String(at));
    const isOther = [...(classes?.keys() ?? [])].some((label) => label >= count);
    if (names.length < count || isOther) return null;
    return {
      kind: "classes",
      names,
      target: Int32Array.from(target.storage.forReading()),
      predicted: largest(output),
    };
  }
  if (!isFloat(target.dtype) || output.size !== target.size) return null;
  if (cost?.multilabel === true) return target.size === length ? yesOrNo(output, target, cost.outputs) : null;
  return schema === null ? columnsOf(output, target) : inUnits(schema, output, target);
}

/** The position of the greatest number of each row. */
function largest({ shape: [rows, columns], storage }: Tensor): Int32Array {
  const values = storage.forReading();
  return Int32Array.from({ length: rows as number }, (_, row) => {
    let best = 0;
    for (let at = 1; at < (columns as number); at++) {
      const begin = row * (columns as number);
      if ((values[begin + at] as number) > (values[begin + best] as number)) best = at;
    }
    return best;
  });
}

function yesOrNo(output: Tensor, target: Tensor, outputs = "probabilities"): ClassAnswers {
  const limit = outputs === "logits" ? 0 : outputs === "logProbabilities" ? Math.log(0.5) : 0.5;
  const over = (values: Tensor, least: number): Int32Array =>
    Int32Array.from(values.storage.forReading(), (value) => Number(value > least));
  return { kind: "classes", names: ["0", "1"], target: over(target, 0.5), predicted: over(output, limit) };
}

// More targets than this are no numbers of interest by themselves: an image, a sequence.
const MOST_TARGETS = 8;

function columnsOf(output: Tensor, target: Tensor): NumberAnswers | null {
  const rows = target.shape[0] as number;
  const count = target.size / rows;
  if (count > MOST_TARGETS) return null;
  const column = ({ storage }: Tensor, at: number): Float64Array => {
    const values = storage.forReading();
    return Float64Array.from({ length: rows }, (_, row) => values[row * count + at] as number);
  };
  const targets = Array.from({ length: count }, (_, at) => ({
    name: count === 1 ? "the target" : `target ${at}`,
    target: column(target, at),
    predicted: column(output, at),
  }));
  return { kind: "numbers", targets };
}

/** Numbers in their own units. */
function inUnits(schema: NonNullable<KeptSamples["schema"]>, output: Tensor, target: Tensor): NumberAnswers {
  const names = schema.targets;
  const numbers = (values: Tensor): readonly Readonly<Record<string, number>>[] => {
    const flat = fromTypedArray(values.storage.forReading(), [values.shape[0] as number, names.length]);
    const found = schema.inverse<number | Record<string, number>>(flat);
    return found.map((one) => (typeof one === "number" ? { [names[0] as string]: one } : one));
  };
  const [predicted, wanted] = [numbers(output), numbers(target)];
  const column = (rows: typeof wanted, name: string) => Float64Array.from(rows, (row) => row[name] as number);
  return {
    kind: "numbers",
    targets: names.map((name) => ({
      name,
      target: column(wanted, name),
      predicted: column(predicted, name),
    })),
  };
}

/** How often each class was taken for each: [true class][predicted class]. Targets that are ignored are left out. */
export function confusionOf({ names, target, predicted }: ClassAnswers): readonly (readonly number[])[] {
  const isClass = (label: number): boolean => label >= 0 && label < names.length;
  const kept = [...target.keys()].filter((at) => isClass(target[at] as number));
  if (kept.length === 0) return names.map(() => names.map(() => 0));
  const of = (labels: Int32Array): Int32Array => Int32Array.from(kept, (at) => labels[at] as number);
  return confusionMatrix(of(predicted), of(target), { labels: names.map((_, at) => at) }).values;
}

/** The positions of the samples of the highest cost, the highest first; NaN counts as the highest. */
export function worstOf(costs: Float64Array, most: number): number[] {
  const rank = (at: number): number => {
    const cost = costs[at] as number;
    return Number.isNaN(cost) ? Number.POSITIVE_INFINITY : cost;
  };
  return Array.from(costs.keys())
    .sort((a, b) => (rank(a) === rank(b) ? a - b : rank(b) - rank(a)))
    .slice(0, most);
}
