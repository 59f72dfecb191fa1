import { unchangedBetween } from "./hazards.js";
import { type Buffer, countUses, type Instruction, type Program, producers } from "./ir.js";
import { ACTIVATION, OPERAND, PARAM, withMatmul } from "./matmul-params.js";

/**
 * dx = dz · W, then dx ∘ slope(y) where y is the output of an activation: one instruction. The slopes are
 * those that the ops' rules give: relu heaviside(y), tanh 1 − y², sigmoid y·(1 − y).
 */
export function fuseSlope(program: Program): Program {
  const uses = countUses(program);
  const makers = producers(program);
  const replaced = new Map<Instruction, Instruction>();
  const gone = new Set<Instruction>();
  for (const instruction of program.instructions) {
    if (instruction.name !== "mul") continue;
    const [dx, factor, output] = instruction.operands as [Buffer, Buffer, Buffer];
    const maker = makers.get(dx);
    const slope = slopeOf(factor, makers);
    if (maker?.name !== "matmul" || slope === null || uses.get(dx) !== 1) continue;
    if (maker.params[PARAM.activation] !== 0 || (maker.operands[OPERAND.state] ?? null) !== null) continue;
    if (dx.size !== output.size || slope.y.size !== output.size) continue;
    // It takes the place of the product, by which time y is known too.
    if (!unchangedBetween(program, maker.operands, maker, instruction)) continue;
    if (!unchangedBetween(program, [slope.y], slope.since, instruction)) continue;
    replaced.set(
      instruction,
      withMatmul(
        maker,
        { c: output, state: slope.y },
        { stateActivation: ACTIVATION[slope.activation] as number },
      ),
    );
    gone.add(maker);
  }
  return {
    ...program,
    instructions: program.instructions.filter((one) => !gone.has(one)).map((one) => replaced.get(one) ?? one),
  };
}

type Makers = ReadonlyMap<Buffer, Instruction>;

interface Slope {
  readonly activation: string;
  readonly y: Buffer;
  /** The first instruction that reads y. */
  readonly since: Instruction;
}

/** Of which activation's output a factor is the slope. */
function slopeOf(factor: Buffer, makers: Makers): Slope | null {
  const maker = makers.get(factor);
  if (maker === undefined) return null;
  const [first, second] = maker.operands as [Buffer, Buffer];
  if (maker.name === "heaviside") return { y: first, activation: "relu", since: maker };
  if (maker.name === "sub" && isOne(first)) {
    const inner = makers.get(second);
    if (inner?.name !== "square") return null;
    return { y: inner.operands[0] as Buffer, activation: "tanh", since: inner };
  }
  if (maker.name === "mul") {
    const inner = makers.get(second);
    const [one, y] = (inner?.operands ?? []) as [Buffer?, Buffer?];
    if (inner?.name !== "sub" || one === undefined || !isOne(one) || y !== first) return null;
    return { y: first, activation: "sigmoid", since: inner };
  }
  return null;
}

function isOne(buffer: Buffer): boolean {
  return buffer.kind === "constant" && buffer.size === 1 && buffer.values?.[0] === 1;
}
