// Migrates the tables of a Durable Object when it wakes. Each migration runs once, in order.

type Storage = Pick<DurableObjectStorage, "sql" | "transactionSync">;

const VERSION_TABLE = `CREATE TABLE IF NOT EXISTS schema_version (
  id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)`;

/**
 * Runs the migrations that this object has not run yet, all or none. The schema version is the number of
 * migrations that ran. Tables from before there were versions count as 0, so the first migration must accept
 * existing tables.
 *
 * A released migration never changes. A new one only adds tables, or columns that may be null, so that older
 * code still works with newer tables after a rollback.
 *
 * @returns rows read and written, as Cloudflare bills them
 */
export function migrate(
  storage: Storage,
  migrations: readonly string[],
): { rowsRead: number; rowsWritten: number } {
  const rows = { rowsRead: 0, rowsWritten: 0 };
  const run = (query: string, ...bindings: SqlStorageValue[]) => {
    const cursor = storage.sql.exec(query, ...bindings);
    const found = cursor.toArray();
    rows.rowsRead += cursor.rowsRead;
    rows.rowsWritten += cursor.rowsWritten;
    return found;
  };
  run(VERSION_TABLE);
  const version = (run("SELECT version FROM schema_version")[0]?.version ?? 0) as number;
  if (version >= migrations.length) return rows;
  storage.transactionSync(() => {
    for (const migration of migrations.slice(version)) run(migration);
    run("INSERT OR REPLACE INTO schema_version (id, version) VALUES (1, ?)", migrations.length);
  });
  return rows;
}
