import { ArgumentError } from "../errors.js";
import { describe } from "../options.js";
import { type Arena, makeArena } from "./arena.js";
import { commonSubexpressions } from "./common-subexpressions.js";
import { deadCode } from "./dead-code.js";
import { dropCopies } from "./drop-copies.js";
import { foldConstants } from "./fold-constants.js";
import { fuseActivation } from "./fuse-activation.js";
import { fuseCrossEntropy } from "./fuse-cross-entropy.js";
import { fuseDescent } from "./fuse-descent.js";
import { fuseElementwise } from "./fuse-elementwise.js";
import { fuseOuterUpdate } from "./fuse-outer-update.js";
import { fuseProductUpdate } from "./fuse-product-update.js";
import { fuseSlope } from "./fuse-slope.js";
import { fuseUpdates } from "./fuse-updates.js";
import type { Pass, Program } from "./ir.js";
import { order } from "./order.js";
import { writeInPlace } from "./write-in-place.js";

/** The passes in the order in which they run. `makeArena` does `shareMemory`. */
export const PASSES = [
  "deadCode",
  "foldConstants",
  "dropCopies",
  "commonSubexpressions",
  "fuseActivation",
  "fuseCrossEntropy",
  "fuseSlope",
  "fuseOuterUpdate",
  "fuseDescent",
  "fuseProductUpdate",
  "fuseUpdates",
  "fuseElementwise",
  "writeInPlace",
  "order",
  "shareMemory",
] as const;

export type PassName = (typeof PASSES)[number];

const RUN: Readonly<Record<Exclude<PassName, "shareMemory">, Pass>> = {
  deadCode,
  foldConstants,
  dropCopies,
  commonSubexpressions,
  fuseActivation,
  fuseCrossEntropy,
  fuseSlope,
  fuseOuterUpdate,
  fuseDescent,
  fuseProductUpdate,
  fuseUpdates,
  fuseElementwise,
  writeInPlace,
  order,
};

/** @throws ArgumentError for a pass that does not exist. */
export function checkPasses(passes: readonly unknown[]): PassName[] {
  return passes.map((pass) => {
    const known = PASSES.find((name) => name === pass);
    if (known !== undefined) return known;
    throw new ArgumentError(`compile: unknown pass ${describe(pass)}; known passes: ${PASSES.join(", ")}`);
  });
}

/** Runs the given passes, then places the temporaries in memory. */
export function plan(
  program: Program,
  passes: readonly PassName[] = PASSES,
): { program: Program; arena: Arena } {
  let planned = program;
  for (const name of PASSES) {
    if (name === "shareMemory" || !passes.includes(name)) continue;
    planned = RUN[name](planned);
    // Removes at once what a fusion made superfluous, so that the next pass counts the reads of a value correctly.
    if (passes.includes("deadCode")) planned = deadCode(planned);
  }
  return { program: planned, arena: makeArena(planned, passes.includes("shareMemory")) };
}
