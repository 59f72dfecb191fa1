import { performance } from "node:perf_hooks";
import type { Module } from "../nn/module.js";
import { checkChoice, checkFunction, checkRequired, checkSignal } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import type { BatchedObjective } from "./evaluate.js";
import { readLimits, STRATEGY_OPTIONS, type StopReason } from "./limits.js";
import { type GenerationReport, type MinimizeOptions, minimize } from "./minimize.js";
import { batchedLoss } from "./module/ask-and-tell.js";
import type { ModuleLoss } from "./module/losses.js";
import { MODULE_OPTIONS, type ModuleOptions, readSearched } from "./module/read.js";
import {
  ModuleEvolution,
  type ModuleEvolutionOptions,
  type ModuleGeneration,
  WITHIN,
  type Within,
} from "./module-evolution.js";
import { OPENAI_ES, type OpenAIESOptions } from "./openai-es/options.js";
import { type Method, type MethodDescription, type Methods, registeredMethods } from "./registry.js";
import { StateReader, type StrategyState } from "./state.js";

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

interface CallOptions extends ModuleOptions {
  /** A state to go on from, of a call with the same method, options and model. */
  readonly state?: StrategyState;
  /** Ends the call; the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after each generation. If it returns a promise, the next generation waits for it. */
  readonly onGeneration?: (report: ModuleGenerationReport) => void | Promise<void>;
}

const WHERE = "minimizeModule";
const CALL_OPTIONS = [...MODULE_OPTIONS, "method", "state", "signal", "onGeneration"] as const;

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
 * const wrong = (m, x, y) => ops.notEqual(ops.argmax(m.forward(x), { dim: 1 }), y);
 * const errors = (m, x, y) => ops.mean(ops.to(wrong(m, x, y), "float32"));
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
  const { weights, batches } = call.searched;
  const [value] = await call.losses(weights.read(), batches.all);
  return { value: value as number, ...ended };
}

type Ended = Omit<MinimizeModuleResult, "value">;

/** Checks the arguments. */
function readCall(model: Module, loss: ModuleLoss, options: MinimizeModuleOptions) {
  const named: unknown = (options as MinimizeModuleOptions | null)?.method ?? OPENAI_ES;
  const method = checkChoice<string>(WHERE, "method", named, [...registeredMethods.keys()]);
  const description = registeredMethods.get(method) as MethodDescription;
  checkRequired(WHERE, options, [...CALL_OPTIONS, ...STRATEGY_OPTIONS, ...description.options]);
  const { method: _, data, batchSize, chunk, state, signal, onGeneration, ...own } = options;
  if (signal !== undefined) checkSignal(WHERE, signal);
  if (onGeneration !== undefined) checkFunction(WHERE, "onGeneration", onGeneration);
  const evaluation = { data, batchSize, chunk } as ModuleOptions;
  const searched = readSearched(WHERE, model, loss, { ...evaluation, seed: own.seed as number });
  const losses = batchedLoss(searched);
  return { model, loss, method, own, evaluation, searched, losses, state, signal, onGeneration };
}

type Call = ReturnType<typeof readCall>;

/** A method that asks and tells. The best candidate becomes the model's parameters, however it ends. */
async function askAndTell(call: Call): Promise<Ended> {
  const { method, own, losses, signal, onGeneration } = call;
  const { weights, batches } = call.searched;
  const state = call.state === undefined ? null : new StateReader(`${WHERE}: state`, call.state);
  const strategyState = state === null ? {} : { state: state.object("strategy") };
  const restore = state === null ? null : batches.prepare(state.inner("batches"));
  const history: ModuleGeneration[] = [];
  let samples: readonly Tensor[] | null = null;
  let told: number[] = [];
  let best: Float64Array | null = null;
  restore?.();
  const f: BatchedObjective = async (points) => {
    signal?.throwIfAborted();
    samples ??= batches.takeSamples();
    const values = await losses(points, samples);
    told.push(...values);
    return values;
  };
  const noteGeneration = async ({ x, strategy, ...counts }: GenerationReport): Promise<void> => {
    if (x.length > 0) best = x;
    const generation = { ...counts, mean: meanOf(told) };
    [samples, told] = [null, []];
    history.push(generation);
    const stateDict = (): StrategyState => ({ strategy: strategy.stateDict(), batches: batches.save() });
    await onGeneration?.({ ...generation, stateDict });
  };
  try {
    const { evaluations, generations, reason } = await minimize(f, weights.read(), {
      ...own,
      ...strategyState,
      method,
      batched: true,
      ...(signal === undefined ? {} : { signal }),
      onGeneration: noteGeneration,
    } as MinimizeOptions & { readonly batched: true });
    return { evaluations, generations, reason, history };
  } finally {
    if (best !== null) weights.write(best);
  }
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** OpenAI-ES: several generations in a native call. The model's parameters are its θ. */
async function evolve({ model, loss, own, evaluation, state, signal, onGeneration }: Call): Promise<Ended> {
  const { maxEvaluations, maxGenerations, target, ...rest } = own as OpenAIESOptions;
  const limits = readLimits(
    OPENAI_ES,
    own,
    maxEvaluations === undefined ? { maxGenerations: GENERATIONS } : {},
  );
  const evolution = new ModuleEvolution(
    model,
    loss as ModuleLoss<never>,
    {
      ...rest,
      ...evaluation,
      [WITHIN]: { where: WHERE },
    } as ModuleEvolutionOptions & Within,
  );
  if (state !== undefined) evolution.loadStateDict(state);
  const history: ModuleGeneration[] = [];
  const ended = (reason: StopReason): Ended => {
    const { evaluations, generations } = evolution;
    return { evaluations, generations, reason, history };
  };
  // Both may end it after any generation.
  const isAlone = onGeneration !== undefined || target !== undefined;
  let inCall = 1;
  for (;;) {
    signal?.throwIfAborted();
    const affordable = Math.floor((limits.maxEvaluations - evolution.evaluations) / evolution.population);
    const left = limits.maxGenerations - evolution.generations;
    if (affordable < 1) return ended("maxEvaluations");
    if (left < 1) return ended("maxGenerations");
    const started = performance.now();
    const generations = await evolution.run(Math.min(inCall, affordable, left));
    const each = (performance.now() - started) / generations.length;
    if (!isAlone) inCall = Math.max(1, Math.min(2 * inCall, Math.floor(CALL_MILLISECONDS / each)));
    for (const generation of generations) {
      history.push(generation);
      await onGeneration?.({ ...generation, stateDict: () => evolution.stateDict() });
    }
    const last = generations.at(-1) as ModuleGeneration;
    if (last.mean <= limits.target) return ended("target");
    if (Number.isNaN(last.best)) return ended("notFinite");
  }
}
