// The funnel: the ordered checks before a reservation, the cheapest refusal first. Adding a stage is one
// file and one line here.
import type { Refusal } from "../errors.ts";
import type { AppContext } from "../http.ts";
import { count } from "../observability/metrics.ts";
import type { Attempt, Stage } from "./attempt.ts";
import { challenge, solution } from "./challenge.ts";
import { denied } from "./denied.ts";
import { flood } from "./flood.ts";
import { identify } from "./identity.ts";
import { known } from "./known.ts";
import { describeLimit, limits } from "./limits.ts";
import { shape } from "./shape.ts";
import { shedding } from "./shedding.ts";
import { soldOut } from "./sold-out.ts";

const identity: Stage = {
  name: "identity",
  async check(attempt) {
    const identity = await identify(attempt.c, attempt.c.get("config"));
    if (!identity.ok) return identity.refusal;
    attempt.userId = identity.userId;
    return undefined;
  },
};

const AFTER_SHAPE: readonly Stage[] = [
  known,
  flood,
  denied, // what the network gives away
  identity,
  denied, // and now the user too
  soldOut,
  shedding,
  challenge,
  limits,
  solution,
];

/**
 * Sends an attempt through all stages. The result is the filled attempt, or the first refusal. The first
 * stage can be another one: the pages read the same attempt out of a form.
 */
export async function runFunnel(
  c: AppContext,
  skuId: string,
  first: Stage = shape,
): Promise<{ ok: true; attempt: Attempt } | { ok: false; refusal: Refusal }> {
  const attempt = { c, skuId, now: Date.now() } as Attempt;
  try {
    for (const { name, check } of [first, ...AFTER_SHAPE]) {
      const refusal = await check(attempt);
      if (refusal) {
        count("funnel.refused", name, refusal.reason, attempt.entry?.sale.id ?? "-");
        return { ok: false, refusal };
      }
    }
    count("funnel.passed", attempt.entry.sale.id);
    return { ok: true, attempt };
  } finally {
    c.set("limitHeaders", describeLimit(attempt)); // on every answer of the route, also when a stage threw
  }
}
