// Names of before, which were not PyTorch's.
import { Hardshrink } from "./hardshrink.js";
import { Hardsigmoid } from "./hardsigmoid.js";
import { Hardswish } from "./hardswish.js";
import { Hardtanh } from "./hardtanh.js";
import { Softplus } from "./softplus.js";
import { Softshrink } from "./softshrink.js";
import { Softsign } from "./softsign.js";
import { Tanhshrink } from "./tanhshrink.js";

/** @deprecated Use `Hardshrink`. */
export const HardShrink = Hardshrink;
/** @deprecated Use `Hardshrink`. */
export type HardShrink = Hardshrink;

/** @deprecated Use `Hardsigmoid`. */
export const HardSigmoid = Hardsigmoid;
/** @deprecated Use `Hardsigmoid`. */
export type HardSigmoid = Hardsigmoid;

/** @deprecated Use `Hardswish`. */
export const HardSwish = Hardswish;
/** @deprecated Use `Hardswish`. */
export type HardSwish = Hardswish;

/** @deprecated Use `Hardtanh`. */
export const HardTanh = Hardtanh;
/** @deprecated Use `Hardtanh`. */
export type HardTanh = Hardtanh;

/** @deprecated Use `Softplus`. */
export const SoftPlus = Softplus;
/** @deprecated Use `Softplus`. */
export type SoftPlus = Softplus;

/** @deprecated Use `Softshrink`. */
export const SoftShrink = Softshrink;
/** @deprecated Use `Softshrink`. */
export type SoftShrink = Softshrink;

/** @deprecated Use `Softsign`. */
export const SoftSign = Softsign;
/** @deprecated Use `Softsign`. */
export type SoftSign = Softsign;

/** @deprecated Use `Tanhshrink`. */
export const TanhShrink = Tanhshrink;
/** @deprecated Use `Tanhshrink`. */
export type TanhShrink = Tanhshrink;
