import { performance } from "node:perf_hooks";
import { checkFinite, type Samples, toDataset } from "../data/dataset.js";
import { readBatchSize } from "../data/loader.js";
import { ArgumentError } from "../errors.js";
import { Module } from "../nn/module.js";
import {
  checkChoice,
  checkFunction,
  checkNumber,
  checkOptions,
  checkSignal,
  describe,
  isInstance,
} from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Generation, type MinimizeOptions, minimize } from "./minimize.js";
import { batchedLoss } from "./module/ask-and-tell.js";
import { Batches } from "./module/batches.js";
import { ModuleEvolution } from "./module/evolution.js";
import { type ModuleLoss, PopulationLoss } from "./module/losses.js";
import { Weights } from "./module/weights.js";
import { OPENAI_ES, type OpenAIESOptions, readEvolution } from "./openai-es/options.js";
import { type Method, type MethodDescription, type Methods, registeredMethods } from "./registry.js";
import { StateReader, type StrategyState } from "./state.js";
import { readLimits, STRATEGY_OPTIONS, type StopReason } from "./strategy.js";

export type { ModuleLoss } from "./module/losses.js";

/** One generation. */
export interface ModuleGeneration extends Generation {
  /** The mean loss of the candidates of this generation. */
  readonly mean: number;
}

/** The argument of `onGeneration`. */
export interface ModuleGenerationReport extends ModuleGeneration {
  /** The state, to be kept and given as the option `state` to another call. */
  stateDict(): StrategyState;
}

export interface MinimizeModuleResult {
  /** The loss of the parameters as they are now, over all samples of `data`. */
  readonly value: number;
  readonly evaluations: number;
  readonly generations: number;
  readonly reason: StopReason;
  /** Each generation of this call. */
  readonly history: readonly ModuleGeneration[];
}

interface CallOptions {
  /** Samples and targets, which the loss gets as x and y. Default: none; the loss gets the model alone. */
  readonly data?: Samples;
  /**
   * Samples in a mini-batch. Each generation takes the next one, the same for all of its candidates, in a new random
   * order in each epoch. Default: all samples.
   */
  readonly batchSize?: number;
  /** Candidates that are evaluated at once. Default: as many as 256 MiB of intermediate results allow. */
  readonly chunk?: number;
  /** A state to go on from, of a call with the same method, options and model. */
  readonly state?: StrategyState;
  /** Ends the call; the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after each generation. If it returns a promise, the next generation waits for it. */
  readonly onGeneration?: (report: ModuleGenerationReport) => void | Promise<void>;
}

const WHERE = "minimizeModule";
/** What a state of another method than OpenAI-ES begins with. */
const ASK_AND_TELL = "ask and tell";
const CALL_OPTIONS = ["method", "data", "batchSize", "chunk", "state", "signal", "onGeneration"] as const;

type Chosen<M extends Method> = M extends typeof OPENAI_ES
  ? { /** Default: "openai-es". */ readonly method?: M }
  : { readonly method: M };

/** The method's name, the method's options, and those of the call. */
export type MinimizeModuleOptions = { [M in Method]: Chosen<M> & Methods[M] & CallOptions }[Method];

/** Of OpenAI-ES, if no limit is given. */
const GENERATIONS = 1000;
/** Milliseconds of a native call of several generations. */
const CALL_MILLISECONDS = 50;

