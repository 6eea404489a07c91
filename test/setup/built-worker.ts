// Builds the Worker once, as `wrangler deploy` does, for all test files that start instances of it.
import type { TestProject } from "vitest/node";
import { buildWorker } from "../../src/local/miniflare.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The path of the built script. */
    builtWorker: string;
  }
}

export default async function setup({ provide }: TestProject): Promise<void> {
  provide("builtWorker", await buildWorker());
}
