// Several objects of one SKU with the real code of both sides, on a network that loses, repeats and reorders messages, and with
// objects that die between any two steps, while the number of lanes changes. Only ledgers are simple: a list of orders.

import { BuyerFilter, buyerHash } from "../../../src/inventory/buyers.ts";
import { decideConfigure, type Setup } from "../../../src/inventory/decide-stock.ts";
import {
  type Account,
  accountsOf,
  partOfFree,
  type Share,
  totalUnits,
} from "../../../src/inventory/lanes/escrow.ts";
import { Homes, MOVED } from "../../../src/inventory/lanes/homes.ts";
import { laneOf } from "../../../src/inventory/lanes/lane-of.ts";
import { LaneSide } from "../../../src/inventory/lanes/lane-side.ts";
import { RootSide } from "../../../src/inventory/lanes/root-side.ts";
import type { LaneStub } from "../../../src/inventory/lanes/stub.ts";
import { type Layout, lanesEver } from "../../../src/inventory/order-id.ts";
import "./base64.ts";

export const USER_LIMIT = 2;
export const MOST_LANES = 4;

export type Step =
  | { do: "buy"; user: number; key: number; quantity: number; isLate: boolean }
  | { do: "change lanes"; lanes: number }
  | { do: "deliver" | "lose" | "repeat" | "answer" | "lose answer"; nth: number }
  | { do: "free" | "sell" | "withdraw" | "late money"; nth: number }
  | { do: "kill"; node: number }
  | { do: "set stock"; stock: number }
  | { do: "alarm" };

interface Order {
  id: number;
  user: number;
  key: number;
  quantity: number;
  state: "held" | "sold" | "freed";
}

/** A call on its way, or its answer. */
interface Message {
  from: Node;
  life: number;
  to: Node;
  run: (node: Node) => Promise<unknown>;
  resolve: (value: never) => void;
  reject: (cause: Error) => void;
}

type Result = Order | "limit" | "sold_out";

/** An attempt, and the fewest units that were free at once since it began. */
interface Attempt {
  quantity: number;
  fewestFree: number;
}

const nameOf = (user: number): string => `user-${user}`;

const sumOf = (units: number[]): number => units.reduce((sum, each) => sum + each, 0);

const NOTHING: Pick<Share, "received" | "returned"> = { received: 0, returned: 0 };

const grantedBy = (setup: Setup): number =>
  (setup.account?.loans ?? []).reduce((sum, { granted }) => sum + granted, 0);

export class Node {
  readonly model: Model;
  readonly lane: number;
  /** The setup in storage. Null before the object is configured. */
  stored: Setup | null;
  readonly orders: Order[] = [];
  life = 0;
  /** Units that late money is about to take. */
  claimed = 0;
  root!: RootSide;
  side!: LaneSide;
  homes!: Homes;

  constructor(model: Model, lane: number, stored: Setup | null) {
    this.model = model;
    this.lane = lane;
    this.stored = stored;
  }

  get setup(): Setup {
    return this.stored ?? { skuId: "sku", revision: 0, terms: null, stocked: 0 };
  }

  set setup(setup: Setup) {
    this.stored = setup;
  }

  get stock() {
    const units = (state: Order["state"]) =>
      this.orders.reduce((sum, order) => sum + (order.state === state ? order.quantity : 0), 0);
    return { stocked: this.setup.stocked, held: units("held"), sold: units("sold") };
  }

  get free(): number {
    const { stocked, held, sold } = this.stock;
    return stocked - held - sold;
  }

  /** Starts with empty memory. Whoever waits for it gets no answer. */
  wake(): void {
    this.life += 1;
    this.claimed = 0;
    const { life } = this;
    const node = this;
    const ledger = {
      get setup() {
        return node.stored;
      },
      hasBuyer: (userId: string) => node.orders.some(({ user }) => nameOf(user) === userId),
      get stock() {
        return node.stock;
      },
      // An object that died writes nothing.
      saveSetup: (setup: Setup) => {
        if (node.life !== life) return;
        // What the root grants is taken at this moment by whoever asked for it.
        const taken = grantedBy(setup) - grantedBy(node.setup);
        node.setup = setup;
        node.model.look(taken);
      },
    };
    const work = {
      ledger,
      published: { stockChanged: () => {} },
      expireEnded: () => {},
      wakeBy: () => {},
    };
    const stub = (lane: number) => this.model.stub(this, lane);
    this.root = new RootSide(work, stub);
    this.side = new LaneSide(work, () => stub(0));
    this.homes = new Homes(work, stub, this.lane > 0);
    this.settle();
  }

