// Sends hostile requests, and checks that answers follow the contract.
import { expect } from "vitest";
import { type Answer, contractFaults, freshAddress, ORIGIN, send } from "../support/http.ts";

export const jsonType = { "content-type": "application/json" };

interface Hostile {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: BodyInit;
}

export function sendHostile({ method, path, headers = {}, body }: Hostile): Promise<Answer> {
  const init = { method, headers: { "cf-connecting-ip": freshAddress(), ...headers } };
  return send(new Request(ORIGIN + path, body === undefined ? init : { ...init, body }));
}

export function expectContract(answers: Answer[]): void {
  for (const answer of answers) {
    expect(contractFaults(answer)).toEqual([]);
    expect(answer.status).toBeLessThan(500);
  }
}
