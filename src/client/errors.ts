// What goes wrong, as errors that a shop's code can tell apart.
import type { Problem } from "./api.gen.ts";

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

/** No usable answer arrived: the request may or may not have been carried out. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
}
