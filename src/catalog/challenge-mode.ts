// Decides which buyers of a sale solve a challenge: the operator's switch, or else the sale's settings.
import { type Protection, protectionOf } from "./protection.ts";
import type { Sale } from "./schema.ts";
import { switchesNow } from "./snapshot.ts";

type Mode = Protection["challenge"]["mode"];

const SWITCHED: Record<"off" | "everyone", Mode> = { off: "off", everyone: "always" };

/** Does no I/O. */
export function challengeMode(sale: Sale): Mode {
  const switched = switchesNow({ sale: sale.id }).challenge?.value;
  return switched ? SWITCHED[switched] : protectionOf(sale).challenge.mode;
}

/** Whether this sale can require a challenge now: only then do its pages load the code for one. */
export const canChallenge = (sale: Sale): boolean => challengeMode(sale) !== "off";
