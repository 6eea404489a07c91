// The Durable Object of one sale's line.
import { DurableObject } from "cloudflare:workers";
import type { Arrival, ConfigureLine, LineReport, LineTerms } from "../admission/client.ts";
import type { DrawDocument } from "../admission/draw.ts";
import type { PublishedLine } from "../admission/public-line.ts";

/** The interface is documented in `admission/client.ts`. */
export class SaleLine extends DurableObject {
  configure({ terms }: ConfigureLine): LineTerms | null {
    return terms;
  }

  report(_arrivals: Arrival[], level: number): number {
    return level;
  }

  published(): PublishedLine | null {
    return null;
  }

  draw(): DrawDocument | null {
    return null;
  }

  change(): LineReport | null {
    return null;
  }

  operatorReport(): LineReport | null {
    return null;
  }
}
