// Several objects of one SKU with the real code of both sides, on a network that loses, repeats and reorders messages, and with
// objects that die between any two steps. Only ledgers are simple: a list of orders.
import { decideConfigure, type Setup } from "../../../src/inventory/decide-stock.ts";
import {
  type Account,
  accountsOf,
  type Share,
  totalUnits,
} from "../../../src/inventory/lanes/escrow.ts";
import { LaneSide } from "../../../src/inventory/lanes/lane-side.ts";
import { RootSide } from "../../../src/inventory/lanes/root-side.ts";
import type { LaneStub } from "../../../src/inventory/lanes/stub.ts";
import type { UnitOfWork } from "../../../src/inventory/unit-of-work.ts";

export const USER_LIMIT = 2;

export type Step =
  | { do: "buy"; user: number; quantity: number }
  | { do: "deliver" | "lose" | "repeat" | "answer" | "lose answer"; nth: number }
  | { do: "free" | "sell" | "withdraw" | "late money"; nth: number }
  | { do: "kill"; node: number }
  | { do: "set stock"; stock: number }
  | { do: "alarm" };

interface Order {
  user: number;
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

/** An attempt, and the fewest units that were free at once since it began. */
interface Attempt {
  quantity: number;
  fewestFree: number;
}

const sumOf = (units: number[]): number => units.reduce((sum, each) => sum + each, 0);

const grantedBy = (setup: Setup): number =>
  (setup.account?.loans ?? []).reduce((sum, { granted }) => sum + granted, 0);

export class Node {
  readonly model: Model;
  /** What is on storage. */
  setup: Setup;
  readonly orders: Order[] = [];
  life = 0;
  /** Units that late money is about to take. */
  claimed = 0;
  root!: RootSide;
  side!: LaneSide;

  constructor(model: Model, setup: Setup) {
    this.model = model;
    this.setup = setup;
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
        return node.setup;
      },
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
    } as unknown as UnitOfWork;
    const stub = (lane: number) => this.model.stub(this, lane);
    this.root = new RootSide(work, stub);
    this.side = new LaneSide(work, () => stub(0));
    this.settle();
  }

  settle(): void {
    if (this.setup.share) this.side.settle();
    if (this.setup.account) this.root.settle();
  }

  buy(user: number, quantity: number): Promise<"bought" | "limit" | "sold_out"> {
    const { life } = this;
    const attempt = (isFinal: boolean) => {
      if (this.life !== life) throw new Error("dead");
      const mine = this.orders.filter((order) => order.user === user && order.state !== "freed");
      const owned = mine.reduce((sum, order) => sum + order.quantity, 0);
      if (owned + quantity > USER_LIMIT) return "limit" as const;
      if (this.free < quantity) return isFinal ? ("sold_out" as const) : undefined;
      this.orders.push({ user, quantity, state: "held" });
      this.model.look();
      queueMicrotask(() => this.settle());
      return "bought" as const;
    };
    const side = this.setup.account ? this.root : this.side;
    return Promise.resolve(side.supply(quantity, attempt));
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

  constructor(lanes: number, stock: number) {
    this.stock = stock;
    this.nodes = Array.from({ length: lanes }, (_, lane) => {
      const stocked = lane === 0 ? stock : 0;
      const accounts = accountsOf(lane, lanes);
      return new Node(this, { skuId: "sku", revision: 1, terms: null, stocked, ...accounts });
    });
    for (const node of this.nodes) node.wake();
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
    } as Partial<LaneStub> as LaneStub;
  }

  async step(step: Step): Promise<void> {
    this.#apply(step);
    await this.#rest();
  }

  /** Delivers everything, however long it takes. */
  async settle(): Promise<void> {
    for (const node of this.nodes) node.settle();
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
    const { loans } = this.root.setup.account as Account;
    return loans.map((loan, n) => {
      const { share, withdrawn = 0 } = (this.nodes[n + 1] as Node).setup;
      return { loan, share: share as Share, withdrawn };
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
        this.#buy(step.user, step.quantity);
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

  #buy(user: number, quantity: number): void {
    const attempt: Attempt = { quantity, fewestFree: this.free };
    this.attempts.add(attempt);
    const node = this.nodes[user % this.nodes.length] as Node;
    node
      .buy(user, quantity)
      .then((result) => {
        if (result === "sold_out") this.soldOut.push(attempt);
      })
      .catch(() => {})
      .finally(() => this.attempts.delete(attempt));
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
    if (this.nodes.some((node) => node.free < 0)) this.faults.push("an object sold too much");
    for (const { quantity, fewestFree } of this.soldOut.splice(0)) {
      if (fewestFree >= quantity) this.faults.push(`sold out, but ${fewestFree} were free`);
    }
    const perUser = new Map<number, number>();
    for (const { user, quantity, state } of this.nodes.flatMap(({ orders }) => orders)) {
      if (state === "held") perUser.set(user, (perUser.get(user) ?? 0) + quantity);
    }
    if ([...perUser.values()].some((units) => units > USER_LIMIT)) this.faults.push("limit");
  }
}
