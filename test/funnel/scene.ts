// Shared by the funnel's tests: sales with protection settings, attempts with a given address, network, and headers,
// and the operator's rules and counters.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { app } from "../../src/app.ts";
import { type ProtectionSettings, protectionSchema } from "../../src/catalog/protection.ts";
import type { Sale } from "../../src/catalog/schema.ts";
import { type Answer, admin, call, ORIGIN, send } from "../support/http.ts";
import { aSale, aSku, type Buyer, putSale, unique } from "../support/shop.ts";

export interface Scene {
  saleId: string;
  skuId: string;
}

/** Given an open sale of one SKU with these protection settings. */
export async function givenSale(
  protection: ProtectionSettings = {},
  sku: Parameters<typeof aSku>[0] = {},
  changes: Partial<Sale> = {},
): Promise<Scene> {
  const item = aSku({ stock: 1_000, perUserLimit: 100, ...sku });
  const settings = protectionSchema.parse(protection);
  const { id } = await putSale(aSale({ ...changes, skus: [item], protection: settings }));
  return { saleId: id, skuId: item.id };
}

/** How an attempt differs from a person's at a new address. */
export interface Attempt {
  from?: string;
  key?: string;
  challenge?: string;
  visit?: string;
  /** Cloudflare's data about the caller. */
  cf?: { asn?: number; country?: string; botManagement?: { score: number } };
  headers?: Record<string, string>;
}

let moments = 0;
/** A time to stop the clock at, so late that everything cached by earlier tests of the file has expired. */
export function aMoment(): number {
  moments += 1;
  return Date.now() + moments * 86_400_000;
}

let addresses = 0;
/** An unused public address. */
export function anAddress(): string {
  addresses += 1;
  return `100.${64 + (addresses >> 16)}.${(addresses >> 8) & 255}.${addresses & 255}`;
}

/** The request of an attempt to buy one unit. */
export function orderRequest(
  { token }: Pick<Buyer, "token">,
  { skuId }: Pick<Scene, "skuId">,
  { from = anAddress(), key = unique("key"), challenge, visit, cf, headers }: Attempt = {},
): Request {
  return new Request(`${ORIGIN}/api/skus/${skuId}/orders`, {
    method: "POST",
    headers: {
      "cf-connecting-ip": from,
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "idempotency-key": key,
      ...(challenge ? { "challenge-token": challenge } : {}),
      ...(visit ? { "visit-token": visit } : {}),
      ...headers,
    },
    body: '{"quantity":1}',
    ...(cf ? { cf } : {}),
  } as RequestInit);
}

/** An attempt to buy one unit. */
export const attempt = (...given: Parameters<typeof orderRequest>): Promise<Answer> =>
  send(orderRequest(...given));

/** Visits a sale's page. Returns the address and the visit token. */
export async function visitPage({ saleId }: Pick<Scene, "saleId">, from = anAddress()) {
  const headers = { "cf-connecting-ip": from };
  const { body } = await call<{ token: string }>("POST", `/api/sales/${saleId}/visits`, {
    headers,
  });
  return { from, visit: body.token };
}

/** The whole app behind a test shield, because the real one uses the real clock. */
export function behindShield(passes: (key: string) => boolean) {
  const FLOOD_SHIELD = { limit: async ({ key = "" }) => ({ success: passes(key) }) };
  const shielded = { ...env, FLOOD_SHIELD }; // one object, because verified tokens are cached per config
  return async (request: Request): Promise<Response> =>
    app.fetch(request, shielded, createExecutionContext());
}

/** The rules as listed to the operator. */
export async function rules(list: "denylist" | "allowlist" = "denylist") {
  const { body } = await admin<{ rules: Record<string, unknown>[] }>("GET", `/${list}`);
  return body.rules;
}

/** Deletes all rules, which survive an emptied Redis and so the previous test. */
export async function noRules(): Promise<void> {
  for (const list of ["denylist", "allowlist"] as const) {
    for (const { kind, value } of await rules(list)) {
      await admin("DELETE", `/${list}/${kind}/${encodeURIComponent(String(value))}`);
    }
  }
}

export const inventoryOf = (skuId: string) => env.SKU_INVENTORY.getByName(skuId);
