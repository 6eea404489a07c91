// Rows for a sale with a line: joining it, waiting in it, and an order of somebody who is admitted.
import { signTicket } from "../../admission/ticket.ts";
import { LOCAL_SIGNING_SECRET } from "../settings.ts";
import { AddressRange } from "./addresses.ts";
import type { RequestSpec } from "./load-generator.ts";
import { sharedResponse } from "./page-rows.ts";
import { mirrorResponse, newOrders, ORDER_BODY, orderRequest, randomId } from "./requests.ts";
import { type Row, SHORT_ROUNDS } from "./row.ts";
import { LINE_CLOSED_AT, LINE_SALE, LINED, PLENTIFUL } from "./sales.ts";
import { type Testbed, waitUntilAdmitted, waitUntilSettled } from "./testbed.ts";

const API = `/api/sales/${LINE_SALE}`;

/** Headers of `count` new users at new addresses. */
function newUsers({ signToken }: Testbed, count: number, addresses: AddressRange) {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const userId = randomId();
      const authorization = `Bearer ${await signToken(userId)}`;
      return { userId, headers: { "cf-connecting-ip": addresses.next(), authorization } };
    }),
  );
}

/** Requests of `count` new users for their first ticket. */
async function joins(testbed: Testbed, count: number, addresses: AddressRange) {
  const users = await newUsers(testbed, count, addresses);
  return users.map(
    ({ headers }): RequestSpec => ({ method: "POST", path: `${API}/tickets`, headers, body: "{}" }),
  );
}

/** Orders of `count` new users who came right after the close, so that the line has passed them. */
async function admittedOrders(testbed: Testbed, count: number, addresses: AddressRange) {
  const users = await newUsers(testbed, count, addresses);
  return users.map(({ userId, headers }) => {
    const person = { saleId: LINE_SALE, userId };
    const at = { at: LINE_CLOSED_AT + 1, challenged: false };
    const ticket = signTicket(LOCAL_SIGNING_SECRET, person, at);
    return orderRequest(LINED, JSON.stringify({ quantity: 1, ticket }), headers);
  });
}

function joinRow(): Row {
  const addresses = new AddressRange();
  const requests = (testbed: Testbed, count: number) => joins(testbed, count, addresses);
  const path = "/canned/rate-limited";
  return {
    name: "join a line",
    ...SHORT_ROUNDS,
    subject: { worker: "doorbuster", status: 200, requests },
    baseline: {
      name: "bare Hono POST with the rate-limit binding",
      ...{ worker: "comparator", status: 200 },
      requests: async (testbed, count) =>
        (await requests(testbed, count)).map((request) => ({ ...request, path })),
    },
    async prepare(testbed) {
      await waitUntilAdmitted(testbed, LINE_SALE);
      const [request] = await requests(testbed, 1);
      if (request) await mirrorResponse(testbed, request);
    },
  };
}

function admittedOrderRow(): Row {
  const addresses = new AddressRange();
  return {
    name: "order in a line",
    requestsPerRound: 400,
    subject: {
      ...{ worker: "doorbuster", status: 202, drain: waitUntilSettled },
      requests: (testbed, count) => admittedOrders(testbed, count, addresses),
    },
    baseline: {
      name: "order without a line",
      ...{ worker: "doorbuster", status: 202, drain: waitUntilSettled },
      requests: (testbed, count) => newOrders(testbed, PLENTIFUL, count, addresses, ORDER_BODY),
    },
    prepare: (testbed) => waitUntilAdmitted(testbed, LINE_SALE),
  };
}

export const LINE_ROWS: Row[] = [
  joinRow(),
  sharedResponse(
    "wait in a line",
    { method: "GET", path: `${API}/line` },
    { name: "bare Hono JSON route", path: "/canned/json" },
  ),
  admittedOrderRow(),
];