/**
 * Minimises a loss of a module's parameters by its values alone: it may be flat, or a staircase such as the number of
 * errors. All candidates of a generation are evaluated in one batched program on all cores (`vmap` over the parameters,
 * compiled), on the engine's own thread, so the event loop goes on.
 *
 * The candidates replace the parameters that are not frozen; buffers and frozen parameters stay as they are. The modules
 * keep their modes. Random numbers, such as those of Dropout in training mode, are drawn for each candidate by itself.
 *
 * With the method "openai-es" (`OpenAIES`), the default, a whole generation is one compiled program: noise, candidates,
 * losses, ranks, the estimated gradient, and the optimizer's step. The parameters are its θ, and `target` is compared
 * with the mean loss of a generation. Of 1000 generations unless a limit is given. With any other method the parameters
 * become the best candidate when the call ends.
 *
 * If the call is aborted, or if `onGeneration` throws, the parameters are what the last complete generation left: θ, or
 * the best candidate so far. Before the first one they are unchanged.
 * @param loss A scalar of (model, x, y) with `data`, else of (model). It is called while it is traced, as `compile` does.
 * @throws ArgumentError, OptionError, ShapeError, DTypeError, DataError before anything has changed; GraphError if the
 *   loss cannot be computed for all candidates at once, as with BatchNorm1d in training mode; TraceError if it reads a
 *   value; BusyError
 * @example
 * const errors = (m, x, y) => ops.mean(ops.notEqual(ops.argmax(m.forward(x), { dim: 1 }), y));
 * const { value } = await minimizeModule(model, errors, { data: { x, y }, maxGenerations: 50 });
 */
export async function minimizeModule<M extends Module>(
  model: M,
  loss: ModuleLoss<M>,
  options: MinimizeModuleOptions = {},
): Promise<MinimizeModuleResult> {
  const call = readCall(model, loss as ModuleLoss, options);
  call.signal?.throwIfAborted();
  const ended = await (call.method === OPENAI_ES ? evolve(call) : askAndTell(call));
  const { weights, losses, batches } = call;
  const [value] = await losses(weights.read(), batches.all);
  return { value: value as number, ...ended };
}

type Ended = Omit<MinimizeModuleResult, "value">;

/** Checks the arguments. */
function readCall(model: Module, loss: ModuleLoss, options: MinimizeModuleOptions) {
  if (!isInstance(model, Module)) {
    throw new ArgumentError(`${WHERE}: expected model to be a module, got ${describe(model)}`);
  }
  checkFunction(WHERE, "loss", loss);
  const named: unknown = (options as MinimizeModuleOptions | null)?.method ?? OPENAI_ES;
  const method = checkChoice<string>(WHERE, "method", named, [...registeredMethods.keys()]);
  const description = registeredMethods.get(method) as MethodDescription;
  checkOptions(WHERE, options, [...CALL_OPTIONS, ...STRATEGY_OPTIONS, ...description.options]);
  const { method: _, data, batchSize, chunk, state, signal, onGeneration, ...own } = options;
  if (signal !== undefined) checkSignal(WHERE, signal);
  if (onGeneration !== undefined) checkFunction(WHERE, "onGeneration", onGeneration);
  const seed = checkNumber(WHERE, "seed", own.seed ?? 0, { min: 0, integer: true });
  const atOnce = chunk === undefined ? null : checkNumber(WHERE, "chunk", chunk, { min: 1, integer: true });
  const batches = readBatches(data, batchSize, seed);
  const weights = new Weights(WHERE, model);
  const population = new PopulationLoss(WHERE, model, weights, loss);
  return {
    method,
    own,
    seed,
    chunk: atOnce,
    state: state === undefined ? null : new StateReader(`${WHERE}: state`, state),
    signal,
    onGeneration,
    weights,
    population,
    losses: batchedLoss(weights, population, atOnce),
    batches,
  };
}

type Call = ReturnType<typeof readCall>;

function readBatches(data: Samples | undefined, batchSize: number | undefined, seed: number): Batches {
  if (data === undefined) {
    if (batchSize === undefined) return new Batches(null, null, seed);
    throw new ArgumentError(`${WHERE}: batchSize is of no use without data`);
  }
  const dataset = toDataset(WHERE, "data", data);
  checkFinite(WHERE, "data.x", dataset.x);
  checkFinite(WHERE, "data.y", dataset.y);
  const size = batchSize === undefined ? dataset.length : readBatchSize(WHERE, batchSize, dataset.length);
  return new Batches(dataset, size, seed);
}

