// The eigenvalues and eigenvectors of a symmetric matrix, by Householder's tridiagonal form and implicit QL steps
// (Bowdler et al., 1968; EISPACK's tred2 and tql2). Eigenvectors stand in rows, so that inner loops read memory in order.

const EPS = 2 ** -52;
const MAX_STEPS = 60;

/**
 * A = Vᵀ·diag(w)·V, w ascending, the rows of V the eigenvectors.
 * @param a A [d, d], row-major; only its lower triangle is read.
 * @param v V [d, d]; written.
 * @param w [d]; written.
 * @param e [d], memory to work in.
 */
export function symmetricEigen(
  a: Float64Array,
  d: number,
  v: Float64Array,
  w: Float64Array,
  e: Float64Array,
): void {
  for (let j = 0; j < d; j++) {
    for (let k = j; k < d; k++) v[j * d + k] = a[k * d + j] as number;
  }
  tridiagonalize(d, v, w, e);
  accumulate(d, v, w);
  e[0] = 0;
  diagonalize(d, v, w, e);
  sortAscending(d, v, w);
}

/** Householder reflections, from the last row up: w the scaled norms, e the subdiagonal, v the reflections. */
function tridiagonalize(d: number, v: Float64Array, w: Float64Array, e: Float64Array): void {
  for (let j = 0; j < d; j++) w[j] = v[j * d + d - 1] as number;
  for (let i = d - 1; i > 0; i--) {
    let scale = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(w[k] as number);
    if (scale === 0) {
      e[i] = w[i - 1] as number;
      for (let j = 0; j < i; j++) {
        w[j] = v[j * d + i - 1] as number;
        v[j * d + i] = 0;
        v[i * d + j] = 0;
      }
      w[i] = 0;
      continue;
    }
    let h = 0;
    for (let k = 0; k < i; k++) {
      const x = (w[k] as number) / scale;
      w[k] = x;
      h += x * x;
    }
    const last = w[i - 1] as number;
    const g = last > 0 ? -Math.sqrt(h) : Math.sqrt(h);
    e[i] = scale * g;
    h -= last * g;
    w[i - 1] = last - g;
    e.fill(0, 0, i);
    for (let j = 0; j < i; j++) {
      const f = w[j] as number;
      v[i * d + j] = f;
      const row = j * d;
      let sum = (e[j] as number) + (v[row + j] as number) * f;
      for (let k = j + 1; k < i; k++) {
        const x = v[row + k] as number;
        sum += x * (w[k] as number);
        e[k] = (e[k] as number) + x * f;
      }
      e[j] = sum;
    }
    let f = 0;
    for (let j = 0; j < i; j++) {
      const x = (e[j] as number) / h;
      e[j] = x;
      f += x * (w[j] as number);
    }
    const half = f / (h + h);
    for (let j = 0; j < i; j++) e[j] = (e[j] as number) - half * (w[j] as number);
    for (let j = 0; j < i; j++) {
      const row = j * d;
      const wj = w[j] as number;
      const ej = e[j] as number;
      for (let k = j; k < i; k++) {
        v[row + k] = (v[row + k] as number) - (wj * (e[k] as number) + ej * (w[k] as number));
      }
      w[j] = v[row + i - 1] as number;
      v[row + i] = 0;
    }
    w[i] = h;
  }
}

