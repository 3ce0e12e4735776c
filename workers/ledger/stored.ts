/** TEN-1: bytes that a tenant keeps in the ledger's database beside the ledger itself. */
export interface LedgerBytes {
  memory: number;
  artifacts: number;
  /** Titles and details. */
  bugs: number;
}

/** Added up when it is asked for: these rows are written by tools, which do not pass the control object. */
export async function ledgerBytes(db: D1Database, tenant: string): Promise<LedgerBytes> {
  const found = await db
    .prepare(
      `SELECT (SELECT coalesce(sum(bytes), 0) FROM memory WHERE tenant = ?1) AS memory,
       (SELECT coalesce(sum(bytes), 0) FROM artifacts WHERE tenant = ?1) AS artifacts,
       (SELECT coalesce(sum(octet_length(title) + octet_length(detail)), 0) FROM bugs WHERE tenant = ?1) AS bugs`,
    )
    .bind(tenant)
    .first<LedgerBytes>();
  return found ?? { memory: 0, artifacts: 0, bugs: 0 };
}
