/**
 * The first position in [0, end) of a sorted list whose element is not before the value.
 * `end` if there is none.
 */
export function lowerBound(
  sorted: ArrayLike<number>,
  value: number,
  isBefore: (element: number, value: number) => boolean,
  end = sorted.length,
): number {
  let [low, high] = [0, end];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(sorted[middle] as number, value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
