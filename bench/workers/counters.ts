/** What Cloudflare bills, counted where it happens. All objects of a Worker share one isolate in the local runtime. */
export const counted = {
  object_rows: 0,
  alarms: 0,
  object_requests: 0,
  d1_rows: 0,
  messages: 0,
  /** To Vault, store and model. */
  calls: 0,
  /** Durable transactions: what an object writes in one turn commits together; a D1 batch is one. */
  transactions: 0,
};

const writing = new Set<SqlStorage>();

function countTransaction(sql: SqlStorage): void {
  if (writing.has(sql)) return;
  writing.add(sql);
  counted.transactions += 1;
  queueMicrotask(() => writing.delete(sql));
}

let counting = false;

/** Counts rows and alarms of every object from now on. Once per isolate. */
export function countStorage(storage: DurableObjectStorage): void {
  if (counting) return;
  counting = true;
  const sql = Object.getPrototypeOf(storage.sql);
  const exec = sql.exec;
  sql.exec = function (this: SqlStorage, ...args: Parameters<SqlStorage['exec']>) {
    const cursor = exec.apply(this, args);
    counted.object_rows += cursor.rowsWritten;
    if (cursor.rowsWritten > 0) countTransaction(this);
    return cursor;
  };
  const prototype = Object.getPrototypeOf(storage);
  const setAlarm = prototype.setAlarm;
  prototype.setAlarm = function (this: DurableObjectStorage, at: number) {
    counted.alarms += 1;
    return setAlarm.call(this, at);
  };
}

/** Counts the product's calls to what is not its own; once per isolate. */
export function countFetches(): void {
  const send = globalThis.fetch;
  globalThis.fetch = (...args: Parameters<typeof fetch>) => {
    counted.calls += 1;
    return send(...args);
  };
}

/** Counts calls of an object class's public methods; each is a billed request. */
export function countCalls(prototype: object): void {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const property = Object.getOwnPropertyDescriptor(prototype, name);
    if (name === 'constructor' || typeof property?.value !== 'function') continue;
    const method = property.value as (...args: unknown[]) => unknown;
    Object.defineProperty(prototype, name, {
      ...property,
      value(this: unknown, ...args: unknown[]) {
        counted.object_requests += 1;
        return method.apply(this, args);
      },
    });
  }
}

/** The same database, its billed rows counted. */
export const countD1 = (db: D1Database): D1Database =>
  new Proxy(db, {
    get(target, name) {
      if (name !== 'batch') return Reflect.get(target, name).bind(target);
      return async (statements: D1PreparedStatement[]) => {
        counted.transactions += 1;
        const results = await target.batch(statements);
        for (const r of results) counted.d1_rows += r.meta.rows_written;
        return results;
      };
    },
  });
