import { descriptionOf, settingNames, updateOf } from "../native/instructions.js";
import { chainOps } from "../plan/fuse-elementwise.js";
import { type Instruction, isNumber, type Value, writes, written } from "../plan/ir.js";
import { Named, named } from "../plan/named.js";
import { format } from "../tensor/shape.js";

type AnyUpdate = Named<"update"> | Named<"update_outer"> | Named<"update_product">;

/** Instructions with the parameters of a matrix product. */
type Factors = Named<"matmul"> | Named<"matmul_batch"> | Named<"update_product">;

/** Describes what one instruction computes, as lines. `[M, N]` follows each value that is not a single number. */
export class Sentence {
  readonly #names: ReadonlyMap<Value, string>;

  constructor(names: ReadonlyMap<Value, string>) {
    this.#names = names;
  }

  describe(instruction: Instruction): string[] {
    const { sentence, update } = descriptionOf(instruction.name);
    switch (sentence) {
      case "product": {
        const batch = named(instruction, "matmul_batch");
        return [batch === null ? this.#matmul(new Named<"matmul">(instruction)) : this.#matmulBatch(batch)];
      }
      case "chain":
        return this.#chain(new Named<"chain">(instruction));
      case "update":
        return update?.gradient === "whole" ? this.#update(instruction) : [this.#fused(instruction)];
      default:
        return [this.#call(instruction)];
    }
  }

  /** A value's name, and its shape unless it is a known number or a scalar. */
  #show(value: Value | null | undefined, mark = ""): string {
    if (value == null) return "none";
    const shape = value.shape.length === 0 || isNumber(value) ? "" : ` ${format(value.shape)}`;
    return `${this.#names.get(value)}${mark}${shape}`;
  }

  #results(instruction: Instruction): string {
    return written(instruction)
      .map((value) => this.#show(value))
      .join(", ");
  }

  #call(instruction: Instruction): string {
    const reads = instruction.operands.filter((_, at) => !writes(instruction, at));
    const results = this.#results(instruction);
    return `${results} = ${instruction.name}(${reads.map((one) => this.#show(one)).join(", ")})`;
  }

