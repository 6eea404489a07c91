// What operators call about the whole system: the session, switches, rules, metrics, alerts, the log, and dead letters.
import { rehearsalSchema } from "../../admin/rehearsals.ts";
import { ruleBodySchema } from "../../admin/rules.ts";
import { signInSchema } from "../../admin/sign-in.ts";
import { switchChangeSchema } from "../../catalog/switch-schema.ts";
import * as controls from "../answers/controls.ts";
import * as counted from "../answers/metrics.ts";
import * as system from "../answers/system.ts";
import { OPERATOR, type Operation, type Operations } from "../operation.ts";

const shared = { tag: "System", security: OPERATOR } as const;

export const systemOperations: Operations = {
  "POST /api/admin/session": {
    tag: "System",
    id: "startOperatorSession",
    summary: "Sign in to the console",
    body: { name: "SignInRequest", schema: signInSchema, example: { token: "local-admin-token" } },
    answers: {
      200: { description: "A session as cookie.", body: system.session, headers: ["Set-Cookie"] },
    },
    errors: ["unauthenticated", "forbidden", "rate_limited"],
  },
  "DELETE /api/admin/session": {
    tag: "System",
    id: "endOperatorSession",
    summary: "Sign out of the console",
    answers: { 204: { description: "The cookie is deleted.", headers: ["Set-Cookie"] } },
    errors: ["forbidden"],
  },
  "GET /api/admin/live": {
    ...shared,
    id: "watchSale",
    summary: "Watch the figures of a sale over a WebSocket",
    description:
      "A text message every two seconds: the fragment of HTML that the console shows. The server closes the socket when " +
      "the sign-in ends (4401), and after half a minute (4408): open it again then. Needs an `Origin` of this site unless a token is sent.",
    parameters: ["sale", "upgrade"],
    answers: { 101: { description: "The WebSocket is open." } },
    errors: ["not_found", "invalid_request", "forbidden"],
  },
  "GET /api/admin/switches": {
    ...shared,
    id: "getSwitches",
    summary: "Read what is switched",
    description:
      "`automatic`: what isolates have reduced by themselves while Redis does not answer, and why.",
    answers: { 200: { description: "The switches.", body: controls.switches, headers: ["ETag"] } },
  },
  "PUT /api/admin/switches": {
    ...shared,
    id: "changeSwitches",
    summary: "Change switches",
    description:
      "All or none; switches that are not named stay as they are. `false`, `as-set` or `1` turns one off. A sale's own switch " +
      "takes precedence over the same one for everything. Repeating a change has no effect.",
    parameters: ["ifMatch", "ifNoneMatch", "preview"],
    body: {
      name: "SwitchesRequest",
      schema: switchChangeSchema,
      example: {
        reason: "The price is wrong",
        switches: [{ name: "closed", sku: "runner-42", value: true }],
      },
    },
    answers: {
      200: { description: "The switches now.", body: controls.switchesChanged, headers: ["ETag"] },
    },
    errors: ["not_found"],
  },
  "GET /api/admin/overview": {
    ...shared,
    id: "getOverview",
    summary: "Read what needs a look",
    description:
      "`attention`, of the whole system: failed refunds, refunds due at your own checkout, open disputes, and payments that are " +
      "not the order's, with the SKUs whose ledger lists them. `counters`: the totals of the whole system. `breakers`: those of the " +
      "isolate that answers.",
    answers: { 200: { description: "The overview.", body: counted.overview } },
  },
  "GET /api/admin/metrics": {
    ...shared,
    id: "getMetrics",
    summary: "Read the metrics of the whole system",
    description: "JSON, or OpenMetrics if `Accept` names `application/openmetrics-text`.",
    parameters: ["from", "step", "accept"],
    answers: {
      200: {
        description: "The metrics.",
        body: counted.metrics,
        alternative: "application/openmetrics-text",
      },
    },
    errors: ["invalid_request"],
  },
  "GET /api/admin/alerts": {
    ...shared,
    id: "listAlerts",
    summary: "List the alerts that fire, and those that ended",
    answers: { 200: { description: "The alerts.", body: system.alerts } },
  },
  "POST /api/admin/alerts/test": {
    ...shared,
    id: "testAlerts",
    summary: "Send a test to the receiver of the alerts",
    parameters: ["changeReason"],
    answers: { 200: { description: "The receiver accepted it.", body: system.alertSent } },
    errors: ["invalid_request"],
  },
  "POST /api/admin/rehearsals": {
    ...shared,
    id: "recordRehearsal",
    summary: "Record how a rehearsal ended",
    description: "`npm run rehearse -- --url` sends it. Preflights show the last one.",
    parameters: ["changeReason"],
    body: {
      schema: rehearsalSchema,
      example: {
        ...{ scenario: "rush", provider: "sandbox", buyers: 50 },
        ...{ held: 20, broken: 0, notObserved: 3 },
      },
    },
    answers: { 200: { description: "The record.", body: rehearsalSchema } },
  },
  "GET /api/admin/log": {
    ...shared,
    id: "listLogEntries",
    summary: "List what operators changed",
    description:
      "Each entry is stored before anything changes, so no change lacks one. `outcome` is `done`, `refused` with the error's " +
      "`code`, or `unknown`: the request is under way, or was interrupted, and its effect must be checked. The newest 100,000 " +
      "are kept.",
    parameters: ["target", "cursor"],
    answers: { 200: { description: "Entries, newest first.", body: system.logEntries } },
    errors: ["invalid_request"],
  },
  "POST /api/admin/cache/purge": {
    ...shared,
    id: "purgeCaches",
    summary: "Make a change show at once",
    description:
      "Without it, changes show within five seconds around a sale, and within 64 seconds while nothing is on.",
    parameters: ["changeReason"],
    answers: { 200: { description: "The caches that were purged.", body: system.purged } },
    errors: ["invalid_request"],
  },
  "GET /api/admin/dead-letters": {
    ...shared,
    id: "listDeadLetters",
    summary: "List dead letters",
    parameters: ["cursor"],
    answers: { 200: { description: "A page of letters, oldest first.", body: system.deadLetters } },
    errors: ["invalid_request"],
  },
  "GET /api/admin/dead-letters/{id}": {
    ...shared,
    id: "getDeadLetter",
    summary: "Read a dead letter and its order",
    description:
      "With its order as the ledger has it now. A letter disappears when its order is done.",
    parameters: ["letterId"],
    answers: { 200: { description: "The letter.", body: system.inspectedLetter } },
    errors: ["not_found"],
  },
  "DELETE /api/admin/dead-letters/{id}": {
    ...shared,
    id: "discardDeadLetter",
    summary: "Discard a dead letter",
    parameters: ["letterId", "changeReason"],
    answers: { 204: { description: "The letter is gone." } },
    errors: ["not_found", "invalid_request"],
  },
  "POST /api/admin/dead-letters/{id}/replay": {
    ...shared,
    id: "replayDeadLetter",
    summary: "Send a dead letter's message to its queue again",
    description: "With the id `all`, up to a thousand. `more`: some are left.",
    parameters: ["letterId", "changeReason"],
    answers: { 200: { description: "How many were replayed.", body: system.replayed } },
    errors: ["not_found", "invalid_request"],
  },
};

