// PyTorch's answers to the cases of the distributions (test/oracle/distributions/).
import { existsSync } from "node:fs";
import { expect } from "vitest";
import { asRead, type OracleTensor, readJSON } from "../oracle/read.js";
import { type DrawnCase, type DrawnPair, parametersOf, type Result } from "./cases.js";

/** A result and, where they are finite, its gradients by the parameters and then the value. */
export interface Answer {
  readonly y: OracleTensor;
  readonly dy?: OracleTensor;
  readonly gradients?: readonly OracleTensor[];
}

type Row = {
  readonly note: string;
  readonly parameters: readonly OracleTensor[];
  readonly value: OracleTensor;
  readonly probability: OracleTensor;
  readonly batchShape: readonly number[];
  readonly eventShape: readonly number[];
} & Partial<Record<Result, Answer>>;

type PairRow = Answer & { readonly note: string; readonly parameters: readonly OracleTensor[] };

const HOW = "run npx tsx test/oracle/distributions.ts";

const readAll = <T>(file: string): readonly T[] =>
  existsSync(new URL(`../oracle/${file}`, import.meta.url)) ? readJSON<T[]>(file) : [];

/** The row of a case. @throws where there is none, or one of what the case was before. */
export function answersTo(one: DrawnCase): Row {
  const row = readAll<Row>(`distributions/${one.family}.json`).find(({ note }) => note === one.note);
  if (row === undefined) throw new Error(`no answers for ${one.family}: ${one.note}; ${HOW}`);
  expect(asRead(parametersOf(one.args)), HOW).toEqual(row.parameters);
  expect(asRead(one.value).data.map(Number), HOW).toEqual(row.value.data);
  return row;
}

export function answersToPair({ note, p, q }: DrawnPair): PairRow {
  const rows = readAll<PairRow>(`distributions/${p.family}-divergences.json`);
  const row = rows.find((one) => one.note === note);
  if (row === undefined) throw new Error(`no answers for ${note}; ${HOW}`);
  expect(asRead(parametersOf([p.args, q.args])), HOW).toEqual(row.parameters);
  return row;
}
