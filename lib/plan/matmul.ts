import { descriptionOf } from "../native/instructions.js";
import type { Named } from "./named.js";

type Product = Named<"matmul">;

const CHOICES = descriptionOf("matmul").params.find(({ name }) => name === "activation")?.choices ?? [];

/** The number of an elementwise instruction among a matmul's activations; null if it is none of them. */
export function activationOf(name: string): number | null {
  const choice = CHOICES.indexOf(name);
  return choice > 0 ? choice : null;
}

/** Whether the product has neither an activation nor a factor that is an activation's derivative. */
export const isOpen = (product: Product): boolean =>
  product.param("activation") === 0 && product.lacks("state");

/** Whether it is only a product, at most with a constant factor (alpha). */
export const isPlain = (product: Product): boolean => isOpen(product) && product.lacks("bias", "addend");
