// The funnel: the ordered checks before a reservation, the cheapest refusal first. Adding a stage is one
// file and one line here.
import type { Refusal } from "../errors.ts";
import type { AppContext } from "../http.ts";
import { count } from "../observability/metrics.ts";
import type { Attempt, Stage } from "./attempt.ts";
import { challenge, solution } from "./challenge.ts";
import { denied } from "./denied.ts";
import { flood } from "./flood.ts";
import { type Identity, identify, recognise } from "./identity.ts";
import { known } from "./known.ts";
import { describeLimit, limits } from "./limits.ts";
import { shape } from "./shape.ts";
import { shedding } from "./shedding.ts";
import { soldOut } from "./sold-out.ts";

/** Who shows no token is refused, and who is known needs no signature check: both cost nothing. */
const recognised: Stage = {
  name: "identity",
  check: (attempt) => take(attempt, recognise(attempt.c, attempt.c.get("config"))),
};

const identity: Stage = {
  name: "identity",
  async check(attempt) {
    if (attempt.userId !== undefined) return undefined;
    return take(attempt, await identify(attempt.c, attempt.c.get("config")));
  },
};

function take(attempt: Attempt, identity: Identity | undefined): Refusal | undefined {
  if (identity?.ok === false) return identity.refusal;
  if (identity) attempt.userId = identity.userId;
  return undefined;
}

const AFTER_SHAPE: readonly Stage[] = [
  known,
  recognised,
  denied, // what the network gives away, and who is recognised
  soldOut,
  flood, // before anything that costs more than a look into memory
  identity,
  denied, // once more, for who was not recognised
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
