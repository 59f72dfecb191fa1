// Models, optimizers and schedules as PyTorch's own state dicts.
import { Buffer as ModuleBuffer } from "../../nn/buffer.js";
import { type AnyModule, Module } from "../../nn/module.js";
import { Parameter } from "../../nn/parameter.js";
import { Optimizer } from "../../optim/optimizer.js";
import { ChainedScheduler } from "../../optim/schedulers/chained.js";
import { CombinedSchedule } from "../../optim/schedulers/combined.js";
import { CosineAnnealingWarmRestarts } from "../../optim/schedulers/cosine-annealing-warm-restarts.js";
import { CyclicLR } from "../../optim/schedulers/cyclic.js";
import { LambdaLR } from "../../optim/schedulers/lambda.js";
import { LRScheduler } from "../../optim/schedulers/lr-scheduler.js";
import { MultiStepLR } from "../../optim/schedulers/multi-step.js";
import { MultiplicativeLR } from "../../optim/schedulers/multiplicative.js";
import { OneCycleLR } from "../../optim/schedulers/one-cycle.js";
import { ReduceLROnPlateau } from "../../optim/schedulers/plateau.js";
import { type OptimizerStateDict, snake } from "../../optim/state-dict.js";
import { isPlainObject } from "../../options.js";
import { Tensor } from "../../tensor/tensor.js";
import { Call, Tuple } from "./pickle.js";

type State = Record<string, unknown>;

/**
 * What PyTorch's `state_dict()` would be of a model, an optimizer or a schedule, or of an optimizer's state dict of
 * ours; undefined for any other value.
 * @param cycles Schedules that keep their rates in the groups of their optimizers.
 */
export function stateOf(value: object, cycles: ReadonlyMap<Optimizer, OneCycleLR>): unknown {
  if (value instanceof Module) return new Map(namedTensors(value, ""));
  if (value instanceof Optimizer) return optimizerState(value.stateDict(), cycles.get(value));
  if (value instanceof LRScheduler || value instanceof ReduceLROnPlateau) return scheduleState(value);
  return isOptimizerState(value) ? optimizerState(value) : undefined;
}

/** Parameters and buffers by all of their names: PyTorch lists tied ones by each. */
function* namedTensors(module: AnyModule, prefix: string): Generator<[name: string, tensor: Tensor]> {
  for (const [field, value] of Object.entries(module)) {
    if (value instanceof Parameter) yield [`${prefix}${field}`, plain(value)];
    else if (value instanceof ModuleBuffer) yield [`${prefix}${snake(field)}`, plain(value)];
  }
  for (const [name, child] of module.namedChildren()) yield* namedTensors(child, `${prefix}${name}.`);
}

/** Over the same memory, neither parameter nor buffer. */
const plain = ({ storage, shape, dtype }: Tensor): Tensor => new Tensor(storage, shape, dtype);

function isOptimizerState(value: object): value is OptimizerStateDict {
  return isPlainObject(value) && isPlainObject(value["state"]) && Array.isArray(value["paramGroups"]);
}

function optimizerState({ state, paramGroups }: OptimizerStateDict, cycle?: OneCycleLR): State {
  const limits = cycle === undefined ? {} : limitsOf(cycle);
  return {
    state: new Map(Object.entries(state).map(([number, own]) => [Number(number), own])),
    param_groups: paramGroups.map((group) => ({
      ...group,
      ...(Array.isArray(group["betas"]) ? { betas: new Tuple(group["betas"]) } : {}),
      ...limits,
    })),
  };
}

/** What PyTorch's OneCycleLR keeps in the groups. */
function limitsOf({ settings }: OneCycleLR): State {
  const { maxLr, divFactor, finalDivFactor, cycleMomentum, maxMomentum, baseMomentum } = settings;
  const start = maxLr / divFactor;
  const momenta = cycleMomentum ? { max_momentum: maxMomentum, base_momentum: baseMomentum } : {};
  return { initial_lr: start, max_lr: maxLr, min_lr: start / finalDivFactor, ...momenta };
}

function scheduleState(schedule: LRScheduler | ReduceLROnPlateau): State {
  const groups = schedule.optimizer.groups.length;
  const each = <T>(value: T): T[] => new Array<T>(groups).fill(value);
  const state = schedule.stateDict();
  if (schedule instanceof ReduceLROnPlateau) return { ...state, min_lrs: each(state["default_min_lr"]) };
  const common = { ...state, _step_count: schedule.lastEpoch + 1 };
  if (schedule instanceof CombinedSchedule) {
    const { base_lrs: _, last_epoch, _schedulers, ...rest } = state;
    const own = schedule instanceof ChainedScheduler ? rest : { ...rest, last_epoch };
    return { ...own, _schedulers: schedule.schedules.map(scheduleState) };
  }
  if (schedule instanceof LambdaLR || schedule instanceof MultiplicativeLR) {
    return { ...common, lr_lambdas: each(null) };
  }
  if (schedule instanceof MultiStepLR) {
    return { ...common, milestones: new Call("collections.Counter", [counts(schedule.milestones)]) };
  }
  if (schedule instanceof CosineAnnealingWarmRestarts) return { ...common, ...restartOf(schedule) };
  if (schedule instanceof CyclicLR) return cyclicState(schedule, common, each);
  if (schedule instanceof OneCycleLR) return { ...common, base_lrs: each(limitsOf(schedule)["initial_lr"]) };
  return common;
}

function counts(epochs: readonly number[]): Map<number, number> {
  const found = new Map<number, number>();
  for (const epoch of epochs) found.set(epoch, (found.get(epoch) ?? 0) + 1);
  return found;
}

/** In which period it is, and where in it. */
function restartOf({ lastEpoch, t0, tMult }: CosineAnnealingWarmRestarts): State {
  let [at, length] = [lastEpoch, t0];
  if (tMult === 1) at %= length;
  else while (at >= length) [at, length] = [at - length, length * tMult];
  return { T_cur: at, T_i: length };
}

function cyclicState(
  { settings, optimizer }: CyclicLR,
  { last_epoch, _last_lr, _step_count, mode, gamma, cycle_momentum }: State,
  each: <T>(value: T) => T[],
): State {
  const { baseLr, maxLr, stepSizeUp, stepSizeDown = stepSizeUp, baseMomentum, maxMomentum } = settings;
  const size = stepSizeUp + stepSizeDown;
  const hasBetas = optimizer.groups.some((group) => "betas" in (group.settings as object));
  return {
    last_epoch,
    _last_lr,
    _step_count,
    mode,
    gamma,
    cycle_momentum,
    base_lrs: each(baseLr),
    max_lrs: each(maxLr),
    total_size: size,
    step_ratio: stepSizeUp / size,
    scale_mode: mode === "exp_range" ? "iterations" : "cycle",
    use_beta1: hasBetas,
    base_momentums: each(baseMomentum),
    max_momentums: each(maxMomentum),
    _scale_fn_custom: null,
  };
}