  settle(): void {
    if (this.setup.share) this.side.settle();
    if (this.setup.account) this.root.settle();
  }

  /** Learns of the lanes from the operator. The root's stock is the model's to set. */
  configure(layout: Layout): void {
    if (this.lane === 0) {
      this.homes.adopt(layout);
      void this.root.spread();
    } else {
      const offer = { stock: 0, terms: { skuId: "sku" } as never, layout };
      const command = { skuId: "sku", revision: layout.since + 2, offer, lane: this.lane };
      this.stored = decideConfigure(this.stored, this.stock, command, 0) ?? this.stored;
    }
    this.settle();
  }

  async reserve(user: number, key: number, quantity: number, layout?: Layout): Promise<Result> {
    if (!this.stored) throw new Error("not configured");
    const { life } = this;
    const userId = nameOf(user);
    const attempt = (isFinal: boolean): Result | typeof MOVED | undefined => {
      if (this.life !== life) throw new Error("dead");
      if (!this.homes.isHere(userId)) return MOVED;
      const mine = this.orders.filter((order) => order.user === user);
      const before = mine.find((order) => order.key === key);
      if (before) return before;
      const owned = mine.reduce(
        (sum, { state, quantity }) => sum + (state === "freed" ? 0 : quantity),
        0,
      );
      if (owned + quantity > USER_LIMIT) return "limit";
      if (this.free < quantity) return isFinal ? "sold_out" : undefined;
      const order: Order = { id: this.model.nextId(), user, key, quantity, state: "held" };
      this.orders.push(order);
      this.model.look();
      queueMicrotask(() => this.settle());
      return order;
    };
    return this.homes.run<Result>(
      userId,
      layout,
      () => {
        const { account, share } = this.setup;
        if (!account && !share) return attempt(true) as Result;
        const side = account ? this.root : this.side;
        return side.supply<Result | typeof MOVED>(quantity, attempt) as Result;
      },
      (home) =>
        this.model
          .stub(this, home.address.lane)
          .reserve({ userId, idempotencyKey: `${key}`, quantity } as never, home.layout) as never,
    );
  }

  /** A filter of those who ever had an order here. */
  buyersUnder(layout: Layout): string {
    this.homes.adopt(layout);
    const filter = BuyerFilter.empty(this.orders.length);
    for (const { user } of this.orders) filter.add(buyerHash(nameOf(user)));
    return String(filter);
  }

  /** Money arrives for an order that lost its units. It gets them again if any are free. */
  async honor(order: Order): Promise<void> {
    const side = this.setup.account ? this.root : this.side;
    const { life } = this;
    this.claimed += order.quantity;
    const work = async () => {
      if (this.life !== life || this.free < order.quantity || order.state !== "freed") return;
      order.state = "sold";
      this.model.look();
      this.settle();
    };
    await side.withFree(order.quantity, work).finally(() => {
      if (this.life === life) this.claimed -= order.quantity;
    });
  }
}

export class Model {
  readonly nodes: Node[];
  readonly attempts = new Set<Attempt>();
  requests: Message[] = [];
  answers: { give: () => void; lose: () => void }[] = [];
  /** Calls that have arrived and are not answered. */
  readonly served = new Set<Message>();
  readonly faults: string[] = [];
  readonly soldOut: Attempt[] = [];
  stock: number;
  #revision = 1;

  /** The layout that edges know, and the one before it. */
  layout: Layout;
  #former: Layout;
  /** The ids of the orders that buyers know, by user and key. */
  readonly #bought = new Map<string, number>();
  #orders = 0;

  constructor(lanes: number, stock: number) {
    this.stock = stock;
    this.layout = { since: 0, lanes, former: [] };
    this.#former = this.layout;
    this.nodes = Array.from({ length: MOST_LANES }, (_, lane) => {
      const stocked = lane === 0 ? stock : 0;
      const accounts = accountsOf(lane, lanes);
      const setup = { skuId: "sku", revision: 1, terms: null, stocked, ...accounts };
      return new Node(this, lane, lane < lanes ? setup : null);
    });
    for (const node of this.nodes) node.wake();
  }

  nextId(): number {
    this.#orders += 1;
    return this.#orders;
  }

  get root(): Node {
    return this.nodes[0] as Node;
  }

