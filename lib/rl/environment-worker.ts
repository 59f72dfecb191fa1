// Runs in a thread of WorkerVectorEnvironment: makes its environments and does what it is told.
import { setImmediate } from "node:timers/promises";
import { type MessagePort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { EnvironmentError, ThalwegError } from "../errors.js";
import { describe, isClass, isInstance } from "../options.js";
import { EnvironmentRows } from "./environment-rows.js";
import { textOf } from "./numbered-environment.js";
import { type PlainSpace, toPlain } from "./plain-space.js";
import { noInfos, type RowInfos, type Rows, rowsOf } from "./rows.js";
import { Discrete } from "./space.js";
import { copyOfAction } from "./vector-environment.js";
import { Control } from "./worker-control.js";

/** What a worker is given at its start. */
export interface WorkerStart {
  /** Tells these threads from others. */
  readonly purpose: string;
  readonly control: SharedArrayBuffer;
  readonly port: MessagePort;
  /** Of the worker. */
  readonly number: number;
  /** Of the module that makes environments. */
  readonly url: string;
  readonly exported: string;
  readonly data: unknown;
  /** Its environments: `first`, …, `first + count − 1` of n. */
  readonly first: number;
  readonly count: number;
  readonly n: number;
}

/** What a worker is given before the first command. */
export interface WorkerMemory {
  readonly rows: SharedArrayBuffer;
  /** [n, size of an action] */
  readonly actions: SharedArrayBuffer;
}

/** What a worker sends. */
export type WorkerMessage =
  | {
      readonly kind: "ready";
      readonly names: readonly string[];
      readonly observationSpace: PlainSpace;
      readonly actionSpace: PlainSpace;
    }
  | { readonly kind: "infos"; readonly told: RowInfos }
  /** `index`: of the environment that failed. */
  | { readonly kind: "error"; readonly index: number; readonly message: string; readonly cause: unknown };

/** How long a worker may block its event loop, in milliseconds. */
const PATIENCE = 20;

const start = workerData as WorkerStart;
const control = new Control(start.control);

async function run(): Promise<void> {
  const environments = await make();
  control.done();
  if (environments === null) return;
  let memory: Memory | null = null;
  let lastTurn = performance.now();
  for (let count = 0; ; count++) {
    if (!control.waitForCommand(count, PATIENCE)) await control.untilCommand(count);
    memory ??= memoryOf(environments);
    const { command } = control;
    obey(environments, memory, command);
    control.done();
    if (command === "close") return;
    // What an environment prints is sent on by the event loop.
    if (performance.now() - lastTurn > PATIENCE) {
      await setImmediate();
      lastTurn = performance.now();
    }
  }
}

/** Makes the environments, and says what they are; null if that fails. */
async function make(): Promise<EnvironmentRows | null> {
  const { url, data, first, count, number } = start;
  let place = nameOf(url);
  try {
    const maker = await load();
    const made: unknown[] = [];
    for (let index = first; index < first + count; index++) {
      place = `environment ${index}`;
      control.enter(number, index);
      made.push(await makeOne(maker, data, index));
      control.leave(number);
    }
    const environments = new EnvironmentRows("WorkerVectorEnvironment", made, first);
    const { observationSpace, actionSpace } = environments;
    send({
      kind: "ready",
      names: environments.environments.map(({ name }) => name),
      observationSpace: toPlain("observationSpace", observationSpace),
      actionSpace: toPlain("actionSpace", actionSpace),
    });
    return environments;
  } catch (error) {
    const isPlaced = error instanceof ThalwegError;
    fail(first, isPlaced ? error.message : `${place}: ${textOf(error)}`, isPlaced ? error.cause : error);
    return null;
  }
}

async function load(): Promise<object> {
  const { url, exported } = start;
  const module = (await import(url)) as Readonly<Record<string, unknown>>;
  const maker = module[exported];
  if (typeof maker === "function") return maker;
  throw new EnvironmentError(
    `${nameOf(url)}: expected the export "${exported}" to be a class or function that makes an environment, got ${describe(maker)}`,
  );
}

function makeOne(maker: object, data: unknown, index: number): unknown {
  return isClass(maker)
    ? new (maker as new (data: unknown, index: number) => unknown)(data, index)
    : (maker as (data: unknown, index: number) => unknown)(data, index);
}

/** A module written into its address would fill the message. */
const nameOf = (url: string): string => (url.startsWith("data:") ? "the module" : url);

interface Memory {
  readonly rows: Rows;
  readonly actions: Float64Array;
}

function memoryOf({ size }: EnvironmentRows): Memory {
  const { message } = receiveMessageOnPort(start.port) as { readonly message: WorkerMemory };
  const { rows, actions } = message;
  return { rows: rowsOf(rows, start.n, size), actions: new Float64Array(actions) };
}

/** Does a command in each environment, up to the first that fails. */
function obey(environments: EnvironmentRows, { rows, actions }: Memory, command: Control["command"]): void {
  const { first, number, n } = start;
  const told = noInfos();
  const width = actions.length / n;
  const { actionSpace } = environments;
  environments.environments.every((one, i) => {
    const row = first + i;
    control.enter(number, row);
    try {
      if (command === "reset") {
        environments.reset(i, control.seed === undefined ? undefined : control.seed + row, rows, told);
      } else if (command === "step") {
        const given = actions.subarray(row * width, (row + 1) * width);
        const action = isInstance(actionSpace, Discrete) ? given[0] : copyOfAction(actionSpace, given);
        environments.step(i, action, rows, told);
      } else {
        one.environment.close?.();
      }
      return true;
    } catch (error) {
      const isPlaced = error instanceof EnvironmentError && command !== "close";
      const text = isPlaced ? error.message : `${one.name}: ${command}: ${textOf(error)}`;
      fail(row, text, isPlaced ? error.cause : error);
      return false;
    } finally {
      control.leave(number);
    }
  });
  if (told.infos.size > 0 || told.finalInfos.size > 0) tell(environments, told);
}

/** Sends infos, or an error that names the environment whose info is not data. */
function tell({ environments, first }: EnvironmentRows, told: RowInfos): void {
  try {
    send({ kind: "infos", told });
  } catch (error) {
    for (const infos of [told.finalInfos, told.infos]) {
      for (const [row, info] of infos) {
        if (isCloneable(info)) continue;
        const one = environments[row - first];
        fail(row, `${one}: expected an info that can be sent to another thread: ${textOf(error)}`, error);
        return;
      }
    }
  }
}

function fail(index: number, message: string, cause: unknown): void {
  send({ kind: "error", index, message, cause: isCloneable(cause) ? cause : undefined });
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

function send(message: WorkerMessage): void {
  start.port.postMessage(message);
}

// Waiting does not keep a thread alive, and one that has closed its environments must not end by itself: the learner
// ends it when the others have closed theirs.
setInterval(() => undefined, 2 ** 30);
void run();
