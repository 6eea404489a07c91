// What the funnel's tests share: callers with an address, a network and headers of their own, sales with
// their protection, and what an attempt cost.
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

/** Given an open sale that protects itself like this; one SKU. */
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

/** What one attempt differs in from that of a person at a fresh address. */
export interface Attempt {
  from?: string;
  key?: string;
  challenge?: string;
  visit?: string;
  /** What Cloudflare knows of the caller. */
  cf?: { asn?: number; country?: string; botManagement?: { score: number } };
  headers?: Record<string, string>;
}

let moments = 0;
/** A moment to stop the clock at, later than all that was said in this file so far could still be fresh. */
export function aMoment(): number {
  moments += 1;
  return Date.now() + moments * 86_400_000;
}

let addresses = 0;
/** A public address nobody used before. */
export function anAddress(): string {
  addresses += 1;
  return `100.${64 + (addresses >> 16)}.${(addresses >> 8) & 255}.${addresses & 255}`;
}

/** The request of one attempt to buy one unit. */
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

/** One attempt to buy one unit. */
export const attempt = (...given: Parameters<typeof orderRequest>): Promise<Answer> =>
  send(orderRequest(...given));

/** A look at a sale's page: where from, and the proof of it. */
export async function lookAt({ saleId }: Pick<Scene, "saleId">, from = anAddress()) {
  const headers = { "cf-connecting-ip": from };
  const { body } = await call<{ token: string }>("POST", `/api/sales/${saleId}/visits`, {
    headers,
  });
  return { from, visit: body.token };
}

/** The whole app behind a flood shield of the test's own: the real one counts in windows of the real clock. */
export function behindShield(passes: (key: string) => boolean) {
  const FLOOD_SHIELD = { limit: async ({ key = "" }) => ({ success: passes(key) }) };
  const shielded = { ...env, FLOOD_SHIELD }; // one for all: whom an isolate knows, it knows by its env
  return async (request: Request): Promise<Response> =>
    app.fetch(request, shielded, createExecutionContext());
}

/** The rules an operator sees. */
export async function rules(list: "denylist" | "allowlist" = "denylist") {
  const { body } = await admin<{ rules: Record<string, unknown>[] }>("GET", `/${list}`);
  return body.rules;
}

/** Given no rules at all: they outlive an emptied Redis, and so the test before. */
export async function noRules(): Promise<void> {
  for (const list of ["denylist", "allowlist"] as const) {
    for (const { kind, value } of await rules(list)) {
      await admin("DELETE", `/${list}/${kind}/${encodeURIComponent(String(value))}`);
    }
  }
}

/** A counter as the operator's overview shows it. */
export async function counted(name: string): Promise<number> {
  const { body } = await admin<{ counters: Record<string, number> }>("GET", "/overview");
  return body.counters[name] ?? 0;
}

export const inventoryOf = (skuId: string) => env.SKU_INVENTORY.getByName(skuId);
