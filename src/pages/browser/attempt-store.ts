// Stores purchase attempts, one for each SKU: in IndexedDB, whose transactions are atomic across tabs, and in
// memory, because storage may be blocked, full, or closed after a phone suspended the page.
import type { Attempt, Transition } from "./attempt.ts";
import { pause } from "./delay.ts";

const STORE = "attempts";
/** If the database takes longer to open, the attempt is held in memory only: storage must not block a purchase. */
const OPEN_TIMEOUT_MS = 1_000;

const memory = new Map<string, Attempt | undefined>();
/** SKUs whose attempt in memory is newer than the one in the database. */
const unsaved = new Set<string>();

let opening: Promise<IDBDatabase> | undefined;
let openTimeout: Promise<never>;

function open(): Promise<IDBDatabase> {
  if (!opening) {
    opening = new Promise((resolve, reject) => {
      const request = indexedDB.open("doorbuster", 1);
      request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    opening.catch(dropConnection);
    openTimeout = pause(OPEN_TIMEOUT_MS).then(() =>
      Promise.reject(new Error("IndexedDB does not open")),
    );
    openTimeout.catch(() => {});
  }
  return Promise.race([opening, openTimeout]);
}

const dropConnection = (): void => {
  opening = undefined;
};

/** Reads and replaces the stored attempt in one transaction. */
async function updateStored(skuId: string, transition: Transition): Promise<Attempt | undefined> {
  const database = await open();
  try {
    return await updateInTransaction(database.transaction(STORE, "readwrite"), skuId, transition);
  } catch (error) {
    // Some browsers close the database connections of a background page.
    dropConnection();
    throw error;
  }
}

function updateInTransaction(
  transaction: IDBTransaction,
  skuId: string,
  transition: Transition,
): Promise<Attempt | undefined> {
  const store = transaction.objectStore(STORE);
  const reading = store.get(skuId);
  let next: Attempt | undefined;
  reading.onsuccess = () => {
    next = transition(unsaved.has(skuId) ? memory.get(skuId) : reading.result);
    if (next) store.put(next, skuId);
    else store.delete(skuId);
  };
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => {
      unsaved.delete(skuId);
      resolve(next);
    };
    transaction.onabort = () => reject(transaction.error);
  });
}

/** Updates the attempt for a SKU and returns the new one. Never throws; retries once with a new connection. */
export async function updateAttempt(
  skuId: string,
  transition: Transition,
): Promise<Attempt | undefined> {
  const next = await updateStored(skuId, transition)
    .catch(() => updateStored(skuId, transition))
    .catch(() => {
      unsaved.add(skuId);
      return transition(memory.get(skuId));
    });
  memory.set(skuId, next);
  return next;
}

export const readAttempt = (skuId: string): Promise<Attempt | undefined> =>
  updateAttempt(skuId, (known) => known);
