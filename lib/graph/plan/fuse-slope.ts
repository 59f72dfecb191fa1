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

/** Of which activation's output a factor is the slope. */
function slopeOf(factor: Buffer, makers: Makers): { y: Buffer; activation: string } | null {
  const maker = makers.get(factor);
  if (maker === undefined) return null;
  const [first, second] = maker.operands as [Buffer, Buffer];
  if (maker.name === "heaviside") return { y: first, activation: "relu" };
  if (maker.name === "sub" && isOne(first)) {
    const inner = makers.get(second);
    return inner?.name === "square" ? { y: inner.operands[0] as Buffer, activation: "tanh" } : null;
  }
  if (maker.name === "mul") {
    const inner = makers.get(second);
    const [one, y] = (inner?.operands ?? []) as [Buffer?, Buffer?];
    const matches = inner?.name === "sub" && one !== undefined && isOne(one) && y === first;
    return matches ? { y: first, activation: "sigmoid" } : null;
  }
  return null;
}

function isOne(buffer: Buffer): boolean {
  return buffer.kind === "constant" && buffer.size === 1 && buffer.values?.[0] === 1;
}
