import { COUNT } from "../native/random-state.js";
import { canFail, type Instruction, type Program, type Value } from "./ir.js";
import { isNamed, named } from "./named.js";

/** A source's steps that have been put off, and the last of them. */
interface PutOff {
  readonly blocks: number;
  readonly step: Instruction;
}

/**
 * Has all draws from a source read one state, each from its own distance on, and moves the state on once, after the last
 * of them: then no draw waits for the one before.
 */
export function combineDraws(program: Program): Program {
  const kept: Instruction[] = [];
  const putOff = new Map<Value, PutOff>();
  const catchUp = (state: Value): void => {
    const { blocks, step } = putOff.get(state) as PutOff;
    putOff.delete(state);
    const contents = Float64Array.of(0, 0, blocks);
    const moved: Value = { kind: "constant", size: 3, dtype: "float64", shape: [3], contents };
    kept.push({ ...step, operands: step.operands.map((value) => (value === state ? state : moved)) });
  };
  for (const instruction of program.instructions) {
    const step = stepOf(instruction);
    if (step !== null) {
      const before = putOff.get(step.state)?.blocks ?? 0;
      putOff.set(step.state, { blocks: before + step.blocks, step: instruction });
      continue;
    }
    const draw = named(instruction, "random");
    const from = draw?.required("state");
    for (const state of [...putOff.keys()]) {
      // A step that fails has moved on all sources from which it has drawn.
      const isUsed = instruction.operands.some((value) => value === state);
      if (canFail(instruction) || (isUsed && state !== from)) catchUp(state);
    }
    const blocks = from === undefined ? 0 : (putOff.get(from)?.blocks ?? 0);
    kept.push(
      draw === null || blocks === 0
        ? instruction
        : draw.with({ params: { offset: draw.param("offset") + blocks } }),
    );
  }
  for (const state of [...putOff.keys()]) catchUp(state);
  return { ...program, instructions: kept };
}

/** The state that an instruction moves on, and by how much: state ← state + [0, 0, blocks]; null if it does not. */
function stepOf(instruction: Instruction): { readonly state: Value; readonly blocks: number } | null {
  const sum = isNamed(instruction, "elementwise", "add");
  if (sum === null) return null;
  const [state, moved] = [sum.required("a"), sum.required("b")];
  if (state.kind !== "state" || sum.required("y") !== state || moved.kind !== "constant") return null;
  const { contents, dtype, size } = moved;
  const isStep = dtype === "float64" && size === 3 && contents?.[0] === 0 && contents[1] === 0;
  const blocks = contents?.[COUNT];
  return isStep && Number.isSafeInteger(blocks) && (blocks as number) >= 0
    ? { state, blocks: blocks as number }
    : null;
}
