// Norms of gradients.
import { number } from "./text.js";

const LEAST_POWER = -6;

/** The length of a norm's bar from 0 to 1, on a logarithmic scale. */
export function sharesOf(norms) {
  const powers = [...norms.values()].map((norm) => Math.log10(number(norm))).filter(Number.isFinite);
  const most = Math.max(...powers, LEAST_POWER + 1);
  const least = Math.min(...powers, most - 3);
  return (norm) => {
    const share = Math.max(0.02, (Math.log10(number(norm)) - least) / (most - least));
    return Number.isFinite(share) ? Math.min(1, share) : 0;
  };
}
