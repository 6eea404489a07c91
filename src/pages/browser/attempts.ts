// The attempt to buy a SKU, kept in this browser: its idempotency key is sent with every try, so a double
// click, a second tab, a lost connection or a reload find the same order instead of making another.
// In IndexedDB, because only its transactions are the same for all tabs in the same moment.

export interface Attempt {
  key: string;
  quantity: number;
  /** Milliseconds; when Buy was pressed. */
  at: number;
  /** Known once the server said so. */
  orderId?: string;
}

const STORE = "attempts";
/** Where storage is forbidden the page itself remembers. */
const memory = new Map<string, Attempt | undefined>();
const tabs = "BroadcastChannel" in globalThis ? new BroadcastChannel("doorbuster") : undefined;
let database: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  database ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("doorbuster", 1);
    request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return database;
}

type Change = (known: Attempt | undefined) => Attempt | undefined;

/** Reads and replaces in one transaction: no two tabs decide at once. */
async function change(skuId: string, decide: Change): Promise<Attempt | undefined> {
  try {
    const transaction = (await open()).transaction(STORE, "readwrite");
    const store = transaction.objectStore(STORE);
    return await new Promise((resolve, reject) => {
      const reading = store.get(skuId);
      let next: Attempt | undefined;
      reading.onsuccess = () => {
        next = decide(reading.result);
        if (next) store.put(next, skuId);
        else store.delete(skuId);
      };
      transaction.oncomplete = () => resolve(next);
      transaction.onabort = () => reject(transaction.error);
    });
  } catch {
    memory.set(skuId, decide(memory.get(skuId)));
    return memory.get(skuId);
  }
}

export const attemptFor = (skuId: string): Promise<Attempt | undefined> =>
  change(skuId, (known) => known);

export const forget = (skuId: string): Promise<unknown> => change(skuId, () => undefined);

/**
 * The attempt under way, or a new one. `seen` is the order this page shows: another one was made by
 * another tab meanwhile, and is the answer to this press too.
 */
export async function beginAttempt(
  skuId: string,
  quantity: number,
  seen: string | undefined,
): Promise<Attempt> {
  const key = crypto.getRandomValues(new Uint8Array(16)).reduce((text, byte) => {
    return text + byte.toString(16).padStart(2, "0");
  }, "");
  const fresh = { key, quantity, at: Date.now() };
  const keep = (known: Attempt | undefined) =>
    known && (!known.orderId || known.orderId !== seen) ? known : fresh;
  return (await change(skuId, keep)) as Attempt;
}

/** The attempt became this order; other tabs hear of it. */
export async function attemptBecame(skuId: string, orderId: string): Promise<void> {
  let news = false;
  await change(skuId, (known) => {
    news = known?.orderId !== orderId;
    return { key: "", quantity: 1, at: Date.now(), ...known, orderId };
  });
  if (news) tabs?.postMessage({ skuId, orderId });
}

/** Another tab got an order for this SKU. */
export function onOtherTab(skuId: string, listener: (orderId: string) => void): void {
  tabs?.addEventListener("message", ({ data }) => {
    if (data.skuId === skuId) listener(data.orderId);
  });
}
