// The instance a rehearsal plays against: one that runs somewhere, or the built Worker started here on a
// temporary state.
import { randomBytes } from "node:crypto";
import { Client } from "../client.ts";
import type { LogLine } from "../miniflare.ts";
import { startStack } from "../stack.ts";
import { makeTempDir } from "../temp-dir.ts";
import { tokenSigner } from "../tokens.ts";
import { isLocal, type Options } from "./options.ts";

/** Nobody in a rehearsal can solve a challenge, so nobody is ever asked whether one was solved. */
const CHALLENGES = {
  TURNSTILE_SITE_KEY: "rehearsal",
  TURNSTILE_SECRET: "rehearsal",
  TURNSTILE_VERIFY_URL: "http://127.0.0.1:9/",
};

export interface Instance {
  client: Client;
  /** Part of every user name and key, so that two rehearsals, or two scenes, do not meet. */
  run: string;
  /** Payments go to the sandbox, whose books can be read. */
  sandbox: boolean;
  /** It was started here and knows how to challenge. */
  isOwn: boolean;
  /** How far the client's idea of the server's clock may be off: milliseconds. */
  clockErrorMs: number;
  /** Warnings and errors the Worker logged; undefined for an instance whose log cannot be seen. */
  log: LogLine[] | undefined;
  /** A token made here, where the instance's secret is known; otherwise the buyer logs in. */
  sign?: (user: string) => Promise<string>;
  /** The address buyer `index` claims to come from; only a local instance would believe it. */
  ip(index: number): string | undefined;
  stop(): Promise<void>;
}

/** Finds or starts the instance. */
export async function openInstance(options: Options): Promise<Instance> {
  const { url, log, stop } = options.url === undefined ? await startOwn() : running(options.url);
  try {
    const client = new Client(url, options.adminToken);
    const sandbox = (await client.admin("GET", "/sandbox/payments?after=~")).status === 200;
    const clockErrorMs = isLocal(url) ? 0 : await client.syncClock();
    const { authSecret } = options;
    return {
      ...{ client, sandbox, clockErrorMs, log, stop },
      run: randomBytes(4).toString("hex"),
      isOwn: options.url === undefined,
      ...(authSecret !== undefined && { sign: tokenSigner(authSecret) }),
      ip: (index) => (isLocal(url) ? address(index) : undefined),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Running = Pick<Instance, "log" | "stop"> & { url: string };

function running(url: string): Running {
  return { url, log: undefined, stop: async () => {} };
}

async function startOwn(): Promise<Running> {
  const log: LogLine[] = [];
  const onLog = (line: LogLine) => {
    if (line.level === "warn" || line.level === "error") {
      log.push(line);
    }
  };
  const stateDir = makeTempDir("rehearse");
  const { url, stop } = await startStack({ stateDir, vars: CHALLENGES, onLog });
  return { url, log, stop };
}

/**
 * One address a buyer, out of the range set aside for benchmarks (RFC 2544). Neighbors are in different
 * networks: many accounts in one /24 would look like a farm of bots.
 */
function address(index: number): string {
  return `198.${18 + (index & 1)}.${(index >> 1) & 255}.${(index >> 9) & 255}`;
}
