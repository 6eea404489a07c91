// Load on 128 connections against the built Worker in workerd: every request is answered without a server error, and
// no request awaits a promise of another request.
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import {
  type Answer,
  Client,
  expectOk,
  type Order,
  type SaleInput,
} from "../../src/local/client.ts";
import { LOCAL_ADMIN_TOKEN, LOCAL_AUTH_SECRET } from "../../src/local/settings.ts";
import { type Stack, startStack } from "../../src/local/stack.ts";
import { makeTempDir } from "../../src/local/temp-dir.ts";
import { tokenSigner } from "../../src/local/tokens.ts";
import { PATIENT_BREAKERS } from "../setup/patient-breakers.ts";

const CONNECTIONS = 128;
const ROUNDS = 6;
const STOCK = 300;
const SKU = "load-coupon";

const sale: SaleInput = {
  id: "load",
  title: "Load",
  description: "",
  opensAt: "2026-01-01T00:00:00Z",
  closesAt: "2100-01-01T00:00:00Z",
  admission: { mode: "open" },
  skus: [
    {
      id: SKU,
      name: "Coupon",
      unitPrice: { amount: 0, currency: "USD" },
      stock: STOCK,
      perUserLimit: 1,
      holdSeconds: 300,
    },
  ],
};

let stack: Stack;
let client: Client;
const warnings: string[] = [];
const sign = tokenSigner(LOCAL_AUTH_SECRET);

beforeAll(async () => {
  stack = await startStack({
    stateDir: makeTempDir("load"),
    script: inject("builtWorker"),
    vars: PATIENT_BREAKERS,
    onLog: ({ level, message }) => {
      if (level === "warn" || level === "error") warnings.push(message);
    },
  });
  client = new Client(stack.url, LOCAL_ADMIN_TOKEN);
  expectOk(await client.putSale(sale));
});

afterAll(() => stack?.stop());

/** One visitor: opens the page, polls, orders with a double click, and reads the order. */
async function visit(connection: number, round: number): Promise<Answer[]> {
  const user = `visitor-${connection}-${round}`;
  const caller = {
    token: await sign(user),
    ip: `10.${round}.${connection >> 8}.${connection & 255}`,
  };
  const answers: Answer[] = [
    await client.send("GET", "/sales/load"),
    await client.send("GET", "/api/sales/load/live"),
  ];
  const clicked = await Promise.all([
    client.order(SKU, "first", caller),
    client.order(SKU, "first", caller),
  ]);
  answers.push(...clicked, await client.readOrders(caller));
  const accepted = clicked.find(({ status }) => status === 202) as Answer<Order> | undefined;
  if (accepted) answers.push(await client.readOrder(accepted.body.id, caller));
  return answers;
}

test("128 connections get no server error, no hanging request and no cross-request promise", async () => {
  const answers: Answer[] = [];
  const connection = async (number: number) => {
    for (let round = 0; round < ROUNDS; round += 1) answers.push(...(await visit(number, round)));
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, number) => connection(number)));

  const faults = answers.filter(({ status }) => status >= 500);
  expect(faults.map(({ method, path, status, body }) => [method, path, status, body])).toEqual([]);
  expect(warnings).toEqual([]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 202, 409]));
  const { sold, held, available } = await client.ledger(SKU);
  expect({ taken: sold + held, available }).toEqual({ taken: STOCK, available: 0 });
});
