// Numbers for people.

export const number = (value) => (typeof value === "number" ? value : Number(value));

/** A number for people. */
export function shown(value) {
  if (value === null || value === undefined) return "–";
  const own = number(value);
  if (!Number.isFinite(own)) return String(value);
  const size = Math.abs(own);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return own.toExponential(2).replace("e+", "e");
  return own.toLocaleString("en", { maximumSignificantDigits: 4 });
}

export const tickText = (value) =>
  Math.abs(value) >= 1e4 ? `${Number((value / 1e3).toPrecision(4)).toLocaleString("en")}k` : shown(value);
