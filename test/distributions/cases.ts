// The distributions and their cases, as their files say them: for the tests, and for PyTorch's answers
// (test/oracle/distributions.ts).
import { Distribution } from "../../lib/distributions/distribution.js";
import * as distributions from "../../lib/distributions/index.js";
import { type Divergence, registeredDivergences } from "../../lib/distributions/kl-divergence.js";
import {
  type DistributionDescription,
  type DistributionPart,
  distributionDescription,
} from "../../lib/distributions/registry.js";
import type { Tensor } from "../../lib/index.js";
import type { Draw } from "../../lib/ops/cases.js";
import { isPlainObject } from "../../lib/options.js";
import { isTensor } from "../../lib/tensor/tensor.js";
import { isOracleTensor } from "../oracle/cases.js";
import { fromOracle } from "../oracle/compare.js";
import { DRAWS, draw, Source } from "../oracle/draw.js";
import type { OracleTensor } from "../oracle/read.js";

type Kind = new (...args: never[]) => Distribution;

/** A class of distributions that the package exports. */
export interface Family {
  readonly name: string;
  readonly kind: Kind;
  readonly description: DistributionDescription;
}

/** A case with its tensors drawn. */
export interface DrawnCase {
  readonly family: string;
  /** A Python expression. */
  readonly torch: string;
  readonly note: string;
  readonly args: readonly unknown[];
  readonly value: OracleTensor;
  /** Of value's shape, for `icdf`. */
  readonly probability: OracleTensor;
}

/** Two distributions, to compare the divergence of. */
export interface DrawnPair {
  readonly note: string;
  readonly p: Maker;
  readonly q: Maker;
}

interface Maker {
  readonly family: string;
  readonly torch: string;
  readonly args: readonly unknown[];
}

export const FAMILIES: readonly Family[] = Object.entries(distributions).flatMap(([name, kind]) => {
  const isFamily = typeof kind === "function" && kind.prototype instanceof Distribution;
  if (!isFamily) return [];
  const description = distributionDescription(kind);
  if (description === undefined) throw new Error(`${name} is exported, but its file does not register it`);
  return [{ name, kind: kind as Kind, description }];
});

const familyNamed = (name: string): Family => {
  const found = FAMILIES.find((family) => family.name === name);
  if (found === undefined) throw new Error(`there is no distribution ${name}`);
  return found;
};

export const CASES: readonly DrawnCase[] = FAMILIES.flatMap(({ name, description }) =>
  description.cases(DRAWS).map((one): DrawnCase => {
    const seed = `${name}: ${one.note}`;
    const value = draw(one.value, new Source(`${seed}, value`));
    const at = { draw: "floats", shape: value.shape, low: 0.05, high: 0.95 } as const;
    return {
      family: name,
      torch: description.torch ?? name,
      note: one.note,
      args: drawn(one.arguments, seed) as unknown[],
      value,
      probability: draw(at, new Source(`${seed}, probability`)),
    };
  }),
);

/** A title for each, as `test.each` takes them. */
export const TITLED = CASES.map((one): [string, DrawnCase] => [`${one.family}: ${one.note}`, one]);

const pairsOf = ({ p, q, cases }: Divergence): DrawnPair[] => {
  const nameOf = (kind: unknown): Family => {
    const found = FAMILIES.find((family) => family.kind === kind);
    if (found === undefined) throw new Error("a divergence of a class that is not exported");
    return found;
  };
  const [of, from] = [nameOf(p), nameOf(q)];
  const first = ({ description }: Family): readonly unknown[] =>
    description.cases(DRAWS)[0]?.arguments as unknown[];
  const all = [[first(of), first(from)], ...(cases?.(DRAWS) ?? [])];
  return all.map(([ofP, ofQ], i) => {
    const note = `${of.name} from ${from.name}, ${i}`;
    const maker = ({ name, description }: Family, side: string, args: unknown): Maker => ({
      family: name,
      torch: description.torch ?? name,
      args: drawn(args, `${note}, ${side}`) as unknown[],
    });
    return { note, p: maker(of, "p", ofP), q: maker(from, "q", ofQ) };
  });
};

export const PAIRS: readonly DrawnPair[] = registeredDivergences.flatMap(pairsOf);

/** Arguments with the tensors drawn. A part also gets PyTorch's expression. */
function drawn(value: unknown, seed: string): unknown {
  if (Array.isArray(value)) return value.map((item, i) => drawn(item, `${seed}, ${i}`));
  if (!isPlainObject(value)) return value;
  if ("draw" in value) return draw(value as Draw, new Source(seed));
  const entries = Object.entries(value).map(([key, item]) => [key, drawn(item, `${seed}, ${key}`)]);
  const all = Object.fromEntries(entries) as Record<string, unknown>;
  if (!("distribution" in value)) return all;
  const { name, description } = familyNamed((value as unknown as DistributionPart).distribution);
  return { ...all, torch: description.torch ?? name };
}

/** The tensors of drawn arguments, in the order in which they stand there. */
export function parametersOf(args: unknown): OracleTensor[] {
  if (isOracleTensor(args)) return [args];
  if (Array.isArray(args)) return args.flatMap(parametersOf);
  return isPlainObject(args) ? Object.values(args).flatMap(parametersOf) : [];
}

/** The arguments of a case, with those tensors in the place of its own. */
export function argumentsOf({ args }: Pick<Maker, "args">, tensors: readonly Tensor[]): unknown[] {
  const left = [...tensors];
  const put = (value: unknown): unknown => {
    if (isOracleTensor(value)) return left.shift();
    if (Array.isArray(value)) return value.map(put);
    if (!isPlainObject(value)) return value;
    if (!("distribution" in value)) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, put(item)]));
    }
    const part = value as unknown as DistributionPart;
    return new (familyNamed(part.distribution).kind)(...(put(part.arguments) as never[]));
  };
  return args.map(put);
}

/** The distribution of a case, with those tensors in the place of its own, and with more options. */
export function made(
  one: Pick<Maker, "family" | "args">,
  tensors: readonly Tensor[],
  options: object = {},
): Distribution {
  const all = argumentsOf(one, tensors);
  if (Object.keys(options).length > 0) {
    const own: unknown = isPlainObject(all.at(-1)) ? all.pop() : {};
    all.push({ ...(own as object), ...options });
  }
  return new (familyNamed(one.family).kind)(...(all as never[]));
}

/** The tensors of a case, as ours. */
export const tensorsOf = ({ args }: Pick<Maker, "args">): Tensor[] =>
  parametersOf(args).map((one) => fromOracle(one));

/** The number of first parameters by which a distribution's `cdf` has no derivative. */
export const fixedInCdf = ({ family }: DrawnCase): number => familyNamed(family).description.fixedInCdf ?? 0;

/** What is compared of a distribution: its results that are tensors, by name. */
export const RESULTS = {
  logProb: (of: Distribution, value: Tensor) => of.logProb(value),
  cdf: (of: Distribution, value: Tensor) => of.cdf(value),
  icdf: (of: Distribution, _: Tensor, probability: Tensor) => of.icdf(probability),
  entropy: (of: Distribution) => of.entropy(),
  mean: (of: Distribution) => of.mean,
  variance: (of: Distribution) => of.variance,
  stddev: (of: Distribution) => of.stddev,
  mode: (of: Distribution) => of.mode,
} as const;

export type Result = keyof typeof RESULTS;

export const isResultOf = (of: Distribution, result: Result, value: Tensor, probability: Tensor): boolean => {
  try {
    return isTensor(RESULTS[result](of, value, probability));
  } catch (error) {
    if (/is not available/.test(String(error))) return false;
    throw error;
  }
};
