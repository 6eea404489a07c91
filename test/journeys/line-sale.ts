// A sale with a line for journeys: its people, and everything that they were told. Everyone goes on through crashes.
import { setTimeout as pause } from "node:timers/promises";
import type { LineMode } from "../../src/admission/settings.ts";
import type {
  Answer,
  Client,
  Order,
  PublicLine,
  SaleInput,
  TicketAnswer,
} from "../../src/local/client.ts";

const LOOK_MS = 400;

export interface LineSale {
  id: string;
  sku: string;
  /** When registration closes and the sale opens: milliseconds. */
  closesAt: number;
  stock: number;
}

export interface Person {
  user: string;
  token: string;
  ip: string;
}

/** An answer about where a person stands. Times are milliseconds. */
export interface Told extends TicketAnswer {
  user: string;
  sentAt: number;
  answeredAt: number;
}

/** Everything that was observed of one sale. */
export interface Journal {
  told: Told[];
  lines: PublicLine[];
  /** Orders that were accepted. */
  accepted: (Order & { user: string })[];
  /** Other answers to the orders of people who were told that it is their turn. */
  refused: (Answer & { user: string })[];
}

export const newJournal = (): Journal => ({ told: [], lines: [], accepted: [], refused: [] });

/** A free sale whose line admits everyone within some seconds. */
export const lineSale = (
  { id, sku, closesAt, stock }: LineSale,
  mode: LineMode,
  ratePerSecond: number,
): SaleInput => ({
  ...{ id, title: `A ${mode} with crashes`, description: "" },
  opensAt: new Date(closesAt).toISOString(),
  closesAt: new Date(closesAt + 3_600_000).toISOString(),
  admission: { mode, ratePerSecond },
  skus: [
    {
      ...{ id: sku, name: "A thing", unitPrice: { amount: 0, currency: "USD" } },
      ...{ stock, perUserLimit: 1, holdSeconds: 60 },
    },
  ],
});

/** Repeats a request until it gets an answer, through crashes and while the instance is not ready. */
export async function answered<Body>(send: () => Promise<Answer<Body>>): Promise<Answer<Body>> {
  for (;;) {
    const answer = await send().catch((error) => {
      if (!(error instanceof TypeError)) throw error; // no answer: the Worker was killed
    });
    if (answer && answer.status !== 503) return answer;
    await pause(LOOK_MS);
  }
}

/** Asks where a person stands, with the ticket that they have or without. */
export async function ask(
  client: Client,
  { id }: LineSale,
  person: Person,
  journal: Journal,
  ticket?: string,
): Promise<Told> {
  const { body, sentAt, ms } = await answered(() => client.ticket(id, person, ticket));
  const told = { ...body, user: person.user, sentAt, answeredAt: sentAt + ms };
  journal.told.push(told);
  return told;
}

/** Joins the line, asks again and again, also from another device, and orders at one's turn, until the line is over. */
export async function standInLine(
  client: Client,
  sale: LineSale,
  person: Person,
  journal: Journal,
): Promise<void> {
  const { ticket } = await ask(client, sale, person, journal);
  for (let look = 0; ; look += 1) {
    const { state } = await ask(client, sale, person, journal, ticket);
    if (look % 5 === 4) await ask(client, sale, person, journal);
    if (state === "over") return;
    if (state === "admitted" && (await buy(client, sale, person, journal, ticket))) return;
    await pause(LOOK_MS);
  }
}

/** Returns whether the order was accepted. */
async function buy(
  client: Client,
  { sku }: LineSale,
  person: Person,
  { accepted, refused }: Journal,
  ticket: string,
): Promise<boolean> {
  const { user } = person;
  const answer = await answered(() => client.order(sku, user, person, { quantity: 1, ticket }));
  if (answer.status === 202) accepted.push({ ...answer.body, user });
  else refused.push({ ...answer, user });
  return answer.status === 202;
}

/** Notes every answer about the line until `ended` aborts. */
export async function watch(
  client: Client,
  { id }: LineSale,
  { lines }: Journal,
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    const { body } = await answered(() => client.line(id));
    if (body.asOf !== lines.at(-1)?.asOf) lines.push(body);
    await pause(LOOK_MS);
  }
}