  /** Calls that arrive whenever the history says so, or never. */
  stub(from: Node, lane: number): LaneStub {
    const { life } = from;
    const call = <T>(run: (node: Node) => Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        const to = this.nodes[lane] as Node;
        this.requests.push({ from, life, to, run, resolve: resolve as never, reject });
      });
    return {
      exchange: (report, wants) => call((node) => node.root.exchange(report, wants)),
      collected: (word) => call(async (node) => node.side.hear(word)),
      hasBuyer: (userId, layout) =>
        call(async (node) => {
          node.homes.adopt(layout);
          return node.orders.some(({ user }) => nameOf(user) === userId);
        }),
      buyersUnder: (layout) => call(async (node) => node.buyersUnder(layout)),
      reserve: ({ userId, idempotencyKey, quantity }, layout) => {
        const user = Number(userId.split("-")[1]);
        return call((node) =>
          node.reserve(user, Number(idempotencyKey), quantity, layout),
        ) as never;
      },
    } as Partial<LaneStub> as LaneStub;
  }

  async step(step: Step): Promise<void> {
    this.#apply(step);
    await this.#rest();
  }

  /** Delivers everything, however long it takes. */
  async settle(): Promise<void> {
    for (const node of this.nodes.slice(0, lanesEver(this.layout))) node.configure(this.layout);
    await this.#rest();
    for (let n = 0; this.requests.length + this.answers.length > 0; n += 1) {
      if (n > 5_000) throw new Error("never rests");
      if (this.answers.length > 0) await this.step({ do: "answer", nth: 0 });
      else await this.step({ do: "deliver", nth: 0 });
    }
  }

  /** Free units at the objects, and on the way to lanes. */
  get free(): number {
    const free = this.nodes.map((node) => node.free);
    const granted = this.#lanes.map(({ loan, share }) => loan.granted - share.received);
    return sumOf([...free, ...granted]);
  }

  /** Units on the way back to the root. */
  get returning(): number {
    return sumOf(this.#lanes.map(({ loan, share }) => share.returned - loan.returned));
  }

  /** Units that left the stock of a lane, which the root does not know yet. */
  get withdrawn(): number {
    return sumOf(this.#lanes.map(({ loan, withdrawn }) => withdrawn - loan.withdrawn));
  }

  get #lanes() {
    const { loans = [] }: Partial<Account> = this.root.setup.account ?? {};
    return loans.map((loan, n) => {
      const { share, withdrawn = 0 } = (this.nodes[n + 1] as Node).setup;
      return { loan, share: share ?? NOTHING, withdrawn };
    });
  }

  /** Units of all orders that have some. */
  get taken(): number {
    return this.nodes.reduce((sum, { stock }) => sum + stock.held + stock.sold, 0);
  }

  /** What the root counts as on sale. */
  get total(): number {
    return totalUnits(this.root.setup);
  }

  #apply(step: Step): void {
    switch (step.do) {
      case "buy":
        this.#buy(step);
        break;
      case "change lanes":
        this.#changeLanes(step.lanes);
        break;
      case "deliver":
      case "repeat": {
        const message = this.#pick(this.requests, step.nth);
        if (message) this.#deliver(message);
        if (message && step.do === "repeat") void message.run(message.to).catch(() => {});
        break;
      }
      case "lose":
        this.#pick(this.requests, step.nth)?.reject(new Error("lost"));
        break;
      case "answer":
        this.#pick(this.answers, step.nth)?.give();
        break;
      case "lose answer":
        this.#pick(this.answers, step.nth)?.lose();
        break;
      case "kill":
        this.#kill(this.nodes[step.node % this.nodes.length] as Node);
        break;
      case "set stock":
        void this.#setStock(step.stock);
        break;
      case "alarm":
        for (const node of this.nodes) node.settle();
        break;
      default:
        this.#change(step.do, step.nth);
    }
  }

  #buy({ user, key, quantity, isLate }: Step & { do: "buy" }): void {
    const attempt: Attempt = { quantity, fewestFree: this.free };
    this.attempts.add(attempt);
    const { lanes } = isLate ? this.#former : this.layout;
    const node = this.nodes[laneOf(nameOf(user), lanes)] as Node;
    const name = `${user} ${key}`;
    const before = this.#bought.get(name);
    node
      .reserve(user, key, quantity)
      .then((result) => {
        const id = typeof result === "object" ? result.id : undefined;
        if (before !== undefined && id !== before) this.faults.push("a repeat got another answer");
        if (id !== undefined) this.#bought.set(name, id);
        if (result === "sold_out") this.soldOut.push(attempt);
      })
      .catch(() => {})
      .finally(() => this.attempts.delete(attempt));
  }

  /** The operator changes the number of lanes. The root knows at once, the others when a message arrives, or a call of a lane. */
  #changeLanes(lanes: number): void {
    if (lanes === this.layout.lanes) return;
    const former = [...new Set([...this.layout.former, this.layout.lanes])];
    this.#former = this.layout;
    this.layout = { since: this.layout.since + 1, lanes, former };
    const { layout } = this;
    this.root.configure(layout);
    for (const to of this.nodes.slice(1, lanesEver(layout))) {
      const run = async (node: Node) => node.configure(layout);
      const nobody = () => {};
      this.requests.push({ from: this.root, life: -1, to, run, resolve: nobody, reject: nobody });
    }
  }

  #deliver(message: Message): void {
    const { from, life, to, run, resolve, reject } = message;
    this.served.add(message);
    const fail = (cause: Error) => from.life === life && reject(cause);
    void run(to).then((value) => {
      if (!this.served.delete(message)) return;
      const give = () => from.life === life && resolve(structuredClone(value) as never);
      this.answers.push({ give, lose: () => fail(new Error("lost")) });
    }, fail);
  }

  /** An object dies. Those that wait for it learn that. */
  #kill(node: Node): void {
    node.wake();
    for (const { from, life, to, reject } of this.served) {
      if (to === node && from.life === life) reject(new Error("died"));
    }
    for (const message of this.served) if (message.to === node) this.served.delete(message);
  }

  #change(change: "free" | "sell" | "withdraw" | "late money", nth: number): void {
    const wanted = { free: "held", sell: "held", withdraw: "sold", "late money": "freed" }[change];
    const all = this.nodes.flatMap((node) => node.orders.map((order) => ({ node, order })));
    const matching = all.filter(({ order }) => order.state === wanted);
    const found = matching[nth % Math.max(1, matching.length)];
    if (!found) return;
    const { node, order } = found;
    if (change === "late money") {
      void node.honor(order).catch(() => {});
      return;
    }
    order.state = change === "sell" ? "sold" : "freed";
    if (change === "withdraw") {
      const { setup } = node;
      const withdrawn = (setup.withdrawn ?? 0) + order.quantity;
      node.setup = { ...setup, stocked: setup.stocked - order.quantity, withdrawn };
      this.stock -= order.quantity;
    }
    this.look();
    queueMicrotask(() => node.settle());
  }

  async #setStock(stock: number): Promise<void> {
    const { root } = this;
    const { life } = root;
    if (stock < this.total) await root.root.collect();
    if (root.life !== life) return;
    this.#revision += 1;
    const terms = { skuId: "sku" } as never;
    const offer = { stock, terms, withdrawn: root.setup.withdrawn ?? 0 };
    const command = { skuId: "sku", revision: this.#revision, offer };
    const decided = decideConfigure(root.setup, root.stock, command, 0);
    if (!decided) return;
    root.setup = decided;
    this.look();
    this.stock = this.total - this.withdrawn;
  }

  #pick<T>(list: T[], nth: number): T | undefined {
    return list.splice(nth % Math.max(1, list.length), 1)[0];
  }

  /** Lets all that can run without the network run, and looks at the units then. */
  async #rest(): Promise<void> {
    await new Promise((done) => setImmediate(done));
    this.look();
    this.#check(this.free);
  }

  /** Notes how many units are free. */
  look(taken = 0): void {
    const free = this.free - taken;
    const claimed = this.nodes.reduce((sum, node) => sum + Math.min(node.free, node.claimed), 0);
    for (const attempt of [...this.attempts, ...this.soldOut]) {
      attempt.fewestFree = Math.min(attempt.fewestFree, free - claimed);
    }
  }

  #check(free: number): void {
    const all = this.taken + free + this.returning;
    if (all !== this.stock) this.faults.push(`${all} units of ${this.stock}`);
    const [alone, ...parts] = this.nodes.map(({ setup, stock }) =>
      partOfFree(setup, stock.held + stock.sold),
    );
    const shown = alone === undefined ? free : sumOf([alone, ...parts.map((part) => part ?? 0)]);
    if (shown !== free + this.returning) this.faults.push(`${shown} shown of ${free} free units`);
    if (this.nodes.some((node) => node.free < 0)) this.faults.push("an object sold too much");
    for (const { quantity, fewestFree } of this.soldOut.splice(0)) {
      if (fewestFree >= quantity) this.faults.push(`sold out, but ${fewestFree} were free`);
    }
    const perUser = new Map<number, number>();
    for (const { user, quantity, state } of this.nodes.flatMap(({ orders }) => orders)) {
      if (state === "held") perUser.set(user, (perUser.get(user) ?? 0) + quantity);
    }
    if ([...perUser.values()].some((units) => units > USER_LIMIT)) this.faults.push("limit");
    const homes = new Map<number, Node>();
    for (const node of this.nodes) {
      for (const { user } of node.orders) {
        if ((homes.get(user) ?? node) !== node) this.faults.push("a buyer in two lanes");
        homes.set(user, node);
      }
    }
  }
}
