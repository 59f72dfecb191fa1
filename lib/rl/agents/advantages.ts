/** What `n` environments gave in `steps` steps; lists are [steps, n], row-major. */
export interface Returned {
  readonly n: number;
  readonly steps: number;
  readonly reward: ArrayLike<number>;
  readonly terminated: ArrayLike<number>;
  readonly truncated: ArrayLike<number>;
  /** The critic's value of each observation. */
  readonly value: ArrayLike<number>;
  /** Its value of the last observation of each environment, [n]. */
  readonly lastValue: ArrayLike<number>;
  /** Its value of the observation in which each step ended; null if no episode was cut off. */
  readonly finalValue: ArrayLike<number> | null;
}

/**
 * Generalized advantage estimation (Schulman et al., 2016):
 *
 *     δ_t = r_t + γ·V(s_{t+1}) − V(s_t)      A_t = δ_t + γλ·A_{t+1}
 *
 * An episode that has come to an end of its own has V(s_{t+1}) = 0. One that was cut off has the value of the state in
 * which it was cut off: it could have gone on. A_{t+1} counts in neither.
 * @param advantage filled with A, [steps, n]
 * @param returns filled with A + V, what the critic should have said
 */
export function generalizedAdvantages(
  { n, steps, reward, terminated, truncated, value, lastValue, finalValue }: Returned,
  { gamma, lambda }: { readonly gamma: number; readonly lambda: number },
  advantage: Float32Array,
  returns: Float32Array,
): void {
  for (let i = 0; i < n; i++) {
    let ahead = 0;
    let next = lastValue[i] as number;
    for (let k = (steps - 1) * n + i; k >= 0; k -= n) {
      const isCut = truncated[k] !== 0 && finalValue !== null;
      if (terminated[k] !== 0) next = 0;
      else if (isCut) next = finalValue[k] as number;
      if (terminated[k] !== 0 || truncated[k] !== 0) ahead = 0;
      const own = value[k] as number;
      ahead = (reward[k] as number) + gamma * next - own + gamma * lambda * ahead;
      advantage[k] = ahead;
      returns[k] = ahead + own;
      next = own;
    }
  }
}
