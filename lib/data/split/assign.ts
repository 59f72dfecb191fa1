import { DataError } from "../../errors.js";
import { describe } from "../../options.js";

// What rounding may add to a product that is a whole number.
const ROUNDING = 1e-9;

/**
 * Sizes of parts by fractions, by the method of the largest remainder: n·f rounded down, and what is left goes one by one
 * to the parts with the largest remainders, of equal ones to the first.
 */
export function sizesOf(count: number, fractions: readonly number[]): number[] {
  const exact = fractions.map((fraction) => fraction * count);
  const sizes = exact.map((size) => Math.floor(size + ROUNDING));
  const total = Math.round(exact.reduce((sum, size) => sum + size, 0));
  const order = exact
    .map((size, part) => ({ part, remainder: size - (sizes[part] as number) }))
    .sort((a, b) =>
      Math.abs(a.remainder - b.remainder) < ROUNDING ? a.part - b.part : b.remainder - a.remainder,
    );
  const left = total - sizes.reduce((sum, size) => sum + size, 0);
  for (let i = 0; i < left; i++) (sizes[(order[i] as { part: number }).part] as number)++;
  return sizes;
}

/**
 * The part of each sample, −1 for none, so that each part has its size, and of each class its share n_c·size/n up to at
 * most 1.
 * @param codes the classes; @param order the samples in the order in which they are given to parts.
 */
export function assignStrata(
  codes: Int32Array,
  classes: number,
  sizes: readonly number[],
  order: Int32Array,
): Int32Array {
  const parts = new Int32Array(codes.length).fill(-1);
  const rest = codes.length - sizes.reduce((sum, size) => sum + size, 0);
  const shares = sharesOf(codes, classes, [...sizes, rest]);
  for (const sample of order) {
    const own = shares[codes[sample] as number] as number[];
    const part = own.findIndex((left) => left > 0);
    (own[part] as number)--;
    parts[sample] = part === sizes.length ? -1 : part;
  }
  return parts;
}

/** The number of samples of each class. */
export function countsOf(codes: Int32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const code of codes) (counts[code] as number)++;
  return counts;
}

/**
 * How many of each class each part gets: a matrix of whole numbers with the given sums of rows and columns, each at most
 * 1 away from its share. What rounding down leaves of a class goes to the parts that lack most, 1 to each (Gale, Ryser).
 */
function sharesOf(codes: Int32Array, classes: number, sizes: readonly number[]): number[][] {
  const counts = countsOf(codes, classes);
  const shares = counts.map((count) =>
    sizes.map((size) => Math.floor((count * size) / codes.length + ROUNDING)),
  );
  const lacks = sizes.map((size, part) => size - shares.reduce((sum, row) => sum + (row[part] as number), 0));
  const left = counts.map((count, code) => count - (shares[code] as number[]).reduce((a, b) => a + b, 0));
  // The class with most left over first: it has the least choice.
  const byLeft = left
    .map((_, code) => code)
    .sort((a, b) => (left[b] as number) - (left[a] as number) || a - b);
  for (const code of byLeft) {
    const parts = lacks
      .map((_, part) => part)
      .sort((a, b) => (lacks[b] as number) - (lacks[a] as number) || a - b);
    for (const part of parts.slice(0, left[code])) {
      ((shares[code] as number[])[part] as number)++;
      (lacks[part] as number)--;
    }
  }
  return shares;
}

/**
 * The part of each sample, with all samples of a group in one part. Groups are taken from the largest to the smallest;
 * each goes where the parts' shares of the classes come nearest to the fractions, Σ (share − f)²/f. Every part gets at
 * least one group.
 * @throws DataError if there are fewer groups than parts.
 */
export function assignGroups(
  where: string,
  groups: { readonly codes: Int32Array; readonly names: readonly unknown[] },
  strata: { readonly codes: Int32Array; readonly names: readonly unknown[] },
  fractions: readonly number[],
  order: Int32Array,
): Int32Array {
  const [count, classes] = [groups.names.length, strata.names.length];
  if (count < fractions.length) {
    throw new DataError(`${where}: ${count} groups cannot make ${fractions.length} parts`);
  }
  const totals = new Array<number>(classes).fill(0);
  const members = Array.from({ length: count }, () => new Array<number>(classes).fill(0));
  const first = new Int32Array(count).fill(-1);
  order.forEach((sample, at) => {
    const group = groups.codes[sample] as number;
    const code = strata.codes[sample] as number;
    if (first[group] === -1) first[group] = at;
    ((members[group] as number[])[code] as number)++;
    (totals[code] as number)++;
  });
  const sizes = members.map((own) => own.reduce((a, b) => a + b, 0));
  const byNumber = sizes
    .map((_, group) => group)
    .sort(
      (a, b) => (sizes[b] as number) - (sizes[a] as number) || (first[a] as number) - (first[b] as number),
    );
  const shares = fractions.map(() => new Array<number>(classes).fill(0));
  const used = new Array<boolean>(fractions.length).fill(false);
  const places = new Int32Array(count);
  byNumber.forEach((group, at) => {
    const mustFill = count - at <= used.filter((one) => !one).length;
    let [best, least] = [-1, Number.POSITIVE_INFINITY];
    fractions.forEach((fraction, part) => {
      if (mustFill && used[part]) return;
      const cost = totals.reduce((sum, total, code) => {
        const away = ((shares[part] as number[])[code] as number) - fraction;
        const more = ((members[group] as number[])[code] as number) / total;
        return sum + (more * (2 * away + more)) / fraction;
      }, 0);
      if (cost < least - ROUNDING) [best, least] = [part, cost];
    });
    used[best] = true;
    places[group] = best;
    totals.forEach((total, code) => {
      ((shares[best] as number[])[code] as number) += ((members[group] as number[])[code] as number) / total;
    });
  });
  return groups.codes.map((group) => places[group] as number);
}

/** @throws DataError unless each class has at least two samples. */
export function checkStrata(
  where: string,
  { codes, names }: { readonly codes: Int32Array; readonly names: readonly unknown[] },
): void {
  const alone = countsOf(codes, names.length).indexOf(1);
  if (alone < 0) return;
  throw new DataError(
    `${where}: the class ${describe(names[alone])} has one sample alone, which cannot be in all parts; leave it out, or stratify`,
  );
}
