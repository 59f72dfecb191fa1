// The functions of a flow computed again on real values: their results, gradients, Jacobians and perturbations.

import { jacobian } from "../autodiff/jacobian.js";
import { jvp, vjp } from "../autodiff/transforms.js";
import { noGrad } from "../context/grad-mode.js";
import { type RecordedWithin, take } from "../context/trace.js";
import { apply, emptyTensor, runInPlace } from "../eager/apply.js";
import { ArgumentError } from "../errors.js";
import { COUNT } from "../native/random-state.js";
import type { AnyModule } from "../nn/module.js";
import { inEvaluation, type ModuleCall, tensorsIn } from "../nn/record.js";
import { add } from "../ops/add.js";
import { reshape } from "../ops/reshape.js";
import { full, zeros } from "../tensor/create.js";
import { isFloat } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";
import type { Held } from "./diagram.js";
import type { Flow, Origin, Read } from "./flow.js";
import { callForward, replaced } from "./trace-model.js";

/** A function of a flow: of what it reads of other nodes, and of its parameters. */
interface Local {
  readonly id: string;
  /** One for each node that it reads. */
  readonly reads: readonly Read[];
  readonly held: readonly Held[];
  /** @param inputs for each read, and then for each parameter. */
  readonly run: (...inputs: Tensor[]) => Tensor;
}

/** The values of a flow by node, and the derivatives of the cost. */
export class Replay {
  readonly values = new Map<string, Tensor>();
  /** ∂C/∂z of each node's value z, of its shape. */
  readonly gradients = new Map<string, Tensor>();
  /** dz of each node's value z, of its shape. */
  readonly changes = new Map<string, Tensor>();
  readonly #flow: Flow;
  readonly #model: AnyModule;
  readonly #locals: readonly Local[];
  /** How far the sources of random numbers were before each function's first run. */
  readonly #counts = new Map<string, readonly number[]>();

  /** @param given the values of the observed variables, by node. */
  constructor(where: string, flow: Flow, model: AnyModule, given: ReadonlyMap<string, Tensor>) {
    this.#flow = flow;
    this.#model = model;
    this.#locals = inOrder(flow).map((id) => this.#localOf(where, id));
    for (const [id, value] of given) this.values.set(id, value);
    this.#within(() => {
      for (const local of this.#locals) {
        this.values.set(
          local.id,
          noGrad(() => local.run(...this.#inputsOf(local))),
        );
      }
    });
  }

  /** Sets the gradients of a weighted sum of costs with respect to all that it depends on. */
  pullBack(weights: ReadonlyMap<string, number>): void {
    for (const [cost, weight] of weights) {
      this.gradients.set(cost, full([], weight, { dtype: this.#valueOf(cost).dtype }));
    }
    this.#within(() => {
      for (const local of [...this.#locals].reverse()) {
        const dy = this.gradients.get(local.id);
        if (dy === undefined) continue;
        const { floats, inputs, run } = this.#smooth(local);
        if (floats.length === 0) continue;
        const found = vjp(run, ...inputs)[1](reshape(dy, this.#valueOf(local.id).shape));
        local.reads.forEach(({ from }, i) => {
          const at = floats.indexOf(i);
          if (at < 0) return;
          const own = this.#valueOf(from);
          const gradient = reshape(found[at] as Tensor, own.shape);
          const before = this.gradients.get(from);
          this.gradients.set(from, before === undefined ? gradient : add(before, gradient));
        });
      }
    });
  }

  /** Sets the changes of all that depends on these nodes, if their values change so. */
  pushForward(changes: ReadonlyMap<string, Tensor>): void {
    for (const [id, change] of changes) this.changes.set(id, change);
    this.#within(() => {
      for (const local of this.#locals) {
        if (!local.reads.some(({ from }) => this.changes.has(from))) continue;
        if (!isFloat(this.#valueOf(local.id).dtype)) continue;
        const { floats, inputs, run } = this.#smooth(local);
        const tangents = inputs.map((input, i) => {
          const change = this.changes.get(local.reads[floats[i] as number]?.from ?? "");
          return change === undefined
            ? zeros(input.shape, { dtype: input.dtype })
            : reshape(change, input.shape);
        });
        const [, dy] = jvp(run, inputs, tangents);
        this.changes.set(local.id, dy);
      }
    });
  }

  /** ∂z_g/∂z_f as a matrix [d_g, d_f], of the node g and a node f that it reads. */
  jacobian(id: string, from: string): Tensor {
    const local = this.#local(id);
    return this.#matrix(
      local,
      local.reads.findIndex((read) => read.from === from),
      this.#valueOf(from).size,
    );
  }

  /** ∂z_g/∂w as a matrix [d_g, n], of the node g and a parameter. */
  weightJacobian(id: string, parameter: Tensor): Tensor {
    const local = this.#local(id);
    const at = local.held.findIndex(({ tensor }) => tensor === parameter);
    return this.#matrix(local, local.reads.length + at, parameter.size);
  }

  #matrix(local: Local, argument: number, columns: number): Tensor {
    const matrix = this.#within(() => jacobian(local.run, { argnums: argument })(...this.#inputsOf(local)));
    return reshape(matrix, [this.#valueOf(local.id).size, columns]);
  }

  /** In evaluation mode. The sources of random numbers stay what they were. */
  #within<T>(run: () => T): T {
    const modules = Array.from(this.#model.namedModules(), ([, module]) => module);
    const before = this.#countsNow();
    try {
      return inEvaluation(modules, run);
    } finally {
      this.#goTo(before);
    }
  }

  #countsNow(): readonly number[] {
    return this.#flow.sources.map((source) => source[take](0)[COUNT] as number);
  }

  #goTo(counts: readonly number[]): void {
    for (const [i, source] of this.#flow.sources.entries()) {
      source[take]((counts[i] as number) - (source[take](0)[COUNT] as number));
    }
  }

  /** The function of its inputs that are floats, and their places among all. */
  #smooth(local: Local) {
    const all = this.#inputsOf(local);
    const floats = all.flatMap(({ dtype }, i) => (isFloat(dtype) ? [i] : []));
    const run = (...own: Tensor[]): Tensor =>
      local.run(...all.map((input, i) => own[floats.indexOf(i)] ?? input));
    return { floats, inputs: floats.map((i) => all[i] as Tensor), run };
  }

  #local(id: string): Local {
    return this.#locals.find((local) => local.id === id) as Local;
  }

