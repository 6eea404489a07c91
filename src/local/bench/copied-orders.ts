// A SKU's object that gets a million orders in seconds.
import type { ReserveCommand } from "../../inventory/decide-reserve.ts";
import { SkuInventory } from "../../inventory/sku-inventory.ts";

/**
 * Copies an order until there are `count`, each of another buyer, under ids of the usual lengths: `user-` and 31 digits, the
 * SKU and 20 digits. Writes them as a release from before the tallies did, so that the object counts them when it wakes.
 */
export function copyOrder(sql: SqlStorage, orderId: string, count: number): void {
  const { columnNames } = sql.exec("SELECT * FROM orders LIMIT 0");
  const names = columnNames.filter((name) => name !== "edits");
  const made: Record<string, string> = {
    user_id: "printf('user-%031d', n)",
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
  async sellCopies(order: ReserveCommand, count: number): Promise<void> {
    this.reserve(order);
    this.claim([order]);
    const money = { outcome: "charged", chargeId: `pi_${"0".repeat(24)}` } as const;
    if (order.paymentToken !== undefined) {
      await this.recordPayments([{ ...order, money, attempt: 1 }]);
    }
    this.acknowledge([{ ...order, version: 2 }]);
    copyOrder(this.ctx.storage.sql, order.orderId, count);
    // The alarm would wake the object before the benchmark does.
    await this.ctx.storage.deleteAlarm();
  }

  /** Bytes that the object stores. */
  size(): number {
    return this.ctx.storage.sql.databaseSize;
  }
}
