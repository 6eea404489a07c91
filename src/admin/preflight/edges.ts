// The check of what edges hold: the document, the live stock, and whether they learn of the last change before the opening.
import type { Catalog } from "../../catalog/catalog.ts";
import { readLive } from "../../catalog/live.ts";
import { BRISK, briskSpans, rhythmAt } from "../../catalog/rhythm.ts";
import type { CatalogEntry } from "../../catalog/schema.ts";
import { CHANGE_SHOWN_MS, readCatalog } from "../../catalog/snapshot.ts";
import type { AppContext } from "../../http/request.ts";
import { type Finding, fail, ok, warn } from "./check.ts";

type Scope = AppContext["var"]["scope"];

/** Loads what a page view needs into the caches of this colo, and compares it with the registry. */
export async function checkEdges(scope: Scope, { sale, revision }: CatalogEntry): Promise<Finding> {
  const catalog = await readCatalog(scope);
  const published = catalog.sale(sale.id);
  if (!published) {
    return warn(
      "the sale is archived, so edges read it on request",
      "Move closesAt, if it is to sell",
    );
  }
  if (published.revision < revision) {
    return fail("edges still have an older document", "Wait a minute, or save the sale again");
  }
  const lateUntil = shownLate(catalog, { sale, revision });
  if (lateUntil !== undefined) {
    return warn(
      `pages may show the last change only at ${new Date(lateUntil).toISOString()}, after the opening; buyers are not affected`,
      "Open later: two minutes after a change are enough",
    );
  }
  const { skus } = await readLive(scope, published);
  return skus.length === sale.skus.length
    ? ok("the catalog and the live stock are in the caches of this colo")
    : warn("the live stock of some SKUs is not known yet", "Run the preflight again");
}

/** When pages show the last change of a sale that opens before that: milliseconds. Undefined if they show it in time. */
function shownLate({ entries }: Catalog, { sale, revision }: CatalogEntry): number | undefined {
  const others = entries.map((entry) => entry.sale).filter(({ id }) => id !== sale.id);
  if (rhythmAt(briskSpans(others), revision) === BRISK) return undefined;
  const opensAt = Date.parse(sale.opensAt);
  const shownAt = revision + CHANGE_SHOWN_MS; // a revision is the time of the change
  return opensAt > revision && opensAt < shownAt && Date.now() < shownAt ? shownAt : undefined;
}
