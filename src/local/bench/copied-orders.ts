// A SKU's object that gets a million orders in seconds.
import type { ReserveCommand } from "../../inventory/decide-reserve.ts";
import { SkuInventory } from "../../inventory/sku-inventory.ts";

/** Different for each number of 32 bits, and next to no neighbor's. */
const SCATTERED = "n * 2654435761 % 4294967296";

/**
 * Copies an order until there are `count`, each of another buyer, under ids of the usual lengths: `user-` and 31 digits, the
 * SKU and 20 digits. Writes the orders as a release from before the tallies did: the object counts them when it wakes.
 *
 * @param isScattered whether the buyers come in no order, so that the table grows as it does by sales. That takes longer
 */
export function copyOrder(
  sql: SqlStorage,
  orderId: string,
  count: number,
  isScattered = false,
): void {
  const { columnNames } = sql.exec("SELECT * FROM orders LIMIT 0");
  const names = columnNames.filter((name) => name !== "edits");
  const made: Record<string, string> = {
    user_id: `printf('user-%031d', ${isScattered ? SCATTERED : "n"})`,
    order_id: "substr(order_id, 1, length(order_id) - 20) || printf('%020d', n)",
    idempotency_key: "printf('key-%032d', n)",
  };
  sql.exec(
    `WITH RECURSIVE counter(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM counter WHERE n < ?)
     INSERT INTO orders (${names.join(", ")})
     SELECT ${names.map((name) => made[name] ?? name).join(", ")}
     FROM counter, (SELECT * FROM orders WHERE order_id = ?)`,
    ...[count, orderId],
  );
}

export class CopiedOrders extends SkuInventory {
  /** Sells one order, paid if it carries a token, and copies it until there are `count`. */
  async sellCopies(order: ReserveCommand, count: number, isScattered: boolean): Promise<void> {
    this.reserve(order);
    this.claim([order]);
    const money = { outcome: "charged", chargeId: `pi_${"0".repeat(24)}` } as const;
    if (order.paymentToken !== undefined) {
      await this.recordPayments([{ ...order, money, attempt: 1 }]);
    }
    this.acknowledge([{ ...order, version: 2 }]);
    copyOrder(this.ctx.storage.sql, order.orderId, count, isScattered);
    // The alarm would wake the object before the benchmark does.
    await this.ctx.storage.deleteAlarm();
  }

  /** Ends the object's memory, as the runtime does to idle objects. The call fails. */
  sleep(): void {
    this.ctx.abort("asleep");
  }

  /** Bytes that the object stores. */
  size(): number {
    return this.ctx.storage.sql.databaseSize;
  }
}