  /** activation(alpha · scale · matmul(a, b) + addend + bias) ∘ derivative */
  #matmul(product: Named<"matmul">): string {
    const sign = (number: number): string => (number < 0 ? "−" : "+");
    const [alpha, beta] = [product.param("alpha"), product.param("beta")];
    const [addend, bias, state] = [
      product.operand("addend"),
      product.operand("bias"),
      product.operand("state"),
    ];
    const scale = product.operand("scale") === null ? "" : `${this.#show(product.operand("scale"))} · `;
    const formed = `${factor(alpha)}${scale}${this.#factors(product)}`;
    const c = product.required("c");
    // A matmul that accumulates into c has no bias, activation or state.
    if (beta !== 0 && addend === null) {
      return `${this.#show(c)} = ${factor(beta)}${this.#names.get(c)} ${sign(alpha)} ${formed}`;
    }
    let sum = alpha < 0 ? `−${formed}` : formed;
    if (addend !== null) sum += ` ${sign(beta)} ${factor(beta)}${this.#show(addend)}`;
    if (bias !== null) sum += ` + ${this.#show(bias)}`;
    if (product.param("activation") !== 0) sum = `${product.choice("activation")}(${sum})`;
    if (state === null) return `${this.#show(c)} = ${sum}`;
    const derivative = `slope of ${product.choice("stateActivation")} at ${this.#show(state)}`;
    return `${this.#show(c)} = ${sum.includes(") ") ? `(${sum})` : sum} ∘ ${derivative}`;
  }

  /** activation(matmul_batch(a, b) + bias) */
  #matmulBatch(product: Named<"matmul_batch">): string {
    const bias = product.operand("bias");
    const sum = `${this.#factors(product)}${bias === null ? "" : ` + ${this.#show(bias)}`}`;
    const activated = product.param("activation") === 0 ? sum : `${product.choice("activation")}(${sum})`;
    return `${this.#show(product.required("c"))} = ${activated}`;
  }

  #factors(product: Factors): string {
    const transposed = (name: "transposeA" | "transposeB"): string => (product.param(name) !== 0 ? "ᵀ" : "");
    const a = this.#show(product.operand("a"), transposed("transposeA"));
    const name = product.name === "matmul_batch" ? product.name : "matmul";
    return `${name}(${a}, ${this.#show(product.operand("b"), transposed("transposeB"))})`;
  }

  #chain(chain: Named<"chain">): string[] {
    const results = [...chain.operands("results")];
    const values = chain.operands("inputs").map((operand) => this.#show(operand));
    const ops = chainOps(chain);
    const lines = ops.map(({ name, from, kept }, k) => {
      const result = kept ? this.#show(results.shift()) : `v${k}`;
      const text = `${result} = ${name}(${from.map((value) => values[value]).join(", ")})`;
      // A value's shape is shown only where the value first appears.
      for (const value of from) values[value] = (values[value] as string).split(" ")[0] as string;
      values.push(result.split(" ")[0] as string);
      return text;
    });
    return [`${this.#results(chain.instruction)} = chain of ${ops.length}, block by block:`, ...lines];
  }

  #update(instruction: Instruction): string[] {
    const update = new Named<"update">(instruction);
    const tensors = update.param("tensors");
    const lines = Array.from({ length: tensors }, (_, tensor) => this.#updated(update, [], tensor));
    const rule = this.#rule(update);
    return tensors === 1
      ? [`${rule}: ${lines[0]}`]
      : [`${rule} of ${tensors} tensors in one pass:`, ...lines];
  }

  /** An update that computes its gradient from the factors. */
  #fused(instruction: Instruction): string {
    if (descriptionOf(instruction.name).update?.gradient === "outer") {
      const outer = new Named<"update_outer">(instruction);
      const gradient = `outer product of ${this.#show(outer.operand("dz"))} and ${this.#show(outer.operand("x"))}`;
      return `${this.#rule(outer)}: ${this.#updated(outer, [`gradient ${gradient}`])}`;
    }
    const product = new Named<"update_product">(instruction);
    const alpha = product.param("alpha");
    const gradient = `${alpha < 0 ? "−" : ""}${factor(alpha)}${this.#factors(product)}`;
    return `${this.#rule(product)}: ${this.#updated(product, [`gradient ${gradient}`])}`;
  }

  /** One tensor and the operands that update it. */
  #updated(update: AnyUpdate, first: readonly string[] = [], tensor = 0): string {
    const { operands } = wholeOf(update);
    const told = operands.flatMap(({ name }) => {
      const value = name === "w" || !update.has(name as "lr") ? null : update.operand(name as "lr", tensor);
      return value === null ? [] : [`${words(name)} ${this.#names.get(value)}`];
    });
    return `${this.#show(update.operand("w", tensor))} by ${[...first, ...told].join(", ")}`;
  }

  /** The rule of an update with its settings other than 0. */
  #rule(update: AnyUpdate): string {
    const told = settingNames(update.name).flatMap((setting) => {
      const name = setting as "weightDecay" & "momentum";
      const isOperand = update.has(name) && update.operand(name) !== null;
      return update.param(name) === 0 || isOperand ? [] : [`${words(name)} ${update.param(name)}`];
    });
    const { rule } = descriptionOf(update.name).update as { rule: string };
    return told.length === 0 ? rule : `${rule} (${told.join(", ")})`;
  }
}

/** The update by the same rule with a whole gradient. All forms share its settings and its state. */
const wholeOf = (update: AnyUpdate) => updateOf(descriptionOf(update.name).update?.rule as string, "whole");

/** An identifier as words: "weightDecay" becomes "weight decay". */
const words = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** A number as a factor of what follows, without its sign. Empty for 1 and −1. */
const factor = (number: number): string => (Math.abs(number) === 1 ? "" : `${Math.abs(number)} · `);
