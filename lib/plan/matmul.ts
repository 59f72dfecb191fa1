import { descriptionOf } from "../native/instructions.js";
import type { Instruction } from "./ir.js";
import { type Named, named } from "./named.js";

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

/** The product or batch of products that an instruction is, if it is open; otherwise null. */
export function openProduct(instruction: Instruction | undefined): Product | Named<"matmul_batch"> | null {
  const batch = named(instruction, "matmul_batch");
  if (batch !== null) return batch.param("activation") === 0 ? batch : null;
  const product = named(instruction, "matmul");
  return product !== null && isOpen(product) ? product : null;
}

/** Whether it is only a product, at most with a constant factor (alpha). */
export const isPlain = (product: Product): boolean => isOpen(product) && product.lacks("bias", "addend");
