// Tensors whose elements are in another file, beside that of the model.
import { DataError } from "../errors.js";
import { quote } from "../formats/stored-array.js";
import { DataLocation, type ModelProto, type TensorProto } from "./schema.js";

const isExternal = (tensor: TensorProto): boolean => tensor.data_location === DataLocation.EXTERNAL;

const entryOf = (tensor: TensorProto, key: string): string | undefined =>
  tensor.external_data.find((entry) => entry.key === key)?.value;

/** The name of the file that has a tensor's elements. @throws DataError unless it is in the model's folder or below. */
function locationOf(where: string, tensor: TensorProto): string {
  const location = entryOf(tensor, "location") ?? "";
  const parts = location.split(/[/\\]/);
  const isInside =
    location !== "" && !location.includes("\0") && !/^[A-Za-z]:/.test(location) && parts[0] !== "";
  if (isInside && !parts.includes("..")) return location;
  throw new DataError(
    `${where}: tensor ${quote(tensor.name ?? "")}: expected a file in the folder of the model, found ${quote(location)}`,
  );
}

/** The names of all files that the model's tensors are in, relative to its folder. @throws DataError */
export function externalFiles(where: string, model: ModelProto): string[] {
  const external = (model.graph?.initializer ?? []).filter(isExternal);
  return [...new Set(external.map((tensor) => locationOf(where, tensor)))];
}

/** The model with those elements in it, as views of the files' bytes. @throws DataError */
export function withExternalData(
  where: string,
  model: ModelProto,
  files: ReadonlyMap<string, Uint8Array>,
): ModelProto {
  const { graph } = model;
  if (graph === undefined || !graph.initializer.some(isExternal)) return model;
  const initializer = graph.initializer.map((tensor) =>
    isExternal(tensor) ? filled(where, tensor, files.get(locationOf(where, tensor))) : tensor,
  );
  return { ...model, graph: { ...graph, initializer } };
}

function filled(where: string, tensor: TensorProto, bytes: Uint8Array | undefined): TensorProto {
  const what = `${where}: tensor ${quote(tensor.name ?? "")}`;
  const location = locationOf(where, tensor);
  if (bytes === undefined) {
    throw new DataError(
      `${what}: its elements are in the file ${quote(location)}: pass the path of the model, or that file's bytes in externalData`,
    );
  }
  const offset = whole(what, "offset", entryOf(tensor, "offset") ?? "0");
  const length = whole(what, "length", entryOf(tensor, "length") ?? String(bytes.length - offset));
  if (offset + length > bytes.length) {
    throw new DataError(
      `${what}: expected ${length} bytes from byte ${offset} on in ${quote(location)}, which has ${bytes.length}`,
    );
  }
  const raw_data = bytes.subarray(offset, offset + length);
  return { ...tensor, data_location: DataLocation.DEFAULT, external_data: [], raw_data };
}

function whole(what: string, name: string, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new DataError(`${what}: expected ${name} to be a whole number, found ${quote(text)}`);
}
