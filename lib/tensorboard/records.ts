// TFRecord, the frame of event files: length (uint64), CRC of the length, contents, CRC of the contents, all
// little-endian; the CRCs are CRC-32C, rotated and shifted so that a CRC of a CRC is no weak one.
import { DataError } from "../errors.js";
import { optionalPackage } from "../optional-package.js";

type Crc = Pick<typeof import("crc-32"), "buf">;

const LENGTH = 8;
const HEADER = LENGTH + 4;
const FOOTER = 4;

function maskedCrc(where: string, bytes: Uint8Array): number {
  const crc = optionalPackage<Crc>(where, "crc-32/crc32c.js").buf(bytes) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** The contents in their frame. */
export function frame(where: string, contents: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEADER + contents.length + FOOTER);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(contents.length), true);
  view.setUint32(LENGTH, maskedCrc(where, record.subarray(0, LENGTH)), true);
  record.set(contents, HEADER);
  view.setUint32(HEADER + contents.length, maskedCrc(where, contents), true);
  return record;
}

/**
 * The contents of each record of a file. A last record that is not whole is left out: the file may still grow.
 * @throws DataError where a CRC is wrong; PackageError.
 */
export function* recordsOf(where: string, bytes: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + HEADER <= bytes.length; ) {
    if (view.getUint32(at + LENGTH, true) !== maskedCrc(where, bytes.subarray(at, at + LENGTH))) {
      throw new DataError(`${where}: the length of the record at byte ${at} does not agree with its CRC`);
    }
    const length = view.getBigUint64(at, true);
    const start = at + HEADER;
    if (length > BigInt(bytes.length - start - FOOTER)) return;
    const end = start + Number(length);
    const contents = bytes.subarray(start, end);
    if (view.getUint32(end, true) !== maskedCrc(where, contents)) {
      throw new DataError(`${where}: the record at byte ${at} does not agree with its CRC`);
    }
    yield contents;
    at = end + FOOTER;
  }
}
