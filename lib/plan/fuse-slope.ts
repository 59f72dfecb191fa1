import { unchangedBetween } from "./hazards.js";
import { countUses, type Instruction, isOne, type Program, producers, type Value } from "./ir.js";
import { activationOf, isOpen } from "./matmul.js";
import { isNamed, named } from "./named.js";

/**
 * Fuses dx = dz · W and dx ∘ f′ into one instruction. f′ is an activation's derivative, computed from its output y
 * as the ops' rules do: relu heaviside(y), tanh 1 − y², sigmoid y·(1 − y).
 */
export function fuseSlope(program: Program): Program {
  const uses = countUses(program);
  const makers = producers(program);
  const replaced = new Map<Instruction, Instruction>();
  const gone = new Set<Instruction>();
  for (const instruction of program.instructions) {
    const mul = isNamed(instruction, "elementwise", "mul");
    if (mul === null) continue;
    const [dx, factor, output] = [mul.required("a"), mul.required("b"), mul.required("y")];
    const product = named(makers.get(dx), "matmul");
    const derivative = derivativeOf(factor, makers);
    if (product === null || derivative === null || uses.get(dx) !== 1 || !isOpen(product)) continue;
    const { activation, y, since } = derivative;
    if (dx.size !== output.size || y.size !== output.size) continue;
    // The fused instruction runs at the place of `mul`: its operands must hold the same values there.
    if (!unchangedBetween(program, product.instruction.operands, product.instruction, instruction)) continue;
    if (!unchangedBetween(program, [y], since, instruction)) continue;
    const stateActivation = activationOf(activation) as number;
    replaced.set(
      instruction,
      product.with({ operands: { c: output, state: y }, params: { stateActivation } }),
    );
    gone.add(product.instruction);
  }
  return {
    ...program,
    instructions: program.instructions.filter((one) => !gone.has(one)).map((one) => replaced.get(one) ?? one),
  };
}

type Makers = ReadonlyMap<Value, Instruction>;

interface Derivative {
  readonly activation: string;
  readonly y: Value;
  /** The first instruction that reads y. */
  readonly since: Instruction;
}

/** The activation whose derivative a factor is; null if it is none. */
function derivativeOf(factor: Value, makers: Makers): Derivative | null {
  const maker = named(makers.get(factor), "elementwise");
  if (maker === null) return null;
  const since = maker.instruction;
  if (maker.name === "heaviside") return { y: maker.required("x"), activation: "relu", since };
  if (maker.name === "sub" && isOne(maker.required("a"))) {
    const square = isNamed(makers.get(maker.required("b")), "elementwise", "square");
    return square && { y: square.required("x"), activation: "tanh", since: square.instruction };
  }
  if (maker.name === "mul") {
    const y = maker.required("a");
    const rest = isNamed(makers.get(maker.required("b")), "elementwise", "sub");
    if (rest === null || !isOne(rest.required("a")) || rest.operand("b") !== y) return null;
    return { y, activation: "sigmoid", since: rest.instruction };
  }
  return null;
}
