import { ArgumentError, GraphError } from "../errors.js";
import { checkList, checkNumber, describe, isInstance } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

function checkModule(where: string, name: string, module: unknown): Module {
  if (isInstance(module, Module)) return module;
  throw new ArgumentError(`${where}: expected ${name} to be a Module, got ${describe(module)}`);
}

/** What only holds modules has no function of its own. */
abstract class Container extends Module {
  forward(): Tensor {
    throw new GraphError(`${this.constructor.name}: has no forward of its own; call those of its modules`);
  }
}

/**
 * A list of modules whose parameters are found, named by position: `"0.weight"` (torch.nn.ModuleList).
 * @throws ArgumentError
 * @example
 * class Deep extends nn.Module {
 *   layers = new nn.ModuleList([new nn.Linear(4, 4), new nn.Linear(4, 4)]);
 *   forward(x: Tensor): Tensor {
 *     return [...this.layers].reduce((z, layer) => ops.relu(layer.forward(z)), x);
 *   }
 * }
 */
export class ModuleList<M extends Module = Module> extends Container implements Iterable<M> {
  private readonly list: M[];

  constructor(modules: Iterable<M> = []) {
    super();
    const list = checkList("ModuleList", "a list of modules", modules);
    this.list = list.map((module, i) => checkModule("ModuleList", `module ${i}`, module) as M);
  }

  get length(): number {
    return this.list.length;
  }

  /** Its modules, in order. */
  get modules(): readonly M[] {
    return this.list;
  }

  /** The module there; −1 is the last. */
  at(index: number): M | undefined {
    return this.list.at(checkNumber("ModuleList", "index", index, { integer: true }));
  }

  /** Adds modules at the end, all or none. @returns this */
  append(...modules: M[]): this {
    for (const module of modules) checkModule("ModuleList", "module", module);
    this.list.push(...modules);
    return this;
  }

  [Symbol.iterator](): IterableIterator<M> {
    return this.list[Symbol.iterator]();
  }

  override *namedChildren(): Generator<[name: string, module: Module]> {
    for (const [i, module] of this.list.entries()) yield [String(i), module];
  }
}

/**
 * Modules by name whose parameters are found: `"left.weight"` (torch.nn.ModuleDict).
 * @throws ArgumentError
 * @example new nn.ModuleDict({ left: new nn.Linear(4, 2), right: new nn.Linear(4, 3) }).get("left")
 */
export class ModuleDict<M extends Module = Module> extends Container implements Iterable<[string, M]> {
  private readonly list: Map<string, M>;

  constructor(modules: Readonly<Record<string, M>> = {}) {
    super();
    if (modules === null || typeof modules !== "object" || Symbol.iterator in modules) {
      throw new ArgumentError(`ModuleDict: expected an object of modules by name, got ${describe(modules)}`);
    }
    this.list = new Map();
    for (const [name, module] of Object.entries(modules)) this.set(name, module);
  }

  get size(): number {
    return this.list.size;
  }

  /** Its modules by name, as an object of its own. */
  get modules(): Readonly<Record<string, M>> {
    return Object.fromEntries(this.list);
  }

  get(name: string): M | undefined {
    return this.list.get(name);
  }

  /**
   * @param name is part of the names of parameters, so that it is not empty and has no dot.
   * @returns this
   */
  set(name: string, module: M): this {
    if (typeof name !== "string" || name === "" || name.includes(".")) {
      throw new ArgumentError(`ModuleDict: expected a name without dots, got ${describe(name)}`);
    }
    this.list.set(name, checkModule("ModuleDict", name, module) as M);
    return this;
  }

  keys(): IterableIterator<string> {
    return this.list.keys();
  }

  [Symbol.iterator](): IterableIterator<[string, M]> {
    return this.list[Symbol.iterator]();
  }

  override *namedChildren(): Generator<[name: string, module: Module]> {
    yield* this.list;
  }
}

const PARTS = {
  left: { module: "Linear", arguments: [2, 3] },
  right: { module: "BatchNorm1d", arguments: [3] },
};

registerModule("ModuleList", ModuleList, {
  takes: ["modules"],
  inputs: null,
  cases: () => [[Object.values(PARTS)]],
});
registerModule("ModuleDict", ModuleDict, {
  takes: ["modules"],
  inputs: null,
  cases: () => [[PARTS]],
});
