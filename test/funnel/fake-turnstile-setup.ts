// Starts the fake Turnstile that the challenge tests inside workerd talk to.
import type { TestProject } from "vitest/node";
import { type FakeTurnstile, startFakeTurnstile } from "../../src/local/fake-turnstile.ts";

declare module "vitest" {
  export interface ProvidedContext {
    turnstileVars: FakeTurnstile["vars"];
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const turnstile = await startFakeTurnstile();
  provide("turnstileVars", turnstile.vars);
  return () => turnstile.stop();
}
