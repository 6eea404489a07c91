// The state of the fake of Cloudflare's API, and the form of its answers.
import { randomUUID } from "node:crypto";

/** A Worker of the account, as deployed. */
export interface FakeWorker {
  /** The metadata of the last upload, as wrangler sent it. Secrets in it have no value. */
  metadata: { bindings: { name: string; type: string; [key: string]: unknown }[] };
  /** Names and values. */
  secrets: Map<string, string>;
  versions: { id: string; tag: string | undefined }[];
  /** The id of the version that gets the traffic. */
  deployed: string;
  migrationTag: string | undefined;
  classes: Set<string>;
  crons: string[];
  onSubdomain: boolean;
}

export interface FakeQueue {
  queue_id: string;
  queue_name: string;
  consumers: { consumer_id: string; type: "worker"; script: string; settings: unknown }[];
}

/** The state of the fake. Tests read and change it. */
export interface FakeAccount {
  id: string;
  token: string;
  name: string;
  zones: string[];
  /** Zones whose domains do not lead to Cloudflare yet. */
  pendingZones: string[];
  /** The account's subdomain of workers.dev. */
  subdomain: string | undefined;
  /** The account's limit on queues. */
  maxQueues: number;
  queues: FakeQueue[];
  workers: Map<string, FakeWorker>;
  /** Custom domains: host name → Worker. */
  domains: Map<string, string>;
  /** Every request that changed something: method and path. */
  writes: string[];
  /** The next uploads fail with this message. */
  uploadFault: string | undefined;
}

/** A refusal in the form of Cloudflare's API. */
export class ApiFault extends Error {
  readonly status: 400 | 403 | 404;
  readonly code: number;

  constructor(status: 400 | 403 | 404, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const newAccount = (): FakeAccount => ({
  id: randomUUID().replaceAll("-", ""),
  token: `fake-cloudflare-token-${randomUUID()}`,
  name: "Harbor Roasters",
  zones: ["shop.example"],
  pendingZones: [],
  subdomain: "harbor",
  maxQueues: 10_000,
  queues: [],
  workers: new Map(),
  domains: new Map(),
  writes: [],
  uploadFault: undefined,
});

/** Wraps a result as Cloudflare's API does. */
export const success = (result: unknown, more: object = {}) => ({
  ...{ success: true, errors: [], messages: [], result },
  ...more,
});
