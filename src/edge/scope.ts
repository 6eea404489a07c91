// What caches and background work need from the request that runs them. It keeps them free of the web framework.
import type { Config } from "../config/config.ts";

export interface EdgeScope {
  config: Config;
  /** Keeps work alive after the response was sent. */
  waitUntil(work: Promise<unknown>): void;
}
