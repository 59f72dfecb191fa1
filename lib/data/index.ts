export { Bytes, type BytesOptions } from "./bytes.js";
export { type ImagesOptions, images, type ToClassesOptions, toClasses } from "./convert.js";
export { type AnySamples, Dataset, type Samples } from "./dataset.js";
export { type IdxArray, parseIdx, readIdx } from "./idx.js";
export { DataLoader, type LoaderOptions } from "./loader.js";
export type { Part, Parts, TensorsOf } from "./parts.js";
export type { RowPart, RowsOptions } from "./rows/layout.js";
export { openRows, type PartInfo, type RowBatchesOptions, RowsFile } from "./rows/rows-file.js";
export { type Sampler, type SamplerOptions, sampler } from "./sampler.js";
export type { DatePart, Feature, Scale } from "./schema/feature.js";
export type { SchemaJSON } from "./schema/json.js";
export type { RowsLike } from "./schema/rows.js";
export {
  type EmbeddedCategory,
  type EmbeddedInputs,
  type Prediction,
  Schema,
  type SchemaInputs,
  type SchemaOptions,
} from "./schema/schema.js";
export type { ClassName, ClassPrediction } from "./schema/target.js";
export type { Numbers, PartOf, SetPart, SplittableSet } from "./split/set.js";
export { type Fold, kFold, type PartsOf, type PerSample, type SplitOptions, split } from "./split/split.js";
export { type Padded, type PadOptions, pad } from "./stream/collate.js";
export { type PaddedOptions, padded } from "./stream/padded.js";
export {
  type StreamBatch,
  StreamDataset,
  type StreamItem,
  type StreamOptions,
  type StreamRow,
  type StreamSource,
  stream,
} from "./stream/stream.js";
export type { Cell, Column, ColumnKind } from "./table/column.js";
export { type CsvOptions, MISSING, readCsv } from "./table/csv.js";
export { type JsonLinesOptions, readJsonLines } from "./table/json-lines.js";
export { type ParquetOptions, readParquet } from "./table/parquet.js";
export type { CellLike, ColumnLike, TableOptions, TableSource } from "./table/source.js";
export { type Row, Table } from "./table/table.js";
