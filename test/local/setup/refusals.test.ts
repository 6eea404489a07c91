// What `npm run setup` says if it cannot go on. Nothing is changed then, and the next run goes on once it is mended.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Shop, setup, useShop } from "./shop.ts";

const shop = useShop();

interface Refusal {
  title: string;
  args?: string[];
  spoil(shop: Shop): void;
  says: string[];
  mend(shop: Shop): void;
}

const other = { consumer_id: "1", type: "worker" as const, script: "newsletter", settings: {} };

const REFUSALS: Refusal[] = [
  {
    title: "nobody is signed in",
    spoil: ({ env }) => {
      env.TOKEN = env.CLOUDFLARE_API_TOKEN;
      delete env.CLOUDFLARE_API_TOKEN;
    },
    says: ["You are not signed in to Cloudflare", "npx wrangler login"],
    mend: ({ env }) => {
      env.CLOUDFLARE_API_TOKEN = env.TOKEN;
    },
  },
  {
    title: "the login was revoked",
    spoil: ({ account }) => {
      account.token += "x";
    },
    says: ["Authentication error", "Sign in again"],
    mend: ({ account }) => {
      account.token = account.token.slice(0, -1);
    },
  },
  {
    title: "the credentials of Upstash are missing",
    spoil: ({ env }) => {
      env.TOKEN = env.UPSTASH_REDIS_REST_TOKEN;
      delete env.UPSTASH_REDIS_REST_TOKEN;
    },
    says: ["UPSTASH_REDIS_REST_TOKEN must be set in the environment"],
    mend: ({ env }) => {
      env.UPSTASH_REDIS_REST_TOKEN = env.TOKEN;
    },
  },
  {
    title: "Upstash refuses the token",
    spoil: ({ env }) => {
      env.UPSTASH_REDIS_REST_TOKEN += "x";
    },
    says: ["Upstash refused the token", "console.upstash.com"],
    mend: ({ env }) => {
      env.UPSTASH_REDIS_REST_TOKEN = env.UPSTASH_REDIS_REST_TOKEN?.slice(0, -1);
    },
  },
  {
    title: "the domain's zone is not in the account",
    args: ["--domain", "drops.other.example"],
    spoil: () => {},
    says: [
      "drops.other.example is in no active zone of the account Harbor Roasters",
      "Add a domain",
    ],
    mend: ({ account }) => void account.zones.push("other.example"),
  },
  {
    title: "the domain's zone is not active yet",
    args: ["--domain", "drops.new.example"],
    spoil: ({ account }) => void account.pendingZones.push("new.example"),
    says: ["drops.new.example is in no active zone", "wait until it is active"],
    mend: ({ account }) => void account.zones.push(...account.pendingZones.splice(0)),
  },
  {
    title: "the domain leads to another Worker",
    args: ["--domain", "www.shop.example"],
    spoil: ({ account }) => void account.domains.set("www.shop.example", "website"),
    says: ["www.shop.example already leads to your Worker website"],
    mend: ({ account }) => void account.domains.delete("www.shop.example"),
  },
  {
    title: "the account has no workers.dev address",
    spoil: ({ account }) => {
      account.subdomain = undefined;
    },
    says: ["no workers.dev subdomain yet", "--domain"],
    mend: ({ account }) => {
      account.subdomain = "harbor";
    },
  },
  {
    title: "a queue belongs to another Worker",
    spoil: ({ account }) =>
      void account.queues.push({
        ...{ queue_id: "1", queue_name: "doorbuster-orders", consumers: [other] },
      }),
    says: ["The queue doorbuster-orders is used by your Worker newsletter", "--name"],
    mend: ({ account }) => void account.queues.pop(),
  },
  {
    title: "another Worker has the name",
    spoil: ({ account }) =>
      void account.workers.set("doorbuster", {
        ...{ metadata: { bindings: [] }, secrets: new Map(), versions: [], deployed: "" },
        ...{ migrationTag: undefined, classes: new Set(), crons: [], onSubdomain: true },
      }),
    says: ["another Worker named doorbuster", "--name"],
    mend: ({ account }) => void account.workers.clear(),
  },
  {
    title: "the variables contradict each other",
    args: ["--var", "AUTH_JWKS_URL=https://id.example/keys"],
    spoil: () => {},
    says: ["AUTH_ISSUER: is required with AUTH_JWKS_URL"],
    mend: ({ env }) =>
      void Object.assign(env, { AUTH_ISSUER: "https://id.example", AUTH_AUDIENCE: "drops" }),
  },
];

test.each(REFUSALS)("refuses to start when $title, and goes on afterwards", async (refusal) => {
  const { args = [], spoil, says, mend } = refusal;
  spoil(shop);
  const output = await setup(shop, args);
  for (const words of says) expect(output).toContain(words);
  expect(shop.account.writes).toEqual([]);
  mend(shop);
  expect(await setup(shop, [...args, "--dry-run"])).toContain("Nothing was changed");
});

test.each<[file: string, content: string | undefined, says: string]>([
  ["that is not there", undefined, "cannot be read: ENOENT"],
  ["that is no JSON", "{ // A comment\n}", "cannot be read: Expected"],
  ["with an unknown field", '{"titel":"Drop"}', '- must not have the unknown field "titel"'],
  ["without items", '{"id":"drop","title":"Drop"}', "- skus: is required"],
])("refuses a sale's file %s before it deploys anything", async (_, content, says) => {
  const file = join(shop.root, "sale.json");
  if (content !== undefined) await writeFile(file, content);
  expect(await setup(shop, ["--sale", file])).toContain(says);
  expect(shop.account.writes).toEqual([]);
});

test("stops at the account's limit of queues, and creates only the missing ones afterwards", async () => {
  shop.account.maxQueues = 2;
  expect(await setup(shop)).toContain("The limit of queues on this account is reached");
  shop.account.maxQueues = 10;
  const plan = await setup(shop, ["--dry-run"]);
  expect(plan).toContain("create doorbuster-webhooks, doorbuster-orders-dlq");
});

test("lists the accounts of the login if the chosen one is none of them", async () => {
  const output = await setup(shop, ["--account", "0".repeat(32)]);
  expect(output).toContain(`${shop.account.id}  Harbor Roasters`);
});
