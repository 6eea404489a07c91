// The schema of the registry, as migrations.

/** Released migrations never change. New ones go to the end. See `migrate`. */
export const MIGRATIONS: readonly string[] = [
  // The first schema had no `sales.former`. In the copy, an absent column resolves to `missing.former`.
  `CREATE TABLE IF NOT EXISTS sales (
  id TEXT PRIMARY KEY, revision INTEGER NOT NULL, document TEXT NOT NULL, former TEXT NOT NULL
) WITHOUT ROWID;
ALTER TABLE sales RENAME TO stored_sales;
CREATE TABLE sales (
  id TEXT PRIMARY KEY, revision INTEGER NOT NULL, document TEXT NOT NULL, former TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO sales (id, revision, document, former)
  SELECT id, revision, document,
    (SELECT former FROM stored_sales AS stored WHERE stored.id = missing.id)
  FROM (SELECT id, revision, document, '[]' AS former FROM stored_sales) AS missing;
DROP TABLE stored_sales;
CREATE TABLE IF NOT EXISTS rules (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID`,
  // `skus` replaces `sales.former`. A deleted sale keeps its times, which place it among the others.
  `ALTER TABLE sales ADD COLUMN opens_at TEXT;
ALTER TABLE sales ADD COLUMN closes_at TEXT;
ALTER TABLE sales ADD COLUMN active INTEGER;
CREATE INDEX sales_by_end ON sales (closes_at, id);
CREATE TABLE skus (
  id TEXT PRIMARY KEY, sale_id TEXT NOT NULL, on_sale INTEGER NOT NULL, stocked INTEGER, unsold INTEGER
) WITHOUT ROWID;
CREATE INDEX skus_by_sale ON skus (sale_id);
CREATE TABLE restocks (
  sku_id TEXT NOT NULL, key TEXT NOT NULL, quantity INTEGER NOT NULL, PRIMARY KEY (sku_id, key)
) WITHOUT ROWID;
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR REPLACE INTO skus (id, sale_id, on_sale)
  SELECT left.value, sales.id, 0 FROM sales, json_each(sales.former) AS left;
INSERT OR REPLACE INTO skus (id, sale_id, on_sale)
  SELECT json_extract(sku.value, '$.id'), sales.id, 1
  FROM sales, json_each(sales.document, '$.skus') AS sku;
UPDATE sales SET opens_at = json_extract(document, '$.opensAt'),
  closes_at = json_extract(document, '$.closesAt'), active = 0 WHERE document <> 'null';
INSERT INTO counters SELECT 'revision', max(revision) FROM sales HAVING max(revision) IS NOT NULL`,
  "ALTER TABLE skus ADD COLUMN withdrawn INTEGER",
  `CREATE TABLE log (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, role TEXT NOT NULL,
  action TEXT NOT NULL, target TEXT NOT NULL, reason TEXT, changes TEXT NOT NULL,
  outcome TEXT NOT NULL, code TEXT, request_id TEXT NOT NULL, key TEXT
);
CREATE UNIQUE INDEX log_by_key ON log (key) WHERE key IS NOT NULL;
CREATE INDEX log_by_target ON log (target, id)`,
  "CREATE TABLE switches (key TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID",
  // 1 for a sale that no list names, so that pages of the archive need not read documents.
  "ALTER TABLE sales ADD COLUMN unlisted INTEGER",
  // Null: 1.
  "ALTER TABLE skus ADD COLUMN lanes INTEGER",
  // 1 for a rehearsal, also after it was deleted.
  "ALTER TABLE sales ADD COLUMN rehearsal INTEGER",
  // Earlier numbers of lanes as JSON, and the revision of the sale that chose the present one. Null if it never changed.
  `ALTER TABLE skus ADD COLUMN former_lanes TEXT;
ALTER TABLE skus ADD COLUMN lanes_since INTEGER`,
];
