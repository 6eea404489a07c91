// The rules for the document of a rehearsal, and where it may run. Pure.
import type { Config } from "../config/config.ts";
import { takesPlayMoney } from "../payments/payment-mode.ts";

/** The id of a rehearsal begins with this. */
export const REHEARSAL_ID = "rehearsal-";

/** Longest time for which a rehearsal sells. It removes itself soon after its end. */
const MAX_OPEN_MS = 2 * 3_600_000;

interface Times {
  opensAt: string;
  closesAt: string;
}

/** The faults of a document that says it is a rehearsal. */
export function rehearsalFaults({
  id,
  listed,
  rehearsal,
  opensAt,
  closesAt,
}: Times & { id: string; listed?: boolean | undefined; rehearsal?: true | undefined }): {
  path: string[];
  message: string;
}[] {
  if (!rehearsal) return [];
  return [
    ...(id.startsWith(REHEARSAL_ID)
      ? []
      : [{ path: ["id"], message: `must begin with ${REHEARSAL_ID}` }]),
    ...(listed === false ? [] : [{ path: ["listed"], message: "must be false for a rehearsal" }]),
    ...(Date.parse(closesAt) - Date.parse(opensAt) <= MAX_OPEN_MS
      ? []
      : [{ path: ["closesAt"], message: "must be at most two hours after opensAt" }]),
  ];
}

/** Whether synthetic people may act in a rehearsal now: never where its items would cost real money. */
export const mayRehearse = (
  { skus }: { skus: readonly { unitPrice: { amount: number } }[] },
  config: Pick<Config, "PAYMENTS" | "STRIPE_SECRET_KEY">,
): boolean => takesPlayMoney(config) || skus.every(({ unitPrice }) => unitPrice.amount === 0);
