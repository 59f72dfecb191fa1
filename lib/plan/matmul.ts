import { descriptionOf } from "../native/instructions.js";
import type { Named } from "./named.js";

type Product = Named<"matmul">;

const CHOICES = descriptionOf("matmul").params.find(({ name }) => name === "activation")?.choices ?? [];

/** The number by which a product knows the activation that an elementwise instruction is; null for any other. */
export function activationOf(name: string): number | null {
  const choice = CHOICES.indexOf(name);
  return choice > 0 ? choice : null;
}

/** Whether nothing is done to the result yet: no activation of it, no derivative of one multiplied to it. */
export const isOpen = (product: Product): boolean =>
  product.param("activation") === 0 && product.lacks("state");

/** Whether it is a product and nothing more, but for a factor. */
export const isPlain = (product: Product): boolean => isOpen(product) && product.lacks("bias", "addend");
