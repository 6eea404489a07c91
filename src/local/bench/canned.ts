// The answer of the bare Worker: a copy of one of Doorbuster's, so that both build and send as much.
export interface CannedAnswer {
  status: 200;
  headers: Record<string, string>;
  body: string;
  /** The body, if it is JSON. */
  json?: object;
}

let canned: CannedAnswer = { status: 200, headers: {}, body: "" };

export const cannedAnswer = (): CannedAnswer => canned;

/** Replaces the answer of all routes. */
export function canAnswer(answer: CannedAnswer): void {
  canned = answer;
  if (answer.headers["content-type"]?.includes("json")) canned.json = JSON.parse(answer.body);
}
