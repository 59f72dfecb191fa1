import { ArgumentError, DataError, ThalwegError } from "../errors.js";
import { describe } from "../options.js";
import { dtypeOf } from "../tensor/dtype.js";
import { recordsOf } from "./records.js";
import { decodeMessage, type EventMessage } from "./schema.js";

/**
 * The events of a file that TensorBoard reads, in order. A last event that is not whole is left out.
 * @param bytes Of the file.
 * @param source Where the bytes come from, for error messages.
 * @throws ArgumentError unless they are bytes; DataError where they are no such file; PackageError without protobufjs
 *   or crc-32.
 * @example const events = parseEvents(await readFile(board.path));
 */
export function parseEvents(bytes: Uint8Array, source = "an event file"): EventMessage[] {
  const where = "parseEvents";
  if (dtypeOf(bytes) !== "bool") {
    throw new ArgumentError(`${where}: expected the bytes of a file as a Uint8Array, got ${describe(bytes)}`);
  }
  if (typeof source !== "string") {
    throw new ArgumentError(`${where}: expected source to be a text, got ${describe(source)}`);
  }
  const events: EventMessage[] = [];
  for (const record of recordsOf(`${where}: ${source}`, bytes)) {
    try {
      events.push(decodeMessage(where, "Event", record));
    } catch (cause) {
      if (cause instanceof ThalwegError) throw cause;
      throw new DataError(`${where}: ${source}: record ${events.length} is no event`, { cause });
    }
  }
  return events;
}
