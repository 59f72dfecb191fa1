// From a recording to a graph for the recorded shapes.
import type { RecordedWithin } from "../context/trace.js";
import { executeAny } from "../native/binding.js";
import { instructionName } from "../native/instructions.js";
import type { Module } from "../nn/module.js";
import type { ModuleCall, Recording } from "../nn/record.js";
import { allocate, type TypedArray } from "../tensor/dtype.js";
import { type Shape, sameShape } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Graph, GraphBuilder, type GraphValue, type Ref } from "./graph.js";
import { writeModule, writesTheSame } from "./modules.js";
import { NotExportable } from "./writers/call.js";
import { isExportable, writeInstruction } from "./writers/index.js";

/** What an instruction is called in messages, and why it cannot be exported. */
export interface Problem {
  readonly what: string;
  readonly reason: string;
}

/** What results are called in messages. */
export const RESULT = "the model's result";

/** What a storage holds at one point of the run. */
interface Held {
  readonly shape: Shape;
  /** Its name in the graph; null for a constant that no node has read yet. */
  ref: Ref | null;
  /** The numbers of a constant. */
  readonly known: TypedArray | null;
  /** The same value under other shapes. */
  readonly views: Map<string, Ref>;
}

export interface TranslateOptions {
  readonly opset: number;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Whether to compute what depends on constants alone. */
  readonly folds: boolean;
}

/** Writes a recording as a graph. What cannot be written is told, and stands in the graph as a node without a meaning. */
export function translate(
  model: Module,
  recording: Recording,
  options: TranslateOptions,
): { graph: Graph; problems: Problem[] } {
  const translation = new Translation(model, recording, options);
  translation.run();
  return { graph: translation.finish(), problems: translation.problems };
}

class Translation {
  readonly problems: Problem[] = [];
  readonly #graph: GraphBuilder;
  readonly #recording: Recording;
  readonly #options: TranslateOptions;
  readonly #held = new Map<Storage, Held>();
  readonly #states = new Map<Storage, { readonly name: string; readonly tensor: Tensor }>();
  readonly #inputs: readonly GraphValue[];

