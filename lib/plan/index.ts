import { ArgumentError } from "../errors.js";
import { describe } from "../options.js";
import { type Arena, makeArena } from "./arena.js";
import { combineDraws } from "./combine-draws.js";
import { commonSubexpressions } from "./common-subexpressions.js";
import { deadCode } from "./dead-code.js";
import { dropCopies } from "./drop-copies.js";
import { foldConstants } from "./fold-constants.js";
import { fuseActivation } from "./fuse-activation.js";
import { fuseBias } from "./fuse-bias.js";
import { fuseCrossEntropy } from "./fuse-cross-entropy.js";
import { fuseDescent } from "./fuse-descent.js";
import { fuseElementwise } from "./fuse-elementwise.js";
import { fuseOuterUpdate } from "./fuse-outer-update.js";
import { fuseProductUpdate } from "./fuse-product-update.js";
import { fuseSlope } from "./fuse-slope.js";
import { fuseUpdates } from "./fuse-updates.js";
import type { Pass, Program } from "./ir.js";
import { order } from "./order.js";
import { simplify } from "./simplify.js";
import { writeInPlace } from "./write-in-place.js";

interface Row {
  readonly run: Pass;
  /** Whether results keep their bits. A fusion may round once where two instructions round twice. */
  readonly keepsBits: boolean;
}

const exact = (run: Pass): Row => ({ run, keepsBits: true });
const rounding = (run: Pass): Row => ({ run, keepsBits: false });

/** The passes in the order in which they run. `makeArena` does `shareMemory`. */
const ROWS = {
  deadCode: exact(deadCode),
  foldConstants: exact(foldConstants),
  combineDraws: exact(combineDraws),
  // The sum of a single −0 is +0.
  dropCopies: rounding(dropCopies),
  simplify: exact(simplify),
  commonSubexpressions: exact(commonSubexpressions),
  fuseBias: rounding(fuseBias),
  fuseActivation: rounding(fuseActivation),
  fuseCrossEntropy: rounding(fuseCrossEntropy),
  fuseSlope: rounding(fuseSlope),
  fuseOuterUpdate: rounding(fuseOuterUpdate),
  fuseDescent: rounding(fuseDescent),
  fuseProductUpdate: rounding(fuseProductUpdate),
  fuseUpdates: exact(fuseUpdates),
  fuseElementwise: exact(fuseElementwise),
  writeInPlace: exact(writeInPlace),
  order: exact(order),
  shareMemory: exact((program) => program),
} as const satisfies Readonly<Record<string, Row>>;

export type PassName = keyof typeof ROWS;

export const PASSES = Object.keys(ROWS) as readonly PassName[];

/** The passes that keep all bits. */
export const EXACT_PASSES: readonly PassName[] = PASSES.filter((name) => ROWS[name].keepsBits);

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
    if (!passes.includes(name)) continue;
    planned = ROWS[name].run(planned);
    // Removes at once what a fusion made superfluous, so that the next pass counts the reads of a value correctly.
    if (passes.includes("deadCode")) planned = deadCode(planned);
  }
  return { program: planned, arena: makeArena(planned, passes.includes("shareMemory")) };
}
