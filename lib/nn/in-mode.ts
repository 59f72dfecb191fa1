import { overrule } from "../context/trace.js";
import type { AnyModule } from "./module.js";

/**
 * Runs the model in training or evaluation mode, and restores the modes afterwards. If the model is in training mode,
 * those of its modules that are in evaluation mode are frozen, and stay in evaluation mode.
 */
export function inMode<T>(model: AnyModule, training: boolean, run: () => T): T {
  if (training && model.training) return run();
  const modes = Array.from(model.namedModules(), ([, module]) => {
    // The program does not depend on the previous modes.
    overrule(module);
    return [module, module.training] as const;
  });
  model.train(training);
  try {
    return run();
  } finally {
    for (const [module, before] of modes) module.training = before;
  }
}
