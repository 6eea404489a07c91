// What goes wrong, as errors that a shop's code can tell apart.
import type { Problem } from "./api.gen.ts";
import { type Failure, isUnknown } from "./retry.ts";

/** The stable name of a refusal, such as `sold_out`. A later release may add some. */
export type ErrorCode = Problem["code"];

/** The server refused. `problem` has the fields of its code: `if (error.problem.code === "sold_out") error.problem.held`. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly problem: Problem;
  /** Seconds until another try makes sense. 0: none was named. */
  readonly retryAfterSeconds: number;

  constructor(status: number, problem: Problem, retryAfterSeconds: number) {
    super(problem.detail);
    this.status = status;
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  get code(): ErrorCode {
    return this.problem.code;
  }
}

/**
 * No usable answer arrived: the request may or may not have been carried out. `cause` is what happened last, such as an
 * `ApiError` of a repeat that the server refused before it looked for the first try.
 */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
  /** The key of an order that may have been made: `buy` again with it. Undefined if none can have been. */
  readonly key: string | undefined;

  constructor(message: string, { cause, key }: { cause?: unknown; key?: string | undefined } = {}) {
    super(message, { cause });
    this.key = key;
  }
}

/** How a refused try ended, for the decisions about retries. */
export const failureOf = ({ status, code, problem, retryAfterSeconds }: ApiError): Failure => ({
  status,
  code,
  isStopped: "stop" in problem,
  retryAfterSeconds,
});

/** Whether the same question may be answered later: the network or the server does not answer for now. */
export const isPassing = (error: unknown): boolean =>
  error instanceof NoAnswerError ||
  (error instanceof ApiError && (isUnknown(failureOf(error)) || error.status === 429));
