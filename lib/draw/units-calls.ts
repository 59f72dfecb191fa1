// The calls of modules in a run that is read as units: in which one an op was applied, and how its layer is named.
import type { Node } from "../eager/node.js";
import { ArgumentError } from "../errors.js";
import { kindOf } from "../nn/show.js";
import { UnitLevel } from "../nn/units.js";
import type { Tensor } from "../tensor/tensor.js";
import { ruleFor } from "./units-modules.js";
import type { Call, Run } from "./units-run.js";

export class Calls {
  readonly #where: string;
  readonly #run: Run;
  /** Of the modules with a rule of their own, whose ops are not looked at. */
  readonly #whole: readonly Call[];

  constructor(where: string, run: Run) {
    this.#where = where;
    this.#run = run;
    this.#whole = run.calls.filter(({ module }) => ruleFor(module) !== undefined);
  }

  /** The innermost call in which an op was applied. */
  of(node: Node): Call | undefined {
    return innermost(node, this.#run.calls);
  }

  /** The innermost call of a module with a rule of its own in which an op was applied. */
  wholeOf(node: Node): Call | undefined {
    return innermost(node, this.#whole);
  }

  /** The name of the parameter that holds the weights, without "weight"; else of the module. */
  nameOf(weights: Tensor, call: Call | undefined): string {
    if (call?.module instanceof UnitLevel) return `depth ${call.module.depth}`;
    const own = this.#run.names.get(weights.storage);
    const kind = call === undefined ? "" : kindOf(call.module);
    const path = call?.name === "" || call === undefined ? kind : `${call.name} · ${kind}`;
    if (own === undefined || call === undefined) return path;
    const field = own.slice(call.name === "" ? 0 : call.name.length + 1);
    return field === "weight" || field === "values" ? path : own;
  }

  cannot(what: string, call: Call | undefined): ArgumentError {
    const place =
      call === undefined ? "" : ` in ${call.name === "" ? "" : `"${call.name}" `}(${kindOf(call.module)})`;
    return new ArgumentError(
      `${this.#where}: ${what}${place} cannot be drawn as units; style "block" shows it`,
    );
  }
}

function innermost({ id }: Node, calls: readonly Call[]): Call | undefined {
  return calls.find(({ begin, end }) => begin < id && id < end);
}
