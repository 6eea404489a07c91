// Rows for refused orders. The baseline is a bare POST route that parses the same JSON and returns the same refusal: status,
// headers and body. Like Doorbuster, it does what cannot be remembered: the call of the rate-limit binding, and the check of a
// forged token. Tokens of the other rows were verified before, so their baseline verifies none.
import { expectOk } from "../client.ts";
import { AddressRange } from "./addresses.ts";
import { type RequestSpec, sendAll } from "./load-generator.ts";
import { mirrorResponse, newOrders, ORDER_BODY, orderRequest } from "./requests.ts";
import { CALLERS, type Load, type Row, SHORT_ROUNDS } from "./row.ts";
import { CHALLENGED, LATER, LIMITED, PLENTIFUL, SCARCE } from "./sales.ts";
import { type Testbed, waitUntilSettled, waitUntilSoldOut } from "./testbed.ts";

interface Baseline {
  name: string;
  path: string;
}

const BARE_POST: Baseline = { name: "bare Hono POST", path: "/canned" };
/** For refusals that come after the rate-limit binding: the baseline calls the same binding. */
const RATE_LIMITED_POST: Baseline = {
  name: "bare Hono POST with the rate-limit binding",
  path: "/canned/rate-limited",
};

/** For forged tokens: the baseline verifies them with the same library and algorithm, and calls the same binding. */
const VERIFIED_POST: Baseline = {
  name: "bare verify with the rate-limit binding",
  path: "/canned/verified",
};

/** Both loads send what `build` returns. */
function refusalRow(
  name: string,
  status: number,
  build: (count: number) => RequestSpec[],
  prepare: Row["prepare"],
  baseline: Baseline,
): Row {
  const subject: Load = {
    worker: "doorbuster",
    status,
    requests: (_, count) => build(count),
  };
  return {
    name: `refused: ${name}`,
    ...SHORT_ROUNDS,
    subject,
    baseline: {
      name: baseline.name,
      worker: "comparator",
      status,
      requests: (_, count) => build(count).map((request) => ({ ...request, path: baseline.path })),
    },
    async prepare(testbed) {
      await prepare?.(testbed);
      const [request] = build(1);
      if (request) await mirrorResponse(testbed, request);
    },
  };
}

/** A refusal that needs neither a caller nor an address. Every request is new. */
const anonymous = (name: string, status: number, build: () => RequestSpec): Row =>
  refusalRow(name, status, (count) => Array.from({ length: count }, build), undefined, BARE_POST);

/** A refusal of callers that `prepare` sets up once. The same callers are refused again in every round. */
function ofCallers(
  name: string,
  status: number,
  prepare: (testbed: Testbed, addresses: AddressRange) => Promise<RequestSpec[]>,
  baseline = BARE_POST,
): Row {
  const addresses = new AddressRange();
  let callers: RequestSpec[] = [];
  return refusalRow(
    name,
    status,
    (count) =>
      Array.from({ length: count }, (_, index) => callers[index % callers.length] as RequestSpec),
    async (testbed) => {
      callers = await prepare(testbed, addresses);
    },
    baseline,
  );
}

const withForgedToken = (request: RequestSpec): RequestSpec => ({
  ...request,
  headers: { ...request.headers, authorization: `${request.headers?.authorization}x` },
});

export const REFUSAL_ROWS: Row[] = [
  anonymous("invalid body", 400, () => orderRequest(PLENTIFUL, '{"quantity":0}')),
  anonymous("unknown SKU", 404, () => orderRequest("no-such-sku", ORDER_BODY)),
  anonymous("sale not open", 403, () => orderRequest(LATER, ORDER_BODY)),
  anonymous("not signed in", 401, () => orderRequest(PLENTIFUL, ORDER_BODY)),
  ofCallers("blocked address", 403, async (testbed, addresses) => {
    const callers = await newOrders(testbed, PLENTIFUL, 1, addresses);
    const address = callers[0]?.headers?.["cf-connecting-ip"];
    expectOk(await testbed.client.admin("PUT", `/denylist/ip/${address}`));
    return callers;
  }),
  ofCallers("sold out", 409, async (testbed, addresses) => {
    await sendAll(testbed.doorbuster, await newOrders(testbed, SCARCE, 1, addresses), 202);
    await waitUntilSoldOut(testbed, SCARCE);
    return newOrders(testbed, SCARCE, CALLERS, addresses);
  }),
  ofCallers("over the user's limit", 429, async (testbed, addresses) => {
    const callers = await newOrders(testbed, LIMITED, CALLERS, addresses);
    await sendAll(testbed.doorbuster, callers, 202);
    await waitUntilSettled(testbed);
    return callers;
  }),
  ofCallers(
    "forged token",
    401,
    async (testbed, addresses) =>
      (await newOrders(testbed, PLENTIFUL, CALLERS, addresses)).map(withForgedToken),
    VERIFIED_POST,
  ),
  ofCallers(
    "challenge required",
    403,
    (testbed, addresses) => newOrders(testbed, CHALLENGED, CALLERS, addresses),
    RATE_LIMITED_POST,
  ),
];
