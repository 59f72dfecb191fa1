import type { Executable } from "../compiler/executable.js";
import { lives } from "../plan/arena.js";
import { chainOps } from "../plan/fuse-elementwise.js";
import { outerRuleOf } from "../plan/fuse-outer-update.js";
import { PRODUCT_PARAMS, productRuleOf } from "../plan/fuse-product-update.js";
import type { Buffer, BufferKind, Instruction, Program } from "../plan/ir.js";
import { OPERAND, PARAM } from "../plan/matmul-params.js";
import { bytesOf } from "../tensor/dtype.js";
import { format } from "../tensor/shape.js";
import { bytesMoved, flopsOf } from "./costs.js";
import { describePlan } from "./schedule.js";

const LETTER: Readonly<Record<BufferKind, string>> = {
  input: "x",
  state: "w",
  constant: "c",
  temporary: "t",
};
const ACTIVATIONS = ["", "relu", "tanh", "sigmoid"];
/** Of each kind of update: the operands for one tensor, and the settings, in their native order. */
const UPDATE: Readonly<Record<string, { operands: readonly string[]; settings: readonly string[] }>> = {
  sgd: {
    operands: ["", "gradient", "velocity", "lr", "step", "momentum"],
    settings: ["momentum", "dampening", "weight decay", "nesterov", "maximize"],
  },
  adam: {
    operands: ["", "gradient", "m", "v", "max v", "lr", "step", "beta1"],
    settings: ["beta1", "beta2", "eps", "weight decay", "decoupled", "maximize"],
  },
};

/**
 * A program as text: what each instruction computes and what it costs, who of the threads does it, and where
 * each buffer is.
 * @param batch of a loop, samples of a mini-batch; 0 for one step.
 */
export function explain(executable: Executable, batch: number): string {
  const { program, arena } = executable;
  const names = nameBuffers(program);
  const { instructions } = program;
  const flops = instructions.map(flopsOf);
  const moved = instructions.map(bytesMoved);
  const sum = (numbers: readonly number[]): string => count(numbers.reduce((a, b) => a + b, 0));
  const width = Math.max(9, ...[...flops, ...moved].map((number) => count(number).length));
  const cell = (text: string): string => text.padStart(width);
  const updated = (instruction: number) =>
    names.get(instructions[instruction]?.operands[0] as Buffer) as string;
  const threads = describePlan(executable.plan(batch), batch, updated);
  const rows = instructions.flatMap((instruction, i) => {
    const [first, ...more] = new Sentence(names).describe(instruction);
    const numbers = `${cell(count(flops[i] as number))}  ${cell(count(moved[i] as number))}`;
    const indent = " ".repeat(2 * width + 13);
    return [`${String(i).padStart(4)}  ${numbers}  ${first}`, ...more.map((line) => indent + line)];
  });
  const plural = instructions.length === 1 ? "" : "s";
  return [
    `program: ${instructions.length} instruction${plural}, ${sum(flops)} flops, ${sum(moved)} bytes moved, arena ${count(arena.bytes)} bytes`,
    `gives ${program.outputs.map((buffer) => names.get(buffer)).join(", ") || "nothing"}`,
    "",
    `      ${cell("flops")}  ${cell("bytes")}  instruction`,
    ...rows,
    "",
    ...(threads.length === 0 ? [] : [...threads, ""]),
    "buffers (x: inputs, w: parameters and other state, c: constants, t: temporaries, in the arena):",
    ...describeBuffers({ program, arena }, names),
  ].join("\n");
}

const count = (number: number): string => Math.round(number).toLocaleString("en");

/** Names in the order in which the buffers are met; a constant of one element is its value. */
function nameBuffers({ instructions, outputs }: Program): Map<Buffer, string> {
  const names = new Map<Buffer, string>();
  const next: Record<string, number> = {};
  for (const buffer of [...instructions.flatMap(({ operands }) => operands), ...outputs]) {
    if (buffer == null || names.has(buffer)) continue;
    if (isNumber(buffer)) {
      names.set(buffer, String(Number((buffer.values?.[0] ?? 0).toPrecision(7))));
      continue;
    }
    const letter = LETTER[buffer.kind];
    const number = buffer.kind === "input" ? (buffer.argument as number) : (next[letter] ?? 0);
    next[letter] = number + 1;
    names.set(buffer, `${letter}${number}`);
  }
  return names;
}

