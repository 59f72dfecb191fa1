// Numbers and text as pickles write them. What is wrong gives undefined.

/** Digits of an integer in text, and bytes of one in binary: more than PyTorch ever writes. */
export const LONGEST_INTEGER = 1024;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** An integer as a number, where that is exact. */
function shortest(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Two's complement, little-endian. */
export function binary(bytes: Uint8Array): number | bigint {
  if (bytes.length === 0) return 0;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).reverse();
  return shortest(BigInt.asIntN(8 * bytes.length, BigInt(`0x${hex.join("")}`)));
}

/** An integer in text; Python 2 ends long ones with L. */
export function decimal(line: string): number | bigint | undefined {
  if (line.length > LONGEST_INTEGER || !/^[-+]?\d+L?$/.test(line)) return undefined;
  return shortest(BigInt(line.replace(/^\+|L$/g, "")));
}

/** A float in text. */
export function real(line: string): number | undefined {
  const [, sign, special] = /^([-+]?)(inf|nan)/.exec(line) ?? [];
  if (special !== undefined) return special === "nan" ? Number.NaN : sign === "-" ? -Infinity : Infinity;
  const value = Number(line);
  return line === "" || Number.isNaN(value) ? undefined : value;
}

const HEX = "[0-9a-fA-F]";
const ESCAPES = new RegExp(`\\\\(?:u(${HEX}{4})|U(${HEX}{8}))`, "g");
const QUOTED = new RegExp(`\\\\(?:x(${HEX}{2})|([\\s\\S]))`, "g");
const CONTROL: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", 0: "\0" };
const LAST_CHARACTER = 0x10ffff;

const codeOf = (hex: string | undefined): number => Number.parseInt(hex as string, 16);

/** The text of protocol 0: Latin-1 with escapes for other characters. */
export function unescaped(line: string): string | undefined {
  const points = Array.from(line.matchAll(ESCAPES), ([, short, long]) => codeOf(short ?? long));
  if (points.some((point) => point > LAST_CHARACTER)) return undefined;
  return line.replace(ESCAPES, (_, short?: string, long?: string) =>
    String.fromCodePoint(codeOf(short ?? long)),
  );
}

/** The text of Python 2, in quotes. */
export function quoted(line: string): string | undefined {
  const [, , inner] = /^(['"])([\s\S]*)\1$/.exec(line) ?? [];
  return inner?.replace(QUOTED, (_, hex?: string, one?: string) =>
    hex === undefined ? (CONTROL[one as string] ?? (one as string)) : String.fromCharCode(codeOf(hex)),
  );
}
