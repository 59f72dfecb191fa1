import { types } from "node:util";
import { DataError } from "../../errors.js";
import type { FilePath } from "../../files/path.js";
import { readWhole } from "../../files/read.js";
import { toTensor } from "../../formats/convert.js";
import type { StoredArray } from "../../formats/stored-array.js";
import { checkChoice, checkNumber, checkOptions } from "../../options.js";
import type { Tensor } from "../../tensor/tensor.js";
import { isArchive, readArchive } from "./archive.js";
import { isLegacy, type PickledObject, readLegacy } from "./legacy.js";
import { toPlain } from "./plain.js";

export interface ReadPyTorchOptions {
  /**
   * The dtype of tensors of int64, uint32 and uint64. In int32 a number that it cannot hold is refused; in float64 one
   * beyond 2⁵³. Default: int32.
   */
  readonly integers?: "int32" | "float64";
  /**
   * The most bytes of memory for all tensors. A small file may hold a large tensor whose elements are all the same
   * place in memory. Default: 16 MiB and 8 times the size of the file, after decompression.
   */
  readonly maxBytes?: number;
}

const SPACE = 16 << 20;
const WIDE = ["int64", "uint32", "uint64"];

/**
 * Reads what `torch.save` wrote: a state dict, or a whole checkpoint. Both forms of `.pt` and `.pth` files are read, the
 * zip archive and the older one. No code of the file is run: the names that tensors and containers need are known, and
 * any other is refused by name.
 *
 * What becomes of values:
 *
 * | PyTorch | here |
 * |---|---|
 * | tensors and parameters of float32, float16, bfloat16 | float32 |
 * | of float64; of bool | float64; bool |
 * | of whole numbers | int32, exact or refused; see `integers` |
 * | dict, OrderedDict, Counter | an object without prototype; a Map, if keys are neither text nor whole numbers |
 * | list, tuple, torch.Size | an array |
 * | set, frozenset | a Set |
 * | int, float | a number; a bigint beyond 2⁵³ |
 * | str, bool, None | text, boolean, null |
 * | bytes, bytearray | a Uint8Array |
 * | dtype, device, layout | their names: `"torch.float32"`, `"cuda:0"` |
 *
 * Two tensors over the same elements of one storage, as tied weights are, share memory here too. Tensors that are other
 * views of one storage get memory of their own. `requiresGrad` is PyTorch's.
 *
 * Complex, quantized and sparse tensors, whole pickled modules and TorchScript are refused.
 * @param source a path, a `file:` URL, or the bytes of the file.
 * @throws DataError if it is not such a file, or holds what is refused; FileError, ArgumentError, OptionError, MemoryError
 * @example
 * model.loadStateDict(await readPyTorch("model.pt"));
 * const { optimizer, epoch } = await readPyTorch<{ optimizer: optim.TorchOptimizerStateDict; epoch: number }>("run.pt");
 */
export async function readPyTorch<T = Record<string, Tensor>>(
  source: FilePath | Uint8Array,
  options: ReadPyTorchOptions = {},
): Promise<T> {
  const where = "readPyTorch";
  checkOptions(where, options, ["integers", "maxBytes"]);
  const integers = checkChoice(where, "integers", options.integers ?? "int32", ["int32", "float64"]);
  if (options.maxBytes !== undefined) checkNumber(where, "maxBytes", options.maxBytes, { min: 0 });
  const isBytes = types.isUint8Array(source);
  const bytes = isBytes ? source : await readWhole(where, source);
  const place = isBytes ? where : `${where}: ${source}`;
  const object = readObject(place, bytes);
  const makeTensor = (name: string, array: StoredArray): Tensor =>
    toTensor(place, name, array, WIDE.includes(array.dtype) ? { dtype: integers } : {});
  return toPlain(object.value, {
    where: place,
    pickleBytes: object.pickleBytes,
    maxBytes: options.maxBytes ?? 8 * object.bytes + SPACE,
    toTensor: makeTensor,
  }) as T;
}

function readObject(where: string, bytes: Uint8Array): PickledObject {
  if (isArchive(bytes)) return readArchive(where, bytes);
  if (isLegacy(bytes)) return readLegacy(where, bytes);
  throw new DataError(
    `${where}: expected a file of torch.save, a zip archive or a pickle, got ${bytes.length} bytes of something else`,
  );
}
