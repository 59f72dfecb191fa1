// From a model's own forward to its units. The model runs once on one sample. Each op that it applied is read as wires,
// as a function of a layer, or as another arrangement of the same units.
import { history } from "../autodiff/backward.js";
import { noGrad } from "../context/grad-mode.js";
import { apply } from "../eager/apply.js";
import type { Node } from "../eager/node.js";
import { ArgumentError } from "../errors.js";
import { kindOf } from "../nn/show.js";
import { expandTo } from "../ops/sum-and-expand.js";
import { type Shape, sameShape } from "../tensor/shape.js";
import { Tensor } from "../tensor/tensor.js";
import { Calls } from "./units-calls.js";
import { asModule, isElementwise, nameFunctions, type Step } from "./units-functions.js";
import { fromAll, matrix, oneToOne, sparse, UnitGraph, type UnitLayer } from "./units-graph.js";
import { ruleFor } from "./units-modules.js";
import { Readers } from "./units-readers.js";
import { type Call, type Run, runOnce } from "./units-run.js";

/** What a tensor of the run is: units, by their numbers, … */
interface Units {
  readonly units: Float64Array;
}

/** … or a function of units that is not complete yet: `of` is a tensor of units, `nodes` are the ops so far. */
interface Function {
  readonly of: Tensor;
  readonly nodes: ReadonlySet<Node>;
  readonly steps: readonly Step[];
}

/** null: nothing that depends on the input, such as parameters. */
type Meaning = Units | Function | null;

/** Ops that arrange elements anew. Those without an instruction keep their order. */
const ARRANGING: ReadonlySet<string> = new Set([
  "permute",
  "slice",
  "concat",
  "expand",
  "flip",
  "indexSelect",
  "takeAlongDim",
  "gather",
]);

/**
 * The units of a model for the first sample of the input.
 * @throws ArgumentError that names the module that cannot be drawn as units
 */
export function traceUnits(where: string, model: unknown, input: unknown): { graph: UnitGraph; run: Run } {
  const run = runOnce(where, model, input);
  return { graph: new Reader(where, run).read(), run };
}

const isUnits = (meaning: Meaning): meaning is Units => meaning !== null && "units" in meaning;
const elements = (tensor: Tensor): ArrayLike<number> => tensor.storage.forReading();
const range = (first: number, size: number): Float64Array =>
  Float64Array.from({ length: size }, (_, i) => first + i);
const isTogether = ({ op }: Node): boolean => op.instruction !== null && !isElementwise(op.name);

class Reader {
  readonly #where: string;
  readonly #run: Run;
  readonly #graph = new UnitGraph();
  readonly #meanings = new Map<Tensor, Meaning>();
  readonly #readers = new Readers();
  readonly #calls: Calls;

  constructor(where: string, run: Run) {
    this.#where = where;
    this.#run = run;
    this.#calls = new Calls(where, run);
  }