  constructor(model: Module, recording: Recording, options: TranslateOptions) {
    const { opset, inputNames, outputNames } = options;
    this.#recording = recording;
    this.#options = options;
    for (const [name, tensor] of Object.entries(model.stateDict())) {
      this.#states.set(tensor.storage, { name, tensor });
    }
    const states = Array.from(this.#states.values(), ({ name }) => name);
    this.#graph = new GraphBuilder(opset, [...states, ...inputNames, ...outputNames]);
    this.#inputs = recording.inputs.map(({ shape, dtype }, i) => ({
      name: inputNames[i] as Ref,
      shape,
      dtype,
    }));
    for (const [i, tensor] of recording.inputs.entries()) this.#hold(tensor, inputNames[i] as Ref);
  }

  run(): void {
    const { instructions, calls } = this.#recording;
    for (let i = 0; i < instructions.length; ) {
      // Calls are noted when they end: the outermost is the last.
      const begun = calls.filter(({ begin, end }) => begin === i && end > i).reverse();
      const call = begun.find((one) => this.#writeModule(one));
      if (call !== undefined) {
        i = call.end;
        continue;
      }
      this.#enter(i);
      this.#write(i);
      i++;
    }
  }

  /** Names what follows after the innermost module that instruction `i` belongs to. */
  #enter(i: number): void {
    const around = this.#around(i);
    this.#graph.scope = around?.name ?? "";
    const { instruction, applied, line } = this.#recording.instructions[i] as RecordedWithin;
    const what = applied?.op.name ?? instructionName(instruction);
    this.#graph.origin = originOf(what, around, line);
  }

  /** Writes a whole call of a module as ONNX's operator for it, where there is one. */
  #writeModule(call: ModuleCall): boolean {
    if (call.output.size === 0) return false;
    this.#graph.scope = call.name;
    const line = this.#recording.instructions[call.begin]?.line ?? null;
    this.#graph.origin = originOf(call.module.constructor.name, call, line);
    const ref = writeModule(call, this.#graph, (tensor) => this.#read(tensor));
    if (ref === null) return false;
    this.#hold(call.output, ref);
    return true;
  }

  #write(i: number): void {
    const recorded = this.#recording.instructions[i] as RecordedWithin;
    const [y] = recorded.written;
    // A check for NaN writes nothing.
    if (y === undefined) return;
    // The state of a generator moves on after a draw, which is refused by itself.
    if (this.#recording.draws.has(y.storage)) return;
    if (!y.storage.isSymbolic && !this.#mayWrite(i)) {
      this.#tell(`it writes to ${this.#states.get(y.storage)?.name ?? "a tensor that outlives the call"}`);
      return;
    }
    if (y.size === 0) this.#holdConstant(y, allocate(y.dtype, 0));
    if (y.size === 0 || this.#fold(recorded, y)) return;
    try {
      this.#hold(
        y,
        writeInstruction(recorded, this.#graph, (tensor) => this.#read(tensor)),
      );
    } catch (error) {
      if (!(error instanceof NotExportable)) throw error;
      this.#tell(error.message);
      this.#hold(y, this.#graph.node("NotExportable", []));
    }
  }

  /** Whether an instruction may write to a state: where a run gives the same, whether or not the state was written. */
  #mayWrite(i: number): boolean {
    const around = this.#around(i);
    return around !== undefined && writesTheSame(around.module);
  }

  /** The innermost call of a module that instruction `i` belongs to. */
  #around(i: number): ModuleCall | undefined {
    return this.#recording.calls.find(({ begin, end }) => begin <= i && i < end);
  }

  #tell(reason: string): void {
    this.problems.push({ what: this.#graph.origin, reason });
  }

  /** Computes what depends on constants alone. */
  #fold({ instruction, params, operands, written }: RecordedWithin, y: Tensor): boolean {
    if (!this.#options.folds || !isExportable(instruction)) return false;
    const arrays = operands.map((tensor) => {
      if (tensor === null) return null;
      return tensor === y ? allocate(y.dtype, y.size) : this.#knownOf(tensor);
    });
    if (written.length > 1 || arrays.some((array, i) => array === null && operands[i] !== null)) return false;
    try {
      executeAny(instruction, params, arrays);
    } catch {
      // It fails in each run, as the operator that is written instead.
      return false;
    }
    this.#holdConstant(y, arrays[operands.indexOf(y)] as TypedArray);
    return true;
  }

  /** The numbers of a constant; null for another tensor. */
  #knownOf(tensor: Tensor): TypedArray | null {
    if (tensor.storage.isSymbolic) return this.#held.get(tensor.storage)?.known ?? null;
    return this.#states.has(tensor.storage) ? null : tensor.storage.forReading();
  }

  #hold(tensor: Tensor, ref: Ref): void {
    this.#held.set(tensor.storage, { shape: tensor.shape, ref, known: null, views: new Map() });
  }

  #holdConstant({ storage, shape }: Tensor, known: TypedArray): void {
    this.#held.set(storage, { shape, ref: null, known, views: new Map() });
  }

  /** The value of a tensor, in its shape. */
  #read(tensor: Tensor): Ref {
    const held = this.#held.get(tensor.storage) ?? this.#holdKnown(tensor);
    const { shape } = tensor;
    if (held.known !== null && held.ref === null && !sameShape(held.shape, shape))
      return this.#viewOf(held, shape, () =>
        this.#graph.constant(held.known as TypedArray, shape, tensor.dtype),
      );
    held.ref ??= this.#graph.constant(held.known as TypedArray, held.shape, tensor.dtype);
    const { ref } = held;
    return sameShape(held.shape, shape)
      ? ref
      : this.#viewOf(held, shape, () => this.#graph.reshape(ref, shape));
  }

  #viewOf({ views }: Held, shape: Shape, make: () => Ref): Ref {
    const key = shape.join();
    const known = views.get(key) ?? make();
    views.set(key, known);
    return known;
  }

  /** A tensor from before the run: a state of the model by its name, or a constant. */
  #holdKnown(tensor: Tensor): Held {
    const state = this.#states.get(tensor.storage);
    const values = tensor.storage.forReading();
    const held: Held =
      state === undefined
        ? { shape: tensor.shape, ref: null, known: values, views: new Map() }
        : { shape: state.tensor.shape, ref: state.name, known: null, views: new Map() };
    if (state !== undefined) {
      const { dtype, shape } = state.tensor;
      this.#graph.constants.set(state.name, { kind: "state", dtype, shape, values });
    }
    this.#held.set(tensor.storage, held);
    return held;
  }

  /** The graph, whose results have these names. */
  finish(): Graph {
    const { nodes, constants } = this.#graph;
    const { outputNames } = this.#options;
    this.#graph.scope = "";
    this.#graph.origin = RESULT;
    const results = this.#recording.outputs.map(([, tensor], i): GraphValue => {
      const ref = this.#read(tensor);
      const name = outputNames[i] as Ref;
      const { origin } = this.#graph;
      nodes.push({ operator: "Identity", name, inputs: [ref], outputs: [name], attributes: {}, origin });
      return { name, shape: tensor.shape, dtype: tensor.dtype };
    });
    return { inputs: this.#inputs, outputs: results, nodes, constants };
  }
}

function originOf(what: string, call: ModuleCall | undefined, line: string | null): string {
  const place = call === undefined || call.name === "" ? "" : ` in ${call.name}`;
  return `${what}${place}${line === null ? "" : `, called ${line}`}`;
}
