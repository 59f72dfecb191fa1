import { ArgumentError, DataError } from "../../errors.js";
import { checkPath, type FilePath } from "../../files/path.js";
import { isRecord, type RunState } from "../../keeping/run-state.js";
import { loadState } from "../../keeping/state.js";

/** What of an agent is needed here, whatever it observes and does. */
interface Kept {
  readonly name: string;
  loadStateDict(state: RunState): void;
}

/**
 * The agent in a file of `agent.save`.
 * @param make Makes an agent of that kind.
 * @param options Other options than those in the file.
 * @throws DataError if the file is another one, was cut short or has changed; ArgumentError if it is of another kind of
 *   agent, or does not fit the environment; FileError
 */
export async function loadAgent<A extends Kept, O extends object>(
  path: FilePath,
  make: (options: O) => A,
  options: O | undefined,
): Promise<A> {
  const file = await loadState(path);
  const isAgent = isRecord(file) && typeof file["agent"] === "string" && isRecord(file["options"]);
  if (!isAgent) throw new DataError(`load: ${checkPath("load", path)}: expected an agent, got another state`);
  const agent = make({ ...(file["options"] as object), ...options } as O);
  if (agent.name !== file["agent"]) {
    throw new ArgumentError(`${agent.name}.load: ${checkPath("load", path)} holds a ${file["agent"]}`);
  }
  agent.loadStateDict(file["state"] as never);
  return agent;
}