/** The product of the reflections, into v; the diagonal into w. */
function accumulate(d: number, v: Float64Array, w: Float64Array): void {
  const end = d - 1;
  for (let i = 0; i < end; i++) {
    v[i * d + end] = v[i * d + i] as number;
    v[i * d + i] = 1;
    const h = w[i + 1] as number;
    const from = (i + 1) * d;
    if (h !== 0) {
      for (let k = 0; k <= i; k++) w[k] = (v[from + k] as number) / h;
      for (let j = 0; j <= i; j++) {
        const row = j * d;
        let [g0, g1] = [0, 0];
        let k = 0;
        for (; k < i; k += 2) {
          g0 += (v[from + k] as number) * (v[row + k] as number);
          g1 += (v[from + k + 1] as number) * (v[row + k + 1] as number);
        }
        if (k === i) g0 += (v[from + k] as number) * (v[row + k] as number);
        const g = g0 + g1;
        for (let n = 0; n <= i; n++) v[row + n] = (v[row + n] as number) - g * (w[n] as number);
      }
    }
    for (let k = 0; k <= i; k++) v[from + k] = 0;
  }
  for (let j = 0; j < d; j++) {
    w[j] = v[j * d + end] as number;
    v[j * d + end] = 0;
  }
  v[end * d + end] = 1;
}

/** Implicit QL steps on the tridiagonal matrix (diagonal w, subdiagonal e), which turn the rows of v. */
function diagonalize(d: number, v: Float64Array, w: Float64Array, e: Float64Array): void {
  e.copyWithin(0, 1, d);
  e[d - 1] = 0;
  let shift = 0;
  let largest = 0;
  for (let l = 0; l < d; l++) {
    largest = Math.max(largest, Math.abs(w[l] as number) + Math.abs(e[l] as number));
    let m = l;
    while (m < d - 1 && Math.abs(e[m] as number) > EPS * largest) m++;
    for (
      let step = 0;
      m > l && step < MAX_STEPS && (step === 0 || Math.abs(e[l] as number) > EPS * largest);
      step++
    ) {
      const el = e[l] as number;
      const g = w[l] as number;
      const p = ((w[l + 1] as number) - g) / (2 * el);
      const r = p < 0 ? -Math.sqrt(p * p + 1) : Math.sqrt(p * p + 1);
      w[l] = el / (p + r);
      w[l + 1] = el * (p + r);
      const next = w[l + 1] as number;
      const h = g - (w[l] as number);
      for (let i = l + 2; i < d; i++) w[i] = (w[i] as number) - h;
      shift += h;
      sweep(d, v, w, e, l, m, next);
    }
    w[l] = (w[l] as number) + shift;
    e[l] = 0;
  }
}

/** One QL step on rows l … m. */
function sweep(
  d: number,
  v: Float64Array,
  w: Float64Array,
  e: Float64Array,
  l: number,
  m: number,
  next: number,
): void {
  const second = e[l + 1] as number;
  let p = w[m] as number;
  let [c, c2, c3, s, s2] = [1, 1, 1, 0, 0];
  for (let i = m - 1; i >= l; i--) {
    c3 = c2;
    c2 = c;
    s2 = s;
    const ei = e[i] as number;
    const g = c * ei;
    const h = c * p;
    const r = Math.sqrt(p * p + ei * ei);
    e[i + 1] = s * r;
    s = ei / r;
    c = p / r;
    const wi = w[i] as number;
    p = c * wi - s * g;
    w[i + 1] = h + s * (c * g + s * wi);
    const row = i * d;
    for (let k = row, end = row + d; k < end; k++) {
      const x = v[k] as number;
      const y = v[k + d] as number;
      v[k + d] = s * x + c * y;
      v[k] = c * x - s * y;
    }
  }
  p = (-s * s2 * c3 * second * (e[l] as number)) / next;
  e[l] = s * p;
  w[l] = c * p;
}

function sortAscending(d: number, v: Float64Array, w: Float64Array): void {
  for (let i = 0; i < d - 1; i++) {
    let least = i;
    for (let j = i + 1; j < d; j++) if ((w[j] as number) < (w[least] as number)) least = j;
    if (least === i) continue;
    const value = w[i] as number;
    w[i] = w[least] as number;
    w[least] = value;
    for (let k = 0; k < d; k++) {
      const x = v[i * d + k] as number;
      v[i * d + k] = v[least * d + k] as number;
      v[least * d + k] = x;
    }
  }
}
