// A fake Stripe API over HTTP for tests, with Stripe's paths, form-encoded bodies, statuses, error bodies, headers,
// idempotency and webhook signatures. It records all payments, so that a test can audit the money.
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { FakeStripeBank } from "./bank.ts";
import { browserApi } from "./browser-api.ts";
import { StripeFault } from "./errors.ts";
import { Faults } from "./faults.ts";
import { type FakeContext, Responder, refused, type StepResult } from "./responses.ts";
import { type Endpoint, type EndpointReport, type Traffic, withTraffic } from "./traffic.ts";

export interface FakeStripe {
  url: string;
  stop(): Promise<void>;
}

/** A signed webhook event in Stripe's format. */
export interface SignedEvent {
  type: string;
  body: string;
  signature: string;
}

interface Secrets {
  apiKey: string;
  webhookSecret: string;
}

export interface Settings extends Traffic {
  /** Default: 0, which picks a free port. */
  port?: number;
  /** Called with every event as it happens. Without it, events wait under `/_fake/events`. */
  onEvent?: (event: SignedEvent, orderId: string) => void;
}

/** Starts the fake on loopback. Routes under `/_fake` are for tests only. */
export async function startFakeStripe(
  secrets: Secrets,
  { port = 0, ...settings }: Settings = {},
): Promise<FakeStripe> {
  const server = createServer(getRequestListener(fakeStripe(secrets, settings).fetch));
  await once(server.listen(port, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function fakeStripe(secrets: Secrets, { onEvent, ...traffic }: Omit<Settings, "port">) {
  const events: { type: string; object: object; order: string }[] = [];
  const bank = new FakeStripeBank((type, object, about = object.metadata) => {
    const order = about.order_id ?? "";
    events.push({ type, object: structuredClone(object), order });
    onEvent?.(sign(secrets, type, object), order);
  });
  const faults = new Faults();
  const responder = new Responder(secrets.apiKey);
  const app = new Hono<{ Bindings: HttpBindings }>();
  const reports = new Map<Endpoint, EndpointReport>();
  app.use("/v1/*", withTraffic(traffic, reports));
  app.get("/_fake/traffic", (c) => c.json(Object.fromEntries(reports)));

  /** Runs a step of an existing intent. The intent is locked while a held request is in progress. */
  const onIntent = async (
    step: string,
    id: string,
    work: () => object,
    given: string | null = null,
  ): Promise<StepResult> => {
    const { metadata, payment_method } = bank.intent(id);
    const order = metadata.order_id ?? "";
    if (faults.isHeld(order)) throw new StripeFault(429, LOCKED);
    return faults.run(step, { method: given ?? payment_method ?? "", order }, work);
  };

  app.get("/v1/payment_intents/search", (c) =>
    responder.get(c, () => {
      const order = /^metadata\["order_id"\]:"([^"]+)"$/.exec(c.req.query("query") ?? "")?.[1];
      const expand = expandIn(new URL(c.req.url).searchParams);
      const data = bank.search(order ?? "").map((intent) => bank.show(intent, expand));
      return { object: "search_result", data, has_more: false };
    }),
  );
  /** Only its access is checked, never its content. */
  app.get("/v1/payment_intents", (c) =>
    responder.get(c, () => ({ object: "list", data: [], has_more: false })),
  );
  app.get("/v1/payment_intents/:id", (c) =>
    responder.get(c, () => {
      const expand = expandIn(new URL(c.req.url).searchParams);
      return bank.show(bank.intent(c.req.param("id")), expand);
    }),
  );
  app.post("/v1/payment_intents", (c) =>
    responder.post(c, (params) => {
      const method = params.get("payment_method") ?? "";
      const order = params.get("metadata[order_id]") ?? "";
      return faults.run("create", { method, order }, () => bank.create(params));
    }),
  );
  app.post("/v1/payment_intents/:id/confirm", (c) => {
    const id = c.req.param("id");
    return responder.post(c, (params) => {
      const show = () => bank.show(bank.confirm(id, params), expandIn(params));
      return onIntent("confirm", id, show, params.get("payment_method"));
    });
  });
  app.post("/v1/payment_intents/:id/cancel", (c) => {
    const id = c.req.param("id");
    return responder.post(c, () => onIntent("cancel", id, () => bank.cancel(id)));
  });
  app.post("/v1/refunds", (c) =>
    responder.post(c, (params) => {
      const id = params.get("payment_intent") ?? "";
      return onIntent("refund", id, () => bank.refunds.create(bank.intent(id), params));
    }),
  );
  app.get("/v1/refunds", (c) =>
    responder.get(c, () => {
      const data = bank.refunds.of(c.req.query("payment_intent") ?? "").toReversed();
      return { object: "list", data, has_more: false };
    }),
  );
  app.get("/v1/refunds/:id", (c) =>
    responder.get(c, () => {
      const expand = expandIn(new URL(c.req.url).searchParams);
      return bank.showRefund(bank.refunds.byId(c.req.param("id")), expand);
    }),
  );
  app.notFound((c) => {
    const message = `Unrecognized request URL (${c.req.method}: ${c.req.path}).`;
    return responder.reply(c as FakeContext, refused(404, message));
  });

  app.route("/_fake", browserApi(bank));
  app.get("/_fake/payments", (c) => c.json(bank.statement(c.req.query("prefix") ?? "")));
  app.get("/_fake/payments/:order", (c) => c.json(bank.paymentsOf(c.req.param("order"))));
  app.get("/_fake/events/:order", (c) => {
    const mine = events.filter(({ order }) => order === c.req.param("order"));
    return c.json(mine.map(({ type, object }) => sign(secrets, type, object)));
  });
  app.get("/_fake/held/:order", (c) => c.json(faults.isHeld(c.req.param("order"))));
  app.post("/_fake/release/:order", (c) => {
    faults.release(c.req.param("order"));
    return c.json({});
  });
  app.post("/_fake/finish/:order", (c) => {
    for (const { id } of bank.search(c.req.param("order"))) bank.finish(id);
    return c.json({});
  });
  app.post("/_fake/authenticate/:order/:answer", (c) => {
    const { order, answer } = c.req.param();
    for (const { id } of bank.search(order)) bank.authenticate(id, answer === "yes");
    return c.json({});
  });
  app.post("/_fake/finish-refund/:order/:answer", (c) => {
    const { order, answer } = c.req.param();
    for (const intent of bank.search(order)) bank.refunds.finish(intent, answer);
    return c.json({});
  });
  app.post("/_fake/refund/:order/:amount", (c) => {
    const { order, amount } = c.req.param();
    const params = new URLSearchParams({ amount });
    for (const intent of bank.search(order)) bank.refunds.create(intent, params);
    return c.json({});
  });
  app.post("/_fake/dispute/:order/:step", (c) => {
    const { order, step } = c.req.param();
    for (const intent of bank.search(order)) bank.refunds.dispute(intent, step);
    return c.json({});
  });
  app.post("/_fake/expire-keys", (c) => {
    responder.expireKeys();
    return c.json({});
  });
  return app;
}

const LOCKED = {
  type: "invalid_request_error",
  code: "lock_timeout",
  message: "This object cannot be accessed right now because another request is accessing it.",
};

/** The paths that a request expands: `expand[0]=…`. */
const expandIn = (params: URLSearchParams): string[] =>
  [...params].flatMap(([name, value]) => (name.startsWith("expand[") ? [value] : []));

/** Signs an event. Its mode is that of the key, as at Stripe. */
function sign({ apiKey, webhookSecret }: Secrets, type: string, object: object): SignedEvent {
  const created = Math.floor(Date.now() / 1_000);
  const id = `evt_fake_${crypto.randomUUID()}`;
  const body = JSON.stringify({
    id,
    object: "event",
    type,
    created,
    livemode: apiKey.startsWith("sk_live_"),
    data: { object },
  });
  const hmac = createHmac("sha256", webhookSecret).update(`${created}.${body}`).digest("hex");
  return { type, body, signature: `t=${created},v1=${hmac}` };
}
