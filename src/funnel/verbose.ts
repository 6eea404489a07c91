// Logs every step of single users and orders, which an operator lists in LOG_VERBOSE_FOR to follow a complaint.
import type { Config } from "../config/config.ts";
import { type LogFields, log } from "../observability/log.ts";
import { accountName } from "./caller.ts";

export type VerboseConfig = Pick<Config, "LOG_VERBOSE_FOR" | "SIGNING_SECRET">;

/** Whom a step is about. Log lines never have the user's id, only its keyed hash as `account`. */
interface About {
  userId?: string | undefined;
  orderId?: string | undefined;
}

/** Logs a step if its user or its order is listed. Costs nothing while nobody is. */
export function logVerbose(
  { LOG_VERBOSE_FOR: listed, SIGNING_SECRET }: VerboseConfig,
  event: string,
  { userId, orderId }: About,
  fields: LogFields = {},
): void {
  if (listed.size === 0) return;
  if (!(listed.has(userId ?? "") || listed.has(orderId ?? ""))) return;
  const account = userId === undefined ? undefined : accountName(userId, SIGNING_SECRET);
  log(event, { ...fields, orderId, account });
}
