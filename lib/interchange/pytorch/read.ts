import { DataError } from "../../errors.js";
import type { FilePath } from "../../files/path.js";
import { checkNumber, checkOptions } from "../../options.js";
import { bytesFrom, type ReadArraysOptions, type Tensors, tensorReader } from "../arrays.js";
import { isArchive, readArchive } from "./archive.js";
import { isLegacy, type PickledObject, readLegacy } from "./legacy.js";
import { toPlain } from "./plain.js";

export interface ReadPyTorchOptions extends ReadArraysOptions {
  /**
   * The most bytes of memory for all tensors, and of compressed entries after decompression. A small file may hold a large tensor whose elements are all the same
   * place in memory. Default: 16 MiB and 8 times the size of the file, after decompression.
   */
  readonly maxBytes?: number;
}

const SPACE = 16 << 20;

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
 * await writePyTorch("run.pt", { model, optimizer, epoch: 3 }); // or torch.save({"model": model.state_dict(), …}, "run.pt")
 * const run = await readPyTorch<any>("run.pt");
 * model.loadStateDict(run.model);
 * optimizer.loadStateDict(run.optimizer);
 * run.epoch   // 3
 */
export async function readPyTorch<T = Tensors>(
  source: FilePath | Uint8Array,
  options: ReadPyTorchOptions = {},
): Promise<T> {
  const where = "readPyTorch";
  checkOptions(where, options, ["integers", "maxBytes"]);
  if (options.maxBytes !== undefined)
    checkNumber(where, "maxBytes", options.maxBytes, { min: 0, integer: true });
  const read = tensorReader(where, options);
  const { bytes, place } = await bytesFrom(where, source);
  const object = readObject(place, bytes, options);
  return toPlain(object.value, {
    where: place,
    pickleBytes: object.pickleBytes,
    maxBytes: options.maxBytes ?? 8 * object.bytes + SPACE,
    toTensor: (name, array) => read(place, name, array),
  }) as T;
}

/** What the pickle of a file of PyTorch's holds. @throws DataError */
export function readObject(
  where: string,
  bytes: Uint8Array,
  { maxBytes }: ReadPyTorchOptions,
): PickledObject {
  if (isArchive(bytes)) return readArchive(where, bytes, { maxBytes });
  if (isLegacy(bytes)) return readLegacy(where, bytes);
  if (Buffer.from(bytes.subarray(257, 262)).toString("latin1") === "ustar") {
    throw new DataError(
      `${where}: is a tar archive, the form before PyTorch 0.1.10, which is not read; load it in Python and save it again`,
    );
  }
  throw new DataError(
    `${where}: expected a file of torch.save, a zip archive or a pickle, got ${bytes.length} bytes of something else`,
  );
}