/** A method that asks and tells. The best candidate becomes the model's parameters, however it ends. */
async function askAndTell(call: Call): Promise<Ended> {
  const { method, own, weights, losses, batches, state, signal, onGeneration } = call;
  state?.choice("kind", [ASK_AND_TELL]);
  const restore = state === null ? null : batches.prepare(state.inner("batches"));
  const history: ModuleGeneration[] = [];
  let samples: readonly Tensor[] | null = null;
  let told: number[] = [];
  let best: Float64Array | null = null;
  restore?.();
  try {
    const { evaluations, generations, reason } = await minimize(
      async (points) => {
        signal?.throwIfAborted();
        samples ??= batches.takeSamples();
        const values = await losses(points, samples);
        told.push(...values);
        return values;
      },
      weights.read(),
      {
        ...own,
        method,
        batched: true,
        ...(state === null ? {} : { state: state.object("strategy") }),
        ...(signal === undefined ? {} : { signal }),
        onGeneration: async ({ x, strategy, ...counts }) => {
          if (x.length > 0) best = x;
          samples = null;
          const generation = { ...counts, mean: meanOf(told) };
          told = [];
          history.push(generation);
          await onGeneration?.({
            ...generation,
            stateDict: () => ({
              kind: ASK_AND_TELL,
              strategy: strategy.stateDict(),
              batches: batches.save(),
            }),
          });
        },
      } as MinimizeOptions & { readonly batched: true },
    );
    return { evaluations, generations, reason, history };
  } finally {
    if (best !== null) weights.write(best);
  }
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** OpenAI-ES: generations as compiled programs, several in a native call. The model's parameters are its θ. */
async function evolve(call: Call): Promise<Ended> {
  const { weights, population: loss, batches, seed, chunk, state, signal, onGeneration } = call;
  const own = call.own as OpenAIESOptions;
  const evolution = readEvolution(own);
  const limits = readLimits(OPENAI_ES, own);
  const { maxEvaluations, target } = limits;
  const hasLimit = own.maxEvaluations !== undefined || own.maxGenerations !== undefined;
  const maxGenerations = hasLimit ? limits.maxGenerations : GENERATIONS;
  const search = new ModuleEvolution({ weights, loss, batches, evolution, seed, chunk });
  let evaluations = 0;
  let generations = 0;
  let best = Number.POSITIVE_INFINITY;
  if (state !== null) {
    state.choice("kind", [OPENAI_ES]);
    evaluations = state.number("evaluations", { min: 0, integer: true });
    generations = state.number("generations", { min: 0, integer: true });
    best = state.isNull("best") ? best : state.number("best");
    const restores = [search.prepare(state.inner("search")), batches.prepare(state.inner("batches"))];
    for (const restore of restores) restore();
  }
  const stateDict = (): StrategyState => ({
    kind: OPENAI_ES,
    evaluations,
    generations,
    best: best === Number.POSITIVE_INFINITY ? null : best,
    search: search.save(),
    batches: batches.save(),
  });
  const history: ModuleGeneration[] = [];
  const ended = (reason: StopReason): Ended => ({ evaluations, generations, reason, history });
  // Both may end it after any generation.
  const isAlone = onGeneration !== undefined || target !== Number.NEGATIVE_INFINITY;
  let inCall = 1;
  for (;;) {
    signal?.throwIfAborted();
    if (evaluations + evolution.population > maxEvaluations) return ended("maxEvaluations");
    if (generations >= maxGenerations) return ended("maxGenerations");
    const affordable = Math.floor((maxEvaluations - evaluations) / evolution.population);
    const started = performance.now();
    const told = await search.run(Math.min(inCall, affordable, maxGenerations - generations));
    const each = (performance.now() - started) / told.length;
    if (!isAlone) inCall = Math.max(1, Math.min(2 * inCall, Math.floor(CALL_MILLISECONDS / each)));
    for (const { least, mean } of told) {
      generations++;
      evaluations += evolution.population;
      best = Math.min(best, least);
      const generation = { generation: generations, evaluations, best: finiteOr(best), mean };
      history.push(generation);
      await onGeneration?.({ ...generation, stateDict });
      if (mean <= target) return ended("target");
      if (least === Number.POSITIVE_INFINITY) return ended("notFinite");
    }
  }
}

const finiteOr = (value: number): number => (Number.isFinite(value) ? value : Number.NaN);
