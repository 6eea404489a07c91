// The proofs about people in a line: nobody is served before their turn, or without one, and all are told the end.
import { outcome } from "../contract.ts";
import type { Evidence } from "../evidence.ts";
import { isEarly, type LineRecord, type Look, placeOfUser } from "../line-record.ts";
import { frontierBy } from "./frontier.ts";
import { toleranceOf } from "./timeline.ts";

/** A position reaches every edge within this time. */
const PUBLISHED_WITHIN_MS = 3_000;
/** Everyone who waits is told the end within this time after the last sale. */
export const TOLD_WITHIN_MS = 3_000;

const recordOf = ({ line }: Evidence): LineRecord => line as LineRecord;

/** Nobody has an order whose place is above the frontier that was published by then. */
export function jumps(evidence: Evidence): string[] {
  const record = recordOf(evidence);
  const frontierAt = frontierBy(record);
  return evidence.ledgerOrders.flatMap(({ id, userId, createdAt }) => {
    const place = placeOfUser(record, userId);
    if (place === undefined) return [];
    const frontier = frontierAt(Date.parse(createdAt) + toleranceOf(evidence));
    return place > frontier
      ? [`${userId} got ${id} at ${createdAt} with place ${place}; the frontier was ${frontier}`]
      : [];
  });
}

/** Whoever is turned away has a place above that of everyone who was served seconds before. */
export function orderOfPlaces(evidence: Evidence): string[] {
  const record = recordOf(evidence);
  const served = evidence.ledgerOrders
    .map(({ userId, createdAt }) => ({
      user: userId,
      at: Date.parse(createdAt),
      place: placeOfUser(record, userId) ?? 0,
    }))
    .toSorted((a, b) => b.place - a.place);
  return evidence.purchases.flatMap(({ user, answers }) => {
    const place = placeOfUser(record, user) ?? Number.POSITIVE_INFINITY;
    return answers
      .filter((answer) => outcome(answer) === "not_admitted_yet")
      .flatMap(({ sentAt }) => {
        const ahead = served.find(({ at }) => at + PUBLISHED_WITHIN_MS < sentAt);
        return ahead && ahead.place > place
          ? [`${user} with place ${place} was turned away after ${ahead.user} with ${ahead.place}`]
          : [];
      });
  });
}

/** No two people have the same place. */
export function duplicatePlaces(evidence: Evidence): string[] {
  const record = recordOf(evidence);
  const users = [...new Set(record.tickets.map(({ user }) => user))];
  const byPlace = Map.groupBy(users, (user) => placeOfUser(record, user));
  return [...byPlace]
    .filter(([place, own]) => place !== undefined && own.length > 1)
    .map(([place, own]) => `${own.join(" and ")} have the place ${place}`);
}

/** Whoever registered early has the drawn place on every device, and nobody gets a better place by asking again. */
export function improvedPlaces(evidence: Evidence): string[] {
  const record = recordOf(evidence);
  return record.tickets.flatMap((ticket) => {
    const { user, place } = ticket;
    const right = placeOfUser(record, user);
    if (place === null || right === undefined) return [];
    const isWrong = isEarly(record, ticket) ? place !== right : place < right;
    return isWrong ? [`${user} has the place ${right}, and was told ${place}`] : [];
  });
}

/** Every order belongs to a person who got a ticket before, and no attempt without a ticket of one's own succeeds. */
export function withoutTurn(evidence: Evidence): string[] {
  const { tickets, attempts } = recordOf(evidence);
  const joined = new Map<string, number>();
  for (const { user, sentAt } of tickets) {
    joined.set(user, Math.min(sentAt, joined.get(user) ?? Number.POSITIVE_INFINITY));
  }
  const tolerance = toleranceOf(evidence);
  return [
    ...attempts
      .filter(({ answer }) => answer.status < 300)
      .map(({ user }) => `${user} got an order without a ticket of their own`),
    ...evidence.ledgerOrders
      .filter(({ userId, createdAt }) => {
        const at = joined.get(userId) ?? Number.POSITIVE_INFINITY;
        return Date.parse(createdAt) + tolerance < at;
      })
      .map(({ id, userId }) => `${userId} has ${id}, but had no ticket then`),
  ];
}

/** All units are sold while people wait for them. */
export function leftOver({ after: { available, held } }: Evidence): string[] {
  return available + held > 0 ? [`${available} units are free and ${held} held at the end`] : [];
}

/** Each person who asks later than that is told so. */
export function untold(evidence: Evidence): string[] {
  const { looks, soldOutAt } = recordOf(evidence);
  if (soldOutAt === undefined) return ["everything was never sold for good"];
  const late = soldOutAt + TOLD_WITHIN_MS;
  return looks
    .filter(({ sentAt, over }) => sentAt > late && !over)
    .map(({ user, sentAt }) => `${user} was told to wait ${sentAt - soldOutAt} ms after the end`);
}

/** Everyone who waited at the end, however far back, looks soon after it. */
export function toldLate(evidence: Evidence): string[] {
  const { soldOutAt = Number.POSITIVE_INFINITY } = recordOf(evidence);
  return waitedUntilTheEnd(recordOf(evidence))
    .map(({ user, answeredAt }) => ({ user, after: answeredAt - soldOutAt }))
    .filter(({ after }) => after > TOLD_WITHIN_MS)
    .map(({ user, after }) => `${user} learned of the end only ${after} ms after it`);
}

/** The look by which each person learned of the end who had been told to wait before. */
export function waitedUntilTheEnd({ looks }: LineRecord): Look[] {
  const waiting = new Set(
    looks.filter((look) => look.isWaiting && !look.over).map(({ user }) => user),
  );
  return looks.filter(({ user, isWaiting, over }) => isWaiting && over && waiting.has(user));
}

/** Milliseconds from the end until the last of those who waited knew of it, looking as often as the sale page does. */
export function lastToldAfterMs(record: LineRecord): number | undefined {
  const told = waitedUntilTheEnd(record).map(({ answeredAt }) => answeredAt);
  return record.soldOutAt === undefined || told.length === 0
    ? undefined
    : Math.max(...told) - record.soldOutAt;
}
