// The errors of setup that are meant for the operator.

/** Setup cannot go on. The message says what happened and what to do; the run can be repeated. */
export class SetupError extends Error {}

/** The operator pressed Ctrl-C or Escape. */
export class Cancelled extends Error {}
