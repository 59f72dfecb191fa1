import { dirname, join } from "node:path";
import { types } from "node:util";
import { ArgumentError, DataError } from "../errors.js";
import { checkPath, type FilePath } from "../files/path.js";
import { readWhole, readWholeSync } from "../files/read.js";
import { checkChoice, checkFunction, checkList, checkOptions, describe, isPlainObject } from "../options.js";
import { isUrl } from "../realms.js";
import type { DType } from "../tensor/dtype.js";
import { isFloat } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import { externalFiles, withExternalData } from "./external-data.js";
import { OnnxModule } from "./onnx-module.js";
import { decodeModel } from "./proto.js";
import { type Graph, readGraph } from "./read-graph.js";
import { type OnnxRole, rolesOf } from "./roles.js";
import type { ModelProto } from "./schema.js";
import { untied } from "./untie.js";

/** A tensor in a model's file, for `role`. */
export interface OnnxInitializer {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  /** What it is by its use. */
  readonly role: OnnxRole;
}

export interface ImportOnnxOptions {
  /** The outputs that are needed, the first for `forward`; what only others depend on is left out. Default: all. */
  readonly outputs?: readonly string[];
  /**
   * What a tensor in the file becomes, where its use does not say it. Default: as it is used.
   * @example { role: ({ name, role }) => (name === "positions" ? "buffer" : role) }
   */
  readonly role?: (initializer: OnnxInitializer) => OnnxRole;
  /** For a model given by its bytes: those of the files that it refers to, by their names. Default: none. */
  readonly externalData?: Readonly<Record<string, Uint8Array>>;
}

/**
 * Reads a model from an ONNX file: a module that predicts, and can be trained, compiled and saved. Opsets 7 to 28.
 *
 * Known are the operators with which PyTorch, Keras and scikit-learn write dense networks. All others are named, in
 * one error. The shapes that the graph computes from its inputs' shapes are computed before a compiled function runs,
 * so that a batch may have any size.
 *
 * Parameters are the floats that the operators learn: weights and biases of Gemm, MatMul, Einsum and normalizations,
 * tables of Gather, and operands of Add, Mul, … that have axes. Running statistics of BatchNormalization are
 * buffers. Other tensors are constants. `role` decides otherwise. Their names are those in the file, with `_` behind
 * one that a module has already, such as "forward".
 *
 * Tensors of float16 and bfloat16 become float32, whole numbers int32; a number that does not fit is an error.
 * @param source the path of the file, or its bytes. Files with more data are read from the same folder.
 * @throws DataError for a file that is not such a model, or has operators that are not supported; FileError if it
 *   cannot be read; PackageError if protobufjs is not installed; ArgumentError, OptionError
 * @example
 * exportOnnx(new nn.Linear(4, 3), zeros([1, 4]), { path: "linear.onnx" });
 * const model = await importOnnx("linear.onnx");
 * model.forward(zeros([2, 4])).shape   // [2, 3]
 */
export async function importOnnx(
  source: Uint8Array | FilePath,
  options: ImportOnnxOptions = {},
): Promise<OnnxModule> {
  const where = "importOnnx";
  checkImportOptions(where, options);
  if (types.isUint8Array(source)) return fromBytes(where, source, options);
  const path = checkSource(where, source);
  const model = decodeModel(`${where}: ${path}`, await readWhole(where, path));
  const files = new Map<string, Uint8Array>();
  for (const file of externalFiles(`${where}: ${path}`, model)) {
    files.set(file, await readWhole(where, join(dirname(path), file)));
  }
  return build(`${where}: ${path}`, model, files, options);
}

/**
 * As `importOnnx`, on this thread.
 * @throws as `importOnnx`
 * @example const model = importOnnxSync(exportOnnx(new nn.Linear(4, 3), zeros([1, 4])));
 */
export function importOnnxSync(source: Uint8Array | FilePath, options: ImportOnnxOptions = {}): OnnxModule {
  const where = "importOnnxSync";
  checkImportOptions(where, options);
  if (types.isUint8Array(source)) return fromBytes(where, source, options);
  const path = checkSource(where, source);
  const model = decodeModel(`${where}: ${path}`, readWholeSync(where, path));
  const files = new Map(
    externalFiles(`${where}: ${path}`, model).map((file) => [
      file,
      readWholeSync(where, join(dirname(path), file)),
    ]),
  );
  return build(`${where}: ${path}`, model, files, options);
}

function checkSource(where: string, source: unknown): string {
  if (typeof source !== "string" && !isUrl(source)) {
    throw new ArgumentError(`${where}: expected a path or the bytes of a model, got ${describe(source)}`);
  }
  return checkPath(where, source);
}

function checkImportOptions(where: string, options: ImportOnnxOptions): void {
  checkOptions(where, options, ["outputs", "role", "externalData"]);
  const { outputs, role, externalData } = options;
  if (outputs !== undefined) {
    const names = checkList(where, "outputs to be a list of names", outputs);
    if (names.length === 0 || names.some((name) => typeof name !== "string"))
      throw new ArgumentError(`${where}: expected outputs to be a list of names, got ${describe(outputs)}`);
  }
  if (role !== undefined) checkFunction(where, "role", role);
  if (externalData === undefined) return;
  if (
    !isPlainObject(externalData) ||
    !Object.values(externalData).every((bytes) => types.isUint8Array(bytes))
  )
    throw new ArgumentError(
      `${where}: expected externalData to be the bytes of files by name, got ${describe(externalData)}`,
    );
}

function fromBytes(where: string, bytes: Uint8Array, options: ImportOnnxOptions): OnnxModule {
  const files = new Map(Object.entries(options.externalData ?? {}));
  return build(where, decodeModel(where, bytes), files, options);
}

function build(
  where: string,
  model: ModelProto,
  files: ReadonlyMap<string, Uint8Array>,
  { outputs, role }: ImportOnnxOptions,
): OnnxModule {
  const graph = untied(readGraph(where, withExternalData(where, model, files), outputs && [...outputs]));
  return new OnnxModule(graph, role === undefined ? rolesOf(graph) : chosen(where, graph, role));
}

/** The roles that the user's function chooses. */
function chosen(
  where: string,
  graph: Graph,
  choose: (initializer: OnnxInitializer) => OnnxRole,
): ReadonlyMap<string, OnnxRole> {
  const roles = new Map<string, OnnxRole>();
  for (const [name, role] of rolesOf(graph)) {
    const { shape, dtype } = graph.initializers.get(name) as { shape: Shape; dtype: DType };
    const own = checkChoice(where, `the role of ${name}`, choose({ name, shape, dtype, role }), [
      "parameter",
      "buffer",
      "constant",
    ]);
    if (own === "parameter" && !isFloat(dtype))
      throw new DataError(`${where}: ${name} is ${dtype}, which cannot be a parameter`);
    roles.set(name, own);
  }
  return roles;
}
