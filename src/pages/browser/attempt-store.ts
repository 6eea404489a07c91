// Where attempts are kept, one for each SKU: in IndexedDB, because only its transactions are the same for
// all tabs in the same moment; and in memory, because storage may be forbidden, full, or dead after a
// phone put the page to sleep.
import type { Attempt, Decide } from "./attempt.ts";
import { pause } from "./delay.ts";

const STORE = "attempts";
/** Storage that does not open must not keep anybody from buying. */
const PATIENCE_MS = 1_000;

const memory = new Map<string, Attempt | undefined>();
/** What is newer in memory than in the database. */
const unsaved = new Set<string>();

let opening: Promise<IDBDatabase> | undefined;
let patience: Promise<never>;

function open(): Promise<IDBDatabase> {
  if (!opening) {
    opening = new Promise((resolve, reject) => {
      const request = indexedDB.open("doorbuster", 1);
      request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    opening.catch(reopen);
    patience = pause(PATIENCE_MS).then(() => Promise.reject(new Error("IndexedDB does not open")));
    patience.catch(() => {});
  }
  return Promise.race([opening, patience]);
}

const reopen = (): void => {
  opening = undefined;
};

/** Reads and replaces in one transaction. */
async function changeStored(skuId: string, decide: Decide): Promise<Attempt | undefined> {
  const database = await open();
  try {
    return await decideInside(database.transaction(STORE, "readwrite"), skuId, decide);
  } catch (error) {
    // Some browsers drop the connections of a page in the background.
    reopen();
    throw error;
  }
}

function decideInside(
  transaction: IDBTransaction,
  skuId: string,
  decide: Decide,
): Promise<Attempt | undefined> {
  const store = transaction.objectStore(STORE);
  const reading = store.get(skuId);
  let next: Attempt | undefined;
  reading.onsuccess = () => {
    next = decide(unsaved.has(skuId) ? memory.get(skuId) : reading.result);
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

/** Changes what is kept for a SKU, and returns it. Never throws; a dead database is opened once more. */
export async function change(skuId: string, decide: Decide): Promise<Attempt | undefined> {
  const next = await changeStored(skuId, decide)
    .catch(() => changeStored(skuId, decide))
    .catch(() => {
      unsaved.add(skuId);
      return decide(memory.get(skuId));
    });
  memory.set(skuId, next);
  return next;
}

export const attemptFor = (skuId: string): Promise<Attempt | undefined> =>
  change(skuId, (known) => known);
