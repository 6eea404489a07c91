// The storage of an object on plain Node: the same SQL on a real SQLite, so that property tests run thousands of steps a second.
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

type Storage = Pick<DurableObjectStorage, "sql" | "transactionSync">;

export function nodeStorage(): Storage {
  const db = new DatabaseSync(":memory:");
  const exec = (query: string, ...bindings: SQLInputValue[]) => {
    const rows: unknown[] = [];
    // A migration can have several statements. None of them has bindings.
    if (bindings.length === 0 && query.includes(";")) db.exec(query);
    else rows.push(...db.prepare(query).all(...bindings));
    return { toArray: () => rows, rowsRead: 0, rowsWritten: 0 };
  };
  return {
    sql: { exec } as unknown as SqlStorage,
    transactionSync: (work) => work(),
  };
}