  read(): UnitGraph {
    const { inputs, inputNames, outputs } = this.#run;
    inputs.forEach((input, i) => {
      const name = inputNames[i] as string;
      const layer = this.#graph.add({
        size: input.size,
        name,
        wires: [],
        values: elements(input),
        isGiven: true,
      });
      this.#meanings.set(input, { units: range(layer.first, layer.size) });
    });
    const tensors = history(outputs).reverse();
    for (const tensor of tensors) {
      this.#readers.note(tensor, this.#calls.wholeOf(tensor.producer as Node));
    }
    for (const output of outputs) this.#readers.of(output).add(null);
    for (const tensor of tensors) this.#meanings.set(tensor, this.#meaningOf(tensor));
    for (const output of outputs) {
      if (!this.#depends(output)) {
        const cut = output.cutBy === null ? "" : `: ${output.cutBy} has no derivative`;
        throw new ArgumentError(
          `${this.#where}: the model's output does not depend on its input${cut}; style "block" shows it`,
        );
      }
      for (const unit of this.#unitsOf(output)) this.#graph.outputs.push(unit);
    }
    return this.#graph;
  }

  #depends(tensor: Tensor): boolean {
    return (this.#meanings.get(tensor) ?? null) !== null;
  }

  #meaningOf(tensor: Tensor): Meaning {
    const node = tensor.producer as Node;
    const whole = this.#calls.wholeOf(node);
    if (whole !== undefined) return tensor === whole.output ? this.#moduleOf(whole, tensor) : null;
    const moving = node.inputs.filter((input) => this.#depends(input));
    if (moving.length === 0) return null;
    const meaning = this.#opOf(node, tensor, moving);
    return isUnits(meaning) ? meaning : this.#asModule(tensor, meaning);
  }

  #moduleOf(call: Call, output: Tensor): Meaning {
    const rule = ruleFor(call.module) as NonNullable<ReturnType<typeof ruleFor>>;
    if (!call.inputs.some((input) => this.#depends(input))) return null;
    const inputs = call.inputs.map((input) => this.#asUnits(input));
    const kind = kindOf(call.module);
    const name = call.name === "" ? kind : `${call.name} · ${kind}`;
    const last = rule({
      graph: this.#graph,
      module: call.module,
      inputs,
      values: call.inputs.map(elements),
      output: elements(output),
      name,
    });
    if (last === null) throw this.#calls.cannot(`several rows of one sample with shared weights`, call);
    return { units: last };
  }

  #opOf(node: Node, output: Tensor, moving: readonly Tensor[]): Meaning {
    const { op } = node;
    const [first] = moving as [Tensor];
    if (op.instruction === null && op.compute === undefined) return this.#view(node, first);
    if (ARRANGING.has(op.name)) return this.#arranged(node);
    if (op.name === "matmul" || op.name === "addmm") return this.#product(node, output);
    if (op.name === "sparseLinear") return this.#sparseProduct(node, output);
    const sources = new Set(moving.map((input) => this.#sourceOf(input)));
    if (sources.size === 1) return this.#constantAdded(node, output) ?? this.#functionOf(node, moving);
    if (isElementwise(op.name)) return this.#joined(node, output);
    throw this.#calls.cannot(`the op ${op.name} of several layers`, this.#calls.of(node));
  }

  /** The same elements in the same order, under another shape. */
  #view(node: Node, input: Tensor): Meaning {
    const meaning = this.#meanings.get(input) as Units | Function;
    return isUnits(meaning) ? meaning : { ...meaning, nodes: new Set([...meaning.nodes, node]) };
  }

  /** Finds the places of the units by the op itself, applied to their numbers. */
  #arranged({ op, inputs, attributes }: Node): Units {
    const numbers = inputs.map((input) =>
      input.dtype === "int32" || input.dtype === "bool"
        ? input
        : new Tensor(Float64Array.from(this.#asUnits(input)), input.shape, "float64"),
    );
    const arranged = noGrad(() => apply(op, numbers, attributes));
    return { units: Float64Array.from(elements(arranged)) };
  }

  /** y = A·B with units in one of the two, the weights in the other; with addmm also c, and factors. */
  #product(node: Node, output: Tensor): Units {
    const given = node.attributes as {
      transposeA: boolean;
      transposeB: boolean;
      alpha?: number;
      beta?: number;
    };
    const { transposeA, transposeB, alpha = 1, beta = 1 } = given;
    const [a, b] = node.inputs.slice(-2) as [Tensor, Tensor];
    const added = node.inputs.length === 3 ? (node.inputs[0] as Tensor) : null;
    const call = this.#calls.of(node);
    if (this.#depends(a) && this.#depends(b)) throw this.#calls.cannot("a product of two layers", call);
    const [M, N] = output.shape.slice(-2) as [number, number];
    const isRow = this.#depends(a);
    const weights = elements(isRow ? b : a);
    const out = isRow ? N : M;
    if (output.size !== out) throw this.#calls.cannot("several rows of one sample with shared weights", call);
    const within = isRow ? a.size : b.size;
    const isByOutput = isRow ? transposeB : !transposeA;
    const weight = (to: number, from: number): number =>
      alpha * (weights[isByOutput ? to * within + from : from * out + to] as number);
    const layer = this.#graph.add({
      size: out,
      name: this.#calls.nameOf(isRow ? b : a, call),
      wires: this.#depends(a) || this.#depends(b) ? [matrix(this.#asUnits(isRow ? a : b), weight)] : [],
      values: elements(output),
    });
    if (added !== null && this.#depends(added)) {
      layer.wires.push(oneToOne(this.#spread(added, output.shape), beta));
    } else if (added !== null) {
      layer.bias = this.#constants(added, output.shape, beta);
    }
    return { units: range(layer.first, out) };
  }

  /** y = x·Wᵀ + b, where only some weights of W exist. */
  #sparseProduct(node: Node, output: Tensor): Units {
    const inputs = new Map(node.op.inputs.map((name, i) => [name, node.inputs[i] as Tensor]));
    const of = (name: string): Tensor => inputs.get(name) as Tensor;
    const [x, values, rowStarts, bias] = [of("x"), of("values"), of("rowStarts"), inputs.get("bias")];
    const call = this.#calls.of(node);
    if (this.#depends(values)) throw this.#calls.cannot("a product of two layers", call);
    if (output.size !== rowStarts.size - 1) {
      throw this.#calls.cannot("several rows of one sample with shared weights", call);
    }
    const rows = {
      rowStarts: elements(rowStarts),
      columns: elements(of("columns")),
      values: elements(values),
    };
    const layer = this.#graph.add({
      size: output.size,
      name: this.#calls.nameOf(values, call),
      wires: [sparse(this.#asUnits(x), rows)],
      bias: bias === undefined ? null : this.#constants(bias, output.shape, 1),
      values: elements(output),
    });
    return { units: range(layer.first, layer.size) };
  }

  /**
   * b in s + b, where s are the sums of a layer that nothing else reads. What a module without parts adds to the sums of
   * another is no bias of these: it is that module's function.
   */
  #constantAdded(node: Node, output: Tensor): Meaning | undefined {
    const { op, inputs } = node;
    if (op.name !== "add" && op.name !== "sub") return undefined;
    const moving = inputs.find((input) => this.#depends(input)) as Tensor;
    const constant = inputs.find((input) => !this.#depends(input));
    const isTakenAway = op.name === "sub" && constant === inputs[0];
    if (constant === undefined || isTakenAway || moving.size !== output.size) return undefined;
    const call = this.#calls.of(node);
    const maker = moving.producer === null ? undefined : this.#calls.of(moving.producer);
    if (call !== undefined && call !== maker && [...call.module.namedChildren()].length === 0)
      return undefined;
    const layer = this.#openLayer(moving, this.#readers.of(moving));
    if (layer === null || layer.functions.length > 0 || this.#readers.of(moving).size > 1) return undefined;
    const added = this.#constants(constant, output.shape, op.name === "sub" ? -1 : 1);
    layer.bias = Float64Array.from(added, (b, i) => b + (layer.bias?.[i] ?? 0));
    layer.sums = elements(output);
    layer.values = layer.sums;
    return this.#meanings.get(moving) as Units;
  }

  /** The function of one layer, one op longer. */
  #functionOf(node: Node, moving: readonly Tensor[]): Function {
    const nodes = new Set([node]);
    const steps = new Map<number, Step>([
      [node.id, { name: node.op.name, id: node.id, isModule: false, isTogether: isTogether(node) }],
    ]);
    for (const input of moving) {
      const meaning = this.#meanings.get(input) as Units | Function;
      if (isUnits(meaning)) continue;
      for (const earlier of meaning.nodes) nodes.add(earlier);
      for (const step of meaning.steps) steps.set(step.id, step);
    }
    return { of: this.#sourceOf(moving[0] as Tensor), nodes, steps: [...steps.values()] };
  }

  /** What a module without parts computed has the module's name. */
  #asModule(tensor: Tensor, meaning: Function | null): Function | null {
    const call = this.#run.calls.find(({ output }) => output === tensor);
    if (meaning === null || call === undefined) return meaning;
    const isInside = ({ id }: { readonly id: number }): boolean => call.begin < id && id < call.end;
    const isMade = call.inputs.some((input) => this.#sourceOf(input) === meaning.of);
    if (!isMade || [...call.module.namedChildren()].length > 0) return meaning;
    const own = asModule(kindOf(call.module), meaning.steps.filter(isInside));
    return { ...meaning, steps: [...meaning.steps.filter((step) => !isInside(step)), own] };
  }

  /** Elements of several layers, one by one: a sum keeps its weights, another op is a layer of its own. */
  #joined(node: Node, output: Tensor): Units {
    const { op, inputs } = node;
    if (op.name === "add" || op.name === "sub")
      return this.#sum(inputs as [Tensor, Tensor], op.name === "sub", output);
    const wires = inputs
      .filter((input) => this.#depends(input))
      .map((input) => oneToOne(this.#spread(input, output.shape)));
    const layer = this.#graph.add({
      size: output.size,
      name: this.#calls.of(node)?.name ?? "",
      wires,
      values: elements(output),
      functions: [{ name: op.name === "mul" ? "product" : op.name, isTogether: false }],
    });
    return { units: range(layer.first, layer.size) };
  }

  #sum([a, b]: readonly [Tensor, Tensor], isDifference: boolean, output: Tensor): Units {
    const parts = [a, b].map((input, i) => ({
      units: this.#spread(input, output.shape),
      weight: isDifference && i === 1 ? -1 : 1,
      layer: input.size === output.size ? this.#openLayer(input, this.#readers.of(input)) : null,
    }));
    const open = parts.filter(
      ({ layer, weight }) => layer !== null && layer.functions.length === 0 && weight === 1,
    );
    const last = this.#graph.layers.at(-1);
    const kept = open.find(({ layer }) => layer === last) ?? null;
    const layer =
      kept?.layer ??
      this.#graph.add({
        size: output.size,
        name: isDifference ? "difference" : "sum",
        wires: [],
        values: elements(output),
      });
    for (const part of parts) {
      if (part === kept) continue;
      const isMerged = kept !== null && open.includes(part);
      if (!isMerged) {
        layer.wires.push(oneToOne(part.units, part.weight));
        continue;
      }
      const other = part.layer as UnitLayer;
      layer.wires.push(...other.wires);
      if (other.bias !== null) {
        const [mine, theirs] = [layer.bias, other.bias];
        layer.bias = Float64Array.from(theirs, (value, i) => value + (mine?.[i] ?? 0));
      }
      this.#graph.remove(other);
    }
    layer.sums = elements(output);
    layer.values = layer.sums;
    return { units: range(layer.first, layer.size) };
  }

  /** The tensor of units that a tensor is a function of, or the tensor itself. */
  #sourceOf(tensor: Tensor): Tensor {
    const meaning = this.#meanings.get(tensor) ?? null;
    return meaning === null || isUnits(meaning) ? tensor : meaning.of;
  }

  /** The units of a tensor; constants become units that are given. */
  #asUnits(tensor: Tensor): Float64Array {
    if (this.#depends(tensor)) return this.#unitsOf(tensor);
    const name = this.#run.names.get(tensor.storage) ?? "";
    const layer = this.#graph.add({
      size: tensor.size,
      name,
      wires: [],
      values: elements(tensor),
      isGiven: true,
    });
    const units = range(layer.first, layer.size);
    this.#meanings.set(tensor, { units });
    return units;
  }

  /** The same, one for each element of a shape that the tensor broadcasts to. */
  #spread(tensor: Tensor, shape: Shape): ArrayLike<number> {
    const units = this.#asUnits(tensor);
    if (sameShape(tensor.shape, shape)) return units;
    return elements(noGrad(() => expandTo(new Tensor(units, tensor.shape, "float64"), shape)));
  }

  #constants(tensor: Tensor, shape: Shape, factor: number): Float64Array {
    return Float64Array.from(elements(noGrad(() => expandTo(tensor, shape))), (value) => factor * value);
  }

  #unitsOf(tensor: Tensor): Float64Array {
    const meaning = this.#meanings.get(tensor) as Units | Function;
    if (isUnits(meaning)) return meaning.units;
    // A step that others read too has to be units itself.
    const escaped = this.#readers.escapedFrom(meaning.nodes, tensor);
    if (escaped !== undefined) {
      this.#unitsOf(escaped);
      const from = (escaped.producer as Node).id;
      const later = [...meaning.nodes].filter(({ id }) => id > from).sort((a, b) => a.id - b.id);
      for (const node of later) {
        const made = this.#readers.madeBy(node);
        this.#meanings.set(made, this.#meaningOf(made));
      }
      return this.#unitsOf(tensor);
    }
    const units = this.#complete(meaning, tensor);
    this.#meanings.set(tensor, { units });
    return units;
  }

  /** Makes a function's result units: those of its own layer if nothing else reads its argument, else others. */
  #complete({ of, nodes, steps }: Function, result: Tensor): Float64Array {
    const functions = nameFunctions(steps);
    const units = this.#unitsOf(of);
    const own = result.size === units.length ? this.#openLayer(of, nodes) : null;
    if (own !== null && !own.isGiven) {
      own.functions = [...own.functions, ...functions];
      own.values = elements(result);
      return units;
    }
    const isByUnit = result.size === units.length && functions.every((one) => !one.isTogether);
    const layer = this.#graph.add({
      size: result.size,
      name: "",
      wires: [isByUnit ? oneToOne(units) : fromAll(units)],
      values: elements(result),
      functions,
    });
    return range(layer.first, layer.size);
  }

  /** The layer that a tensor is, if it is all of it in its order, and only these read it. */
  #openLayer(tensor: Tensor, readers: ReadonlySet<unknown>): UnitLayer | null {
    const meaning = this.#meanings.get(tensor) ?? null;
    if (!isUnits(meaning) || !this.#readers.isReadBy(tensor, readers)) return null;
    const { units } = meaning;
    const layer = this.#graph.layerOf(units[0] as number);
    const isWhole = layer.size === units.length && units.every((unit, i) => unit === layer.first + i);
    return isWhole && !layer.isGiven ? layer : null;
  }
}
