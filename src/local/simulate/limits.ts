// The limits of the parts, with their sources. Platform figures: Cloudflare's and Upstash's documentation, November 2026.
// Measured figures: `npm run bench`, in the README under "Limits and costs".

export interface Limits {
  /** Calls per second of one object. */
  objectPerSecond: number;
  /** Whether all objects share that, as those of one process do. */
  objectsShareThread: boolean;
  /** Work of an object that another one of its SKU calls, as a share of a call. */
  laneCallShare: number;
  /** Work of an object to claim and acknowledge one order of a batch, as a share of a call. The call itself comes on top. */
  settleShare: number;
  /** How long a call may wait for an object before the platform refuses it. */
  objectQueueMs: number;
  /** One way between an edge and an object, or between two objects. */
  hopMs: number;
  redisPerSecond: number;
  /** Redis refuses commands that would have to wait longer. */
  redisQueueMs: number;
  /** A round trip to Redis that does not wait. */
  redisMs: number;
  /** Commands of an attempt that counts both limits, and of the mark that it leaves if it may make an order. */
  limitCommands: number;
  markCommands: number;
  /** Messages per second of one queue. */
  queuePerSecond: number;
  /** Requests per second of one isolate. */
  isolatePerSecond: number;
  /** Isolates that the platform starts at most. */
  isolates: number;
  /** Requests per second at one endpoint of the payment provider. */
  providerPerSecond: number;
  /** Payment steps that start per second. */
  paymentsPerSecond: number;
  /** How long the provider takes for one. */
  paymentMs: number;
}

export const PLATFORM: Limits = {
  // Cloudflare states a soft limit of 1,000 simple requests per second (Durable Objects, Limits). Half of it, because an order
  // writes four rows. The bench reaches 1,600 on one core without a network. Change it with --object-limit.
  objectPerSecond: 500,
  objectsShareThread: false,
  // Assumed.
  laneCallShare: 1,
  // Bench: 1,600 orders per second at the object alone, and 5,400 settled by the consumer.
  settleShare: 0.3,
  // Not documented. Assumed, because calls are refused "after attempting to queue them".
  objectQueueMs: 10_000,
  // Assumed: objects are near the first who asked, and buyers are everywhere.
  hopMs: 40,
  // Upstash, Pricing: 10,000 commands per second for one database, pay as you go.
  redisPerSecond: 10_000,
  // Assumed: what exceeds the limit by more than a second is refused.
  redisQueueMs: 1_000,
  // Assumed: from an average colo to the database's region.
  redisMs: 50,
  // README: six commands by Upstash's count, with fixed windows. Two of them mark the order.
  limitCommands: 4,
  markCommands: 2,
  // Cloudflare, Queues, Limits: 5,000 messages per second for one queue.
  queuePerSecond: 5_000,
  // Bench: refusals of the costlier kinds, on one core.
  isolatePerSecond: 3_000,
  // Workers have no limit of requests.
  isolates: Number.POSITIVE_INFINITY,
  // Stripe, Rate limits: 25 requests per second at each endpoint. A payment makes one at each of two.
  providerPerSecond: 25,
  // `paymentRate` of src/payments/rate.ts for a live key.
  paymentsPerSecond: 20,
  // Assumed: two calls that depend on each other.
  paymentMs: 1_500,
};
