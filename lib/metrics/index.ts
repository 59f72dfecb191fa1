export type { Accumulator } from "./accumulator.js";
export { type AccuracyOptions, accuracy } from "./accuracy.js";
export { type BalancedAccuracyOptions, balancedAccuracy, matthewsCorrcoef } from "./agreement.js";
export { averagePrecision } from "./average-precision.js";
export { type BrierOptions, brierScore } from "./brier-score.js";
export {
  type CalibrationBin,
  type CalibrationCurve,
  type CalibrationOptions,
  calibrationCurve,
  expectedCalibrationError,
} from "./calibration.js";
export {
  type ClassificationReport,
  classificationReport,
  type ReportOptions,
  type ReportRow,
} from "./classification-report.js";
export { type ConfusionMatrix, type ConfusionMatrixOptions, confusionMatrix } from "./confusion-matrix.js";
export type { RankingOptions } from "./curve.js";
export {
  type CurveOptions,
  type PrecisionRecallClass,
  type PrecisionRecallCurve,
  precisionRecallCurve,
  type RocClass,
  type RocCurve,
  rocCurve,
} from "./curves.js";
export { logLoss } from "./log-loss.js";
export {
  type AnyMetric,
  defineMetric,
  type Metric,
  type MetricDefinition,
  type Outputs,
  type WeightOptions,
} from "./metric.js";
export type { OutputOptions } from "./outputs.js";
export {
  type ClassAverage,
  type ClassFigure,
  type FBetaOptions,
  f1,
  fBeta,
  type PrecisionOptions,
  precision,
  recall,
} from "./precision-recall.js";
export {
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  type OutputFigure,
  rootMeanSquaredError,
} from "./regression.js";
export { type RocAucOptions, rocAuc } from "./roc-auc.js";
export type { ClassOptions } from "./rows.js";
export { spearman } from "./spearman.js";
export type { Values } from "./values.js";
export { explainedVariance, r2, type VarianceFigure, type VarianceOptions } from "./variance.js";
