import { assign, checkAssignable } from "../../eager/apply.js";
import { ArgumentError } from "../../errors.js";
import { isRecord, type Stateful } from "../../keeping/run-state.js";
import { describe } from "../../options.js";
import { checkTensor, type Tensor } from "../../tensor/tensor.js";

/** Tensors that are kept with an agent: where something is that ops count or draw. */
export function keptTensors(where: string, tensors: Readonly<Record<string, Tensor>>): Stateful {
  return {
    stateDict: () => ({ ...tensors }),
    loadStateDict: (state: unknown) => {
      if (!isRecord(state)) throw new ArgumentError(`${where}: expected tensors, got ${describe(state)}`);
      const given = Object.entries(tensors).map(([name, target]) => {
        const source = checkTensor(where, name, state[name]);
        checkAssignable(`${where}: ${name}`, target, source);
        return { target, source };
      });
      for (const { target, source } of given) assign(target, source);
    },
  };
}