/** A number as a factor of what follows, without its sign. */
const factor = (number: number): string => (Math.abs(number) === 1 ? "" : `${Math.abs(number)} · `);

const isNumber = ({ kind, size }: Buffer): boolean => kind === "constant" && size === 1;

function describeBuffers(
  { program, arena }: Pick<Executable, "program" | "arena">,
  names: Map<Buffer, string>,
) {
  const life = new Map(lives(program).map((one) => [one.buffer, one]));
  const order = (buffer: Buffer): string => {
    const name = names.get(buffer) as string;
    return "xwct".indexOf(name[0] as string) + name.slice(1).padStart(9, "0");
  };
  return [...names.keys()]
    .filter((buffer) => !isNumber(buffer))
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))
    .map((buffer) => {
      const { first, last } = life.get(buffer) ?? {};
      const end = last === program.instructions.length ? "the end" : last;
      const place =
        buffer.kind === "temporary"
          ? `at ${count(arena.offsets.get(buffer) ?? 0)}, from instruction ${first} to ${end}`
          : "";
      const what = `${names.get(buffer)} ${format(buffer.shape)} ${buffer.dtype}`;
      return `      ${what.padEnd(28)} ${count(bytesOf(buffer)).padStart(11)} bytes  ${place}`.trimEnd();
    });
}

/** What one instruction computes, as lines; `[M, N]` stands behind what is no number. */
class Sentence {
  readonly #names: ReadonlyMap<Buffer, string>;

  constructor(names: ReadonlyMap<Buffer, string>) {
    this.#names = names;
  }

  describe(instruction: Instruction): string[] {
    const { name } = instruction;
    if (name === "matmul") return [this.#matmul(instruction)];
    if (name === "chain") return this.#chain(instruction);
    if (UPDATE[name] !== undefined) return this.#update(instruction);
    const rule = outerRuleOf(name);
    if (rule !== undefined) return [this.#outerUpdate(rule, instruction)];
    const productRule = productRuleOf(name);
    if (productRule !== undefined) return [this.#productUpdate(productRule, instruction)];
    const reads = instruction.operands.filter((_, at) => !instruction.writes.includes(at));
    return [`${this.#results(instruction)} = ${name}(${reads.map((one) => this.#show(one)).join(", ")})`];
  }

  /** A buffer's name, and its shape unless it is one number. */
  #show(buffer: Buffer | null | undefined, mark = ""): string {
    if (buffer == null) return "none";
    const shape = buffer.shape.length === 0 || isNumber(buffer) ? "" : ` ${format(buffer.shape)}`;
    return `${this.#names.get(buffer)}${mark}${shape}`;
  }

  #results({ operands, writes }: Instruction): string {
    return writes.map((at) => this.#show(operands[at])).join(", ");
  }

  /** activation(alpha · scale · matmul(a, b) + addend + bias) ∘ slope */
  #matmul({ params, operands }: Instruction): string {
    const operand = (name: keyof typeof OPERAND): Buffer | null => operands[OPERAND[name]] ?? null;
    const param = (name: keyof typeof PARAM): number => params[PARAM[name]] as number;
    const sign = (number: number): string => (number < 0 ? "−" : "+");
    const [alpha, beta] = [param("alpha"), param("beta")];
    const scale = operand("scale") === null ? "" : `${this.#show(operand("scale"))} · `;
    const product = `${factor(alpha)}${scale}${this.#factors(params, operand("a"), operand("b"))}`;
    const c = this.#show(operand("c"));
    // It accumulates: nothing else comes with that.
    if (beta !== 0 && operand("addend") === null) {
      return `${c} = ${factor(beta)}${this.#names.get(operand("c") as Buffer)} ${sign(alpha)} ${product}`;
    }
    let sum = alpha < 0 ? `−${product}` : product;
    if (operand("addend") !== null) sum += ` ${sign(beta)} ${factor(beta)}${this.#show(operand("addend"))}`;
    if (operand("bias") !== null) sum += ` + ${this.#show(operand("bias"))}`;
    const activation = ACTIVATIONS[param("activation")];
    if (activation) sum = `${activation}(${sum})`;
    if (operand("state") === null) return `${c} = ${sum}`;
    const slope = `slope of ${ACTIVATIONS[param("stateActivation")]} at ${this.#show(operand("state"))}`;
    return `${c} = ${sum.includes(") ") ? `(${sum})` : sum} ∘ ${slope}`;
  }

  #factors(params: readonly number[], a: Buffer | null, b: Buffer | null): string {
    const turned = (name: "transposeA" | "transposeB"): string => (params[PARAM[name]] ? "ᵀ" : "");
    return `matmul(${this.#show(a, turned("transposeA"))}, ${this.#show(b, turned("transposeB"))})`;
  }

