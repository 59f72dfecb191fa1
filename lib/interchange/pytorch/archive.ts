// The form of files since PyTorch 1.6: a zip archive with a pickle and an entry for each storage.
import { DataError } from "../../errors.js";
import { openZip, type ZipEntry, type ZipLimits } from "../../formats/zip.js";
import { BIG_ENDIAN, type PickledObject, storageIn } from "./legacy.js";
import { find } from "./names.js";
import { type StorageView, widthOf } from "./storage.js";
import { Refusal, unpickle } from "./unpickle.js";
import { StoredStorage, type Value } from "./values.js";

const PICKLE = "data.pkl";

/** Whether they are a zip archive. */
export function isArchive(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b;
}

/** @throws DataError */
export function readArchive(where: string, bytes: Uint8Array, limits: ZipLimits): PickledObject {
  const entries = openZip(where, bytes, limits);
  // All entries are in a folder that has the name of the file.
  const pickles = [...entries.keys()].filter((name) => name === PICKLE || name.endsWith(`/${PICKLE}`));
  const [name] = pickles;
  if (name === undefined || pickles.length > 1) {
    throw new DataError(
      `${where}: expected an archive of PyTorch's with one data.pkl, got ${pickles.length}`,
    );
  }
  const folder = name.slice(0, -PICKLE.length);
  if (entries.has(`${folder}constants.pkl`)) {
    throw new DataError(
      `${where}: is a program of TorchScript, which is code. Load it in Python and save its state dict: torch.save(model.state_dict(), "model.pt")`,
    );
  }
  const byteOrder = entries.get(`${folder}byteorder`);
  if (byteOrder !== undefined && Buffer.from(byteOrder.read()).toString("latin1").trim() !== "little") {
    throw new DataError(`${where}: ${BIG_ENDIAN}`);
  }
  const pickle = (entries.get(name) as ZipEntry).read();
  const persistent = (id: Value) => new StoredStorage(storageOf(id, folder, entries));
  const { value, end } = unpickle(`${where}: ${name}`, pickle, { find, persistent });
  if (end !== pickle.length) {
    throw new DataError(`${where}: ${name}: expected the end after byte ${end}, got ${pickle.length} bytes`);
  }
  const total = [...entries.values()].reduce((sum, { size }) => sum + size, bytes.length);
  return { value, pickleBytes: pickle.length, bytes: total };
}

function storageOf(id: Value, folder: string, entries: ReadonlyMap<string, ZipEntry>): StorageView {
  const { key, dtype, count } = storageIn(id);
  const entry = entries.get(`${folder}data/${key}`);
  if (entry === undefined) throw new Refusal(`there is no entry ${folder}data/${key}`);
  const length = count * widthOf(dtype);
  if (entry.size !== length) {
    throw new Refusal(`expected ${length} bytes in ${folder}data/${key}, got ${entry.size}`);
  }
  let bytes: Uint8Array | undefined;
  const read = () => {
    bytes ??= entry.read();
    return bytes;
  };
  return { key, dtype, length, read };
}