const EFFECTS = { denylist: "blocked", allowlist: "never blocked" };

/** The routes of one list of rules. */
function rulesOf(list: keyof typeof EFFECTS): Operations {
  const effect = EFFECTS[list];
  const name = list === "denylist" ? "DenyRule" : "AllowRule";
  const rules = { tag: "Rules", security: OPERATOR } as const;
  const save = (parameters: Operation["parameters"] = []): Omit<Operation, "id"> => ({
    ...rules,
    summary: `State who is ${effect}`,
    description:
      "The value is in the path, or in the query for one that clients would change in a path, such as `..`. An address may be a CIDR " +
      "(`10.0.0.0%2F8`); a single IPv6 address stands for its /64. `seconds`: how long the rule lasts.",
    parameters: [...parameters, "changeReason"],
    body: {
      name: "RuleRequest",
      schema: ruleBodySchema,
      isOptional: true,
      example: { note: "Resold tickets" },
    },
    answers: { 200: { description: "The rule.", body: controls.ruleSaved } },
  });
  const remove = (parameters: Operation["parameters"] = []): Omit<Operation, "id"> => ({
    ...rules,
    summary: `Remove a rule about who is ${effect}`,
    parameters: [...parameters, "changeReason"],
    answers: { 204: { description: "The rule is gone." } },
    errors: ["not_found", "invalid_request"],
  });
  const base = `/api/admin/${list}`;
  return {
    [`GET ${base}`]: {
      ...rules,
      id: `list${name}s`,
      summary: `List who is ${effect}`,
      description:
        "With the evidence of automatic blocks; `incomplete` while Redis is down, because it alone stores those.",
      answers: { 200: { description: "The rules.", body: controls.rules } },
    },
    [`PUT ${base}/{kind}`]: { ...save(["kind", "valueInQuery"]), id: `save${name}ByQuery` },
    [`PUT ${base}/{kind}/{value}`]: { ...save(["kind", "value"]), id: `save${name}` },
    [`DELETE ${base}/{kind}`]: { ...remove(["kind", "valueInQuery"]), id: `remove${name}ByQuery` },
    [`DELETE ${base}/{kind}/{value}`]: { ...remove(["kind", "value"]), id: `remove${name}` },
  };
}

export const ruleOperations: Operations = { ...rulesOf("denylist"), ...rulesOf("allowlist") };