  #chain(instruction: Instruction): string[] {
    const { params, operands, writes } = instruction;
    const results = writes.map((at) => operands[at]);
    const values = operands.slice(0, params[1]).map((operand) => this.#show(operand));
    const ops = chainOps(instruction);
    const lines = ops.map(({ name, from, kept }, k) => {
      const result = kept ? this.#show(results.shift()) : `v${k}`;
      const text = `${result} = ${name}(${from.map((value) => values[value]).join(", ")})`;
      // The shape is told where a value first appears.
      for (const value of from) values[value] = (values[value] as string).split(" ")[0] as string;
      values.push(result.split(" ")[0] as string);
      return text;
    });
    return [`${this.#results(instruction)} = chain of ${ops.length}, block by block:`, ...lines];
  }

  #update({ name, params, operands }: Instruction): string[] {
    const tensors = params[0] as number;
    const width = (UPDATE[name] as (typeof UPDATE)[string]).operands.length;
    const each = Array.from({ length: tensors }, (_, i) => operands.slice(i * width, (i + 1) * width));
    const lines = each.map((own) => this.#updated(name, own));
    const rule = this.#rule(name, params.slice(1 + tensors), operands);
    return tensors === 1
      ? [`${rule}: ${lines[0]}`]
      : [`${rule} of ${tensors} tensors in one pass:`, ...lines];
  }

  #outerUpdate(rule: string, { params, operands }: Instruction): string {
    const [w = null, dz, x, ...rest] = operands;
    const gradient = `outer product of ${this.#show(dz)} and ${this.#show(x)}`;
    const own = [w, null, ...rest];
    return `${this.#rule(rule, params.slice(2), own)}: ${this.#updated(rule, own, [`gradient ${gradient}`])}`;
  }

  #productUpdate(rule: string, { params, operands }: Instruction): string {
    const [w = null, a = null, b = null, ...rest] = operands;
    const alpha = params[PARAM.alpha] as number;
    const gradient = `${alpha < 0 ? "−" : ""}${factor(alpha)}${this.#factors(params, a, b)}`;
    const own = [w, null, ...rest];
    return `${this.#rule(rule, params.slice(PRODUCT_PARAMS), own)}: ${this.#updated(rule, own, [`gradient ${gradient}`])}`;
  }

  /** One tensor and what it is updated by. */
  #updated(name: string, operands: readonly (Buffer | null)[], first: readonly string[] = []): string {
    const told = operands.flatMap((operand, k) =>
      operand === null || k === 0 ? [] : [`${UPDATE[name]?.operands[k]} ${this.#names.get(operand)}`],
    );
    return `${this.#show(operands[0])} by ${[...first, ...told].join(", ")}`;
  }

  /** The name of an update with the settings that say something. */
  #rule(name: string, values: readonly number[], operands: readonly (Buffer | null)[]): string {
    const parts = UPDATE[name] as (typeof UPDATE)[string];
    const settings = values.flatMap((value, k) => {
      const setting = parts.settings[k] as string;
      const isOperand = (operands[parts.operands.indexOf(setting)] ?? null) !== null;
      return value === 0 || isOperand ? [] : [`${setting} ${value}`];
    });
    return settings.length === 0 ? name : `${name} (${settings.join(", ")})`;
  }
}
