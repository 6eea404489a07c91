// Makes the traces of orders: keyed hashes of address blocks and cards. Apart from their types, which browsers know too.
import { keyedDigest } from "../digest.ts";
import type { Traces } from "./traces.ts";

/** 96 bits: collisions are unlikely among any number of orders. */
const LENGTH = 16;

/** The hash of a value in one sale. Nobody can compute it without the secret, so nobody can try all addresses. */
export const traceOf = (
  { SIGNING_SECRET }: { SIGNING_SECRET: string },
  saleId: string,
  kind: keyof Traces,
  value: string,
): string => keyedDigest(SIGNING_SECRET, `trace.${saleId}.${kind}.${value}`).slice(0, LENGTH);
