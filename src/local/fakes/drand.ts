// A stand-in for drand's relays, for tests and local instances. It signs with quicknet's scheme and a key of its own, which
// everyone can read here, so its draws prove nothing.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { getRequestListener } from "@hono/node-server";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { type Context, Hono } from "hono";
import type { BeaconRound } from "../../admission/beacon-chain.ts";
import { type Chain, roundTime } from "../../admission/draw.ts";

export interface FakeDrand {
  url: string;
  chain: Chain;
  /** Vars that make a Worker use this stand-in. */
  vars: Record<"BEACON", string>;
  stop(): Promise<void>;
}

/**
 * How it answers. `honest`: as drand's relays do. `silent`: 500 for everything. `slow`: too late. `garbage`: no JSON.
 * `huge`: a body without end. `forged`: a random number that the signature does not have. `stale`: the round before.
 * `unsigned`: a signature by another key. `eager`: every round at once, for tests whose clock is ahead.
 */
const BEHAVIORS = [
  "honest",
  "silent",
  "slow",
  "garbage",
  "huge",
  "forged",
  "stale",
  "unsigned",
  "eager",
] as const;
export type DrandBehavior = (typeof BEHAVIORS)[number];

const { getPublicKey, hash, sign, Signature } = bls12_381.shortSignatures;
const sha256 = (data: Uint8Array | string) => createHash("sha256").update(data).digest();
const keyOf = (text: string): Uint8Array => Uint8Array.from([0, ...sha256(text).subarray(1)]);

/** Fixed, so that a sale keeps its chain when the local instance restarts. */
const SECRET_KEY = keyOf("the local stand-in for drand");
const OTHER_KEY = keyOf("another beacon");
const GENESIS_TIME = 1_692_803_367;
const BEACON_ID = "stand-in";
const GROUP_HASH = sha256(BEACON_ID);
/** Longer than the Worker's timeout. */
const SLOW_MS = 2_500;
const HUGE = "0".repeat(1024 * 1024);

/**
 * Starts the stand-in on loopback. Port 0 picks a free port.
 *
 * @param period seconds between two rounds; quicknet has 3
 */
export async function startFakeDrand({ port = 0, period = 3 } = {}): Promise<FakeDrand> {
  const chain = chainOf(period);
  const server = createServer(getRequestListener(fakeDrand(chain).fetch));
  await once(server.listen(port, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    chain,
    vars: { BEACON: JSON.stringify({ urls: [url], ...chain }) },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function chainOf(period: number): Chain {
  const publicKey = Buffer.from(getPublicKey(SECRET_KEY).toBytes(true));
  const head = Buffer.alloc(12);
  head.writeUInt32BE(period);
  head.writeBigInt64BE(BigInt(GENESIS_TIME), 4);
  const whole = Buffer.concat([head, publicKey, GROUP_HASH, Buffer.from(BEACON_ID)]);
  return {
    hash: sha256(whole).toString("hex"),
    publicKey: publicKey.toString("hex"),
    genesisTime: GENESIS_TIME,
    period,
  };
}

function fakeDrand(chain: Chain) {
  let behavior: DrandBehavior = "honest";
  const app = new Hono();
  const latest = () => Math.floor((Date.now() - roundTime(chain, 1)) / (chain.period * 1_000)) + 1;

  app.get(`/${chain.hash}/info`, (c) => c.json(infoOf(chain)));
  app.get(`/${chain.hash}/public/latest`, (c) => c.json(signed(latest())));
  app.get(`/${chain.hash}/public/:round{[0-9]+}`, (c) => answer(c, chain, behavior, latest()));

  // For tests only: another behavior for all, or for one request.
  app.put("/_fake/behavior/:behavior", (c) => {
    behavior = toBehavior(c.req.param("behavior"));
    return c.body(null, 204);
  });
  app.get(`/_fake/:behavior/${chain.hash}/public/:round{[0-9]+}`, (c) =>
    answer(c, chain, toBehavior(c.req.param("behavior")), latest()),
  );
  return app;
}

function toBehavior(name: string): DrandBehavior {
  const behavior = BEHAVIORS.find((each) => each === name);
  if (!behavior) throw new Error(`unknown behavior ${name}`);
  return behavior;
}

/** A round, or the status and the text of drand's relays for one that nobody has signed yet. */
async function answer(
  c: Context,
  chain: Chain,
  behavior: DrandBehavior,
  latest: number,
): Promise<Response> {
  const round = Number(c.req.param("round"));
  if (behavior === "silent") return c.text("Failed to get beacon", 500);
  if (behavior === "garbage") return c.text("<!doctype html><title>It works!</title>");
  if (behavior === "huge") return c.text(HUGE);
  if (behavior === "slow") await setTimeout(SLOW_MS, undefined, { ref: false });
  if (round > latest && behavior !== "eager") {
    // drand's relays keep a request for the very next round open until it appears.
    if (round > latest + 1) return c.text("Requested future beacon", 425);
    await setTimeout(Math.max(0, roundTime(chain, round) - Date.now()), undefined, { ref: false });
  }
  if (behavior === "forged") return c.json({ ...signed(round), randomness: "00".repeat(32) });
  if (behavior === "stale") return c.json(signed(round - 1));
  return c.json(signed(round, behavior === "unsigned" ? OTHER_KEY : SECRET_KEY));
}

const infoOf = ({ hash, publicKey, genesisTime, period }: Chain) => ({
  public_key: publicKey,
  period,
  genesis_time: genesisTime,
  hash,
  groupHash: GROUP_HASH.toString("hex"),
  schemeID: "bls-unchained-g1-rfc9380",
  metadata: { beaconID: BEACON_ID },
});

function signed(round: number, key = SECRET_KEY): BeaconRound {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(round));
  const signature = Buffer.from(Signature.toBytes(sign(hash(sha256(number)), key)));
  const randomness = sha256(signature).toString("hex");
  return { round, randomness, signature: signature.toString("hex") };
}
