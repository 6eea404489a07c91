// Every answer that the crowd of a game day got, with its time, for the figures and the plots.
import type { Answer } from "../client.ts";
import { outcome, type RequestKind } from "../rehearse/contract.ts";
import { Recorder } from "../rehearse/recorder.ts";

/** What an answer means to a buyer: yes, a reasoned no, "try again", or silence. */
export const CLASSES = ["accepted", "refused", "try again", "no answer"] as const;
export type Class = (typeof CLASSES)[number];

export interface Sample {
  /** When the answer came: milliseconds since 1970. */
  at: number;
  ms: number;
  class: Class;
  /** The status or the error code. */
  outcome: string;
}

/** Records the answers to orders as well as what the proofs need. */
export class SamplingRecorder extends Recorder {
  readonly samples: Sample[] = [];

  override recordAnswer(kind: RequestKind, answer: Answer, expected?: string[]): void {
    super.recordAnswer(kind, answer, expected);
    if (!isOrder(kind)) return;
    const { status, ms } = answer;
    this.samples.push({ at: Date.now(), ms, class: classOf(status), outcome: outcome(answer) });
  }

  override recordFailure(kind: RequestKind, error: unknown): void {
    super.recordFailure(kind, error);
    if (!isOrder(kind)) return;
    this.samples.push({ at: Date.now(), ms: 0, class: "no answer", outcome: "no answer" });
  }
}

const isOrder = (kind: RequestKind): boolean => kind.startsWith("buy");

function classOf(status: number): Class {
  if (status === 429 || status === 503) return "try again";
  return status < 300 ? "accepted" : "refused";
}