  #valueOf(id: string): Tensor {
    return this.values.get(id) as Tensor;
  }

  #inputsOf({ reads, held }: Local): Tensor[] {
    return [
      ...reads.map(({ from, tensor }) => reshape(this.#valueOf(from), tensor.shape)),
      ...held.map(({ tensor }) => tensor),
    ];
  }

  #localOf(where: string, id: string): Local {
    const all = this.#flow.reads.get(id) ?? [];
    const reads = all.filter(({ from }, i) => all.findIndex((read) => read.from === from) === i);
    const held = (this.#flow.held.get(id) ?? []).filter(({ isFixed }) => !isFixed);
    const origin = this.#flow.origins.get(id);
    const places =
      (inputs: readonly Tensor[]) =>
      (tensor: Tensor): Tensor => {
        const parameter = held.findIndex((one) => one.tensor === tensor);
        if (parameter >= 0) return inputs[reads.length + parameter] as Tensor;
        const from = all.find((read) => read.tensor === tensor)?.from;
        const at = reads.findIndex((read) => read.from === from);
        return at < 0 ? tensor : reshape(inputs[at] as Tensor, tensor.shape);
      };
    return {
      id,
      reads,
      held,
      run: (...inputs) => {
        this.#drawAgain(id);
        return this.#again(where, id, origin, held, inputs, places(inputs));
      },
    };
  }

  /** A function draws the random numbers of its first run each time. */
  #drawAgain(id: string): void {
    const counts = this.#counts.get(id);
    if (counts === undefined) this.#counts.set(id, this.#countsNow());
    else this.#goTo(counts);
  }

  #again(
    where: string,
    id: string,
    origin: Origin | undefined,
    held: readonly Held[],
    inputs: readonly Tensor[],
    of: (tensor: Tensor) => Tensor,
  ): Tensor {
    switch (origin?.kind) {
      case undefined:
        return inputs[0] as Tensor;
      case "reshape":
        return of(origin.to);
      case "call":
        return again(where, origin.call, held, inputs.slice(inputs.length - held.length), of);
      case "composition": {
        const { composition } = origin;
        return composition.again(...composition.inputs.map(of));
      }
      case "section":
        return (origin.section.replay as NonNullable<typeof origin.section.replay>)(of);
      case "instruction": {
        const { recorded, isFirst } = origin;
        const { applied } = recorded;
        if (applied !== undefined) return apply(applied.op, applied.inputs.map(of), applied.attributes);
        if (isFirst) return written(recorded, of);
        const name = this.#flow.diagram.nodes.find((node) => node.id === id)?.name;
        throw new ArgumentError(
          `${where}: ${name} writes in place, and its values cannot be shown; values: false shows the shapes`,
        );
      }
    }
  }
}

/** What an instruction that is no op writes, in new memory: random numbers, or a copy. */
function written(recorded: RecordedWithin, of: (tensor: Tensor) => Tensor): Tensor {
  const { instruction, params, operands, written: results, drawn } = recorded;
  const result = results[0] as Tensor;
  const y = emptyTensor("draw", result.shape, result.dtype);
  // The state of the source is the first operand of a draw.
  const state = drawn && new Tensor(drawn.source[take](drawn.blocks), [3], "float64");
  const memory = operands.map((operand, i) => {
    if (operand === null) return null;
    if (i === 0 && state !== undefined) return state;
    return operand === result ? y : of(operand);
  });
  runInPlace("draw", instruction, params, memory, [y]);
  return y;
}

/** The functions, each after those that it reads. */
function inOrder({ diagram, reads, origins }: Flow): string[] {
  const seen = new Set<string>();
  const order: string[] = [];
  const visit = (id: string): void => {
    if (seen.has(id)) return;
    seen.add(id);
    for (const { from } of reads.get(id) ?? []) visit(from);
    if (reads.has(id) || origins.has(id)) order.push(id);
  };
  for (const { id } of diagram.nodes) visit(id);
  return order;
}

/** A module's call with other parameters and inputs. */
function again(
  where: string,
  { module, inputs, name }: ModuleCall,
  held: readonly Held[],
  parameters: readonly Tensor[],
  of: (tensor: Tensor) => Tensor,
): Tensor {
  const names = new Map(
    Array.from(module.namedParameters(), ([own, parameter]) => [parameter as Tensor, own]),
  );
  const others = held.flatMap(({ tensor }, i) => {
    const own = names.get(tensor);
    return own === undefined ? [] : [[own, parameters[i] as Tensor] as const];
  });
  const result = module.withParameters(Object.fromEntries(others), () =>
    callForward(
      module,
      inputs.map((input) => replaced(input, of)),
    ),
  );
  const [only, ...more] = tensorsIn(result);
  if (only !== undefined && more.length === 0) return only;
  throw new ArgumentError(
    `${where}: expected ${name || "the model"} to give one tensor, got ${more.length + 1}; open it to show its values`,
  );
}
