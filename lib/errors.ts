/**
 * The base class of all errors of the library. Every error names the op or function, what it expected and what it
 * received. It is thrown before anything has changed.
 */
export class ThalwegError extends Error {
  /** The kind of error, stable across releases: `"ERR_SHAPE"`, … */
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

/** An option that does not exist, and the message suggests the one that was meant; or that others rule out. `code` is `"ERR_OPTION"`. */
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

/** A gradient that cannot be computed. `code` is `"ERR_GRAPH"`. */
export class GraphError extends ThalwegError {
  constructor(message: string) {
    super("ERR_GRAPH", message);
  }
}

/** A NaN or an infinity that `detectAnomaly`, `fit` or an agent that learns found. `code` is `"ERR_ANOMALY"`. */
export class AnomalyError extends ThalwegError {
  /** Of `fit`: the layer in which the loss began to be NaN or infinite, as "hidden.0 (Linear)"; null if not known. */
  readonly layer: string | null;

  constructor(message: string, layer: string | null = null) {
    super("ERR_ANOMALY", message);
    this.layer = layer;
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

/** A tensor without memory: its buffer was transferred or detached. `code` is `"ERR_DETACHED"`. */
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

/** The system has not enough memory. The call has done nothing. `code` is `"ERR_MEMORY"`. */
export class MemoryError extends ThalwegError {
  constructor(message: string) {
    super("ERR_MEMORY", message);
  }
}

/** The native addon was not found, could not be loaded, or failed. `code` is `"ERR_BACKEND"`. */
export class BackendError extends ThalwegError {
  constructor(message: string, options?: ErrorOptions) {
    super("ERR_BACKEND", message, options);
  }
}

/** A file that could not be read or written; `cause` is the system's error. `code` is `"ERR_FILE"`. */
export class FileError extends ThalwegError {
  constructor(message: string, options?: ErrorOptions) {
    super("ERR_FILE", message, options);
  }
}

/** A package that only this function needs is not installed; the message has the command. `code` is `"ERR_PACKAGE"`. */
export class PackageError extends ThalwegError {
  constructor(message: string, options?: ErrorOptions) {
    super("ERR_PACKAGE", message, options);
  }
}

/** An environment that does not do what it promises, or is used where it cannot be. `code` is `"ERR_ENVIRONMENT"`. */
export class EnvironmentError extends ThalwegError {
  constructor(message: string, options?: ErrorOptions) {
    super("ERR_ENVIRONMENT", message, options);
  }
}
