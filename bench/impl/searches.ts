// Searches of BBOB's functions by this library: the twin of peers/searches.py.
import { CMAES, type MinimizeOptions, minimize, SeparableCMAES } from "thalweg/gradient-free";
import { type Definition, FUNCTIONS, makeProblem, type Problem, startPoint } from "../bbob/index.js";
import type { Outside, Search, Searched } from "../protocol.js";

const BOUNDS = { lower: -5, upper: 5 };
/** As in peers/searches.py. */
const SIGMA = 2;

type Options = MinimizeOptions & { readonly batched?: false };

/** The options of each method. The same names are the same methods in peers/. */
const METHODS: Readonly<Record<string, Options>> = {
  "cma-es": { method: "cma-es", sigma: SIGMA },
  "cma-es, IPOP": { method: "cma-es", sigma: SIGMA, restarts: "ipop" },
  "cma-es, BIPOP": { method: "cma-es", sigma: SIGMA, restarts: "bipop" },
  "sep-cma-es": { method: "sep-cma-es", sigma: SIGMA },
  "openai-es": { method: "openai-es", sigma: 0.3, lr: 0.3, populationSize: 16 },
  "nelder-mead": { method: "nelder-mead", tolerance: { tolx: 1e-10, tolfun: 1e-10 } },
  "differential-evolution": {
    method: "differential-evolution",
    bounds: BOUNDS,
    tolerance: { tolfun: 0, tolrel: 1e-12 },
  },
  "random-search": { method: "random-search", sigma: SIGMA },
  "finite-difference-descent": { method: "finite-difference-descent" },
  spsa: { method: "spsa", c: 0.01 },
};

export const SEARCHES: readonly string[] = Object.keys(METHODS);

/** Thrown by the function when the last target is hit or the budget is spent. */
class Ended extends Error {}

async function run(options: Options, problem: Problem, { budget, targets, seed }: Search): Promise<Searched> {
  const hits: number[] = [];
  let evaluations = 0;
  const counted = (x: Float64Array): number => {
    if (evaluations === budget) throw new Ended();
    evaluations++;
    const value = problem.evaluate(x);
    while (value <= problem.fopt + (targets[hits.length] as number)) {
      hits.push(evaluations);
      if (hits.length === targets.length) throw new Ended();
    }
    return value;
  };
  const drawn = 1_000_000 * seed + 1000 * problem.id + problem.instance;
  await minimize(counted, startPoint(problem), { ...options, seed: drawn, maxEvaluations: budget }).catch(
    (error: unknown) => {
      if (!(error instanceof Ended)) throw error;
    },
  );
  const { instance } = problem;
  return { instance, evaluations, hits: targets.map((_, i) => hits[i] ?? null) };
}

/** Searches instances of a function, one after the other. */
export async function search(request: Search): Promise<Searched[]> {
  const options = METHODS[request.method];
  if (options === undefined) throw new Error(`unknown method ${request.method}`);
  const definition = FUNCTIONS.find(({ id }) => id === request.function) as Definition;
  const runs: Searched[] = [];
  for (const instance of request.instances) {
    runs.push(await run(options, makeProblem(definition, instance, request.d), request));
  }
  return runs;
}

/** Methods whose time outside f is taken. */
const TIMED = { "cma-es": CMAES, "sep-cma-es": SeparableCMAES };
export const OUTSIDE: readonly string[] = Object.keys(TIMED);

/** Microseconds per evaluation that a method takes outside f, by sample: the first generations on f9. */
export function timeOutside({ method, d, generations, minMillis }: Outside): number[] {
  const Method = TIMED[method as keyof typeof TIMED];
  const problem = makeProblem(FUNCTIONS.find(({ id }) => id === 9) as Definition, 1, d);
  const samples: number[] = [];
  const started = performance.now();
  do {
    const strategy = new Method(startPoint(problem), { sigma: SIGMA, seed: samples.length + 1 });
    let millis = 0;
    for (let generation = 0; generation < generations; generation++) {
      let before = performance.now();
      const points = strategy.ask();
      millis += performance.now() - before;
      const values = new Float64Array(points.length / d);
      for (let i = 0; i < values.length; i++)
        values[i] = problem.evaluate(points.subarray(i * d, (i + 1) * d));
      before = performance.now();
      strategy.tell(values);
      millis += performance.now() - before;
    }
    samples.push((1000 * millis) / strategy.evaluations);
  } while (samples.length < 2 || performance.now() - started < minMillis);
  // As in all that is timed, the first sample does not count.
  return samples.slice(1);
}
