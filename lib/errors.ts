/**
 * What goes wrong, by kind. Every error names the op or function, what it expected and what came,
 * and is thrown before anything has changed.
 */
export class ThalwegError extends Error {
  /** Stable across releases, for programs that must tell errors apart: `"ERR_SHAPE"`, … */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** Sizes or ranks that do not fit. `code` is `"ERR_SHAPE"`. */
export class ShapeError extends ThalwegError {
  constructor(message: string) {
    super("ERR_SHAPE", message);
  }
}

/** A dtype that an op does not take, or dtypes that do not go together. `code` is `"ERR_DTYPE"`. */
export class DTypeError extends ThalwegError {
  constructor(message: string) {
    super("ERR_DTYPE", message);
  }
}

/** An argument of the wrong kind, or a value out of its range. `code` is `"ERR_ARGUMENT"`. */
export class ArgumentError extends ThalwegError {
  constructor(message: string) {
    super("ERR_ARGUMENT", message);
  }
}

/** An option that does not exist; the message suggests the one that was meant. `code` is `"ERR_OPTION"`. */
export class OptionError extends ThalwegError {
  constructor(message: string) {
    super("ERR_OPTION", message);
  }
}

/** An index or label outside its axis. `code` is `"ERR_INDEX"`. */
export class IndexError extends ThalwegError {
  constructor(message: string) {
    super("ERR_INDEX", message);
  }
}

/** A gradient that cannot be had. `code` is `"ERR_GRAPH"`. */
export class GraphError extends ThalwegError {
  constructor(message: string) {
    super("ERR_GRAPH", message);
  }
}

/** A NaN or an infinity that `detectAnomaly` found. `code` is `"ERR_ANOMALY"`. */
export class AnomalyError extends ThalwegError {
  constructor(message: string) {
    super("ERR_ANOMALY", message);
  }
}

/** A function that `compile` cannot trace. `code` is `"ERR_TRACE"`. */
export class TraceError extends ThalwegError {
  constructor(message: string) {
    super("ERR_TRACE", message);
  }
}

/** A data set or file that is not what it claims to be. `code` is `"ERR_DATA"`. */
export class DataError extends ThalwegError {
  constructor(message: string, options?: ErrorOptions) {
    super("ERR_DATA", message, options);
  }
}

/** A tensor whose memory is not there: its buffer was transferred or detached. `code` is `"ERR_DETACHED"`. */
export class DetachedError extends ThalwegError {
  constructor(message: string) {
    super("ERR_DETACHED", message);
  }
}

/** A model that is in use by another run. `code` is `"ERR_BUSY"`. */
export class BusyError extends ThalwegError {
  constructor(message: string) {
    super("ERR_BUSY", message);
  }
}

/** Memory that the system does not give. What was asked for was not done. `code` is `"ERR_MEMORY"`. */
export class MemoryError extends ThalwegError {
  constructor(message: string) {
    super("ERR_MEMORY", message);
  }
}

/** The native addon: not found, not loadable, or not able to do what was asked. `code` is `"ERR_BACKEND"`. */
export class BackendError extends ThalwegError {
  constructor(message: string, options?: ErrorOptions) {
    super("ERR_BACKEND", message, options);
  }
}
