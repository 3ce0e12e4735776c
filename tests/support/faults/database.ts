/** What becomes of one call of D1: a statement, or a batch of them. `pass` makes it; `writes` tells whether it changes something. */
export type DatabaseFault = (
  call: { writes: boolean; size: number },
  pass: () => Promise<unknown>,
) => Promise<unknown>;

const network = (): Error => new Error('D1_ERROR: Network connection lost.');

export const fails: DatabaseFault = async () => {
  throw network();
};
export const slowly =
  (ms: number): DatabaseFault =>
  async (_, pass) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return pass();
  };
/** Every other call fails. */
export const flaky = (): DatabaseFault => {
  let calls = 0;
  return async (_, pass) => {
    calls += 1;
    if (calls % 2 === 1) throw network();
    return pass();
  };
};
/** What was written is written, and nobody hears of it. */
export const forgetsToAnswer: DatabaseFault = async ({ writes }, pass) => {
  const answer = await pass();
  if (writes) throw network();
  return answer;
};
/** Says that it has written, so many rows for each statement, and has not. */
export const claims =
  (changes: (call: { size: number }) => number): DatabaseFault =>
  async (call, pass) =>
    call.writes
      ? Array.from({ length: call.size }, () => ({
          success: true,
          results: [],
          meta: { changes: changes(call) },
        }))
      : pass();

interface Statement {
  real: D1PreparedStatement;
  writes: boolean;
}

/** D1 as the Worker is bound to it, with a fault on every call. Counts how often one was met. */
export function faultyDatabase(real: D1Database, fault: DatabaseFault): D1Database & { met: number } {
  const seen = { met: 0 };
  const through = (call: { writes: boolean; size: number }, pass: () => Promise<unknown>) => {
    seen.met += 1;
    return fault(call, pass);
  };
  const wrap = ({ real: statement, writes }: Statement): D1PreparedStatement => {
    const one = (act: () => Promise<unknown>) => async () => {
      const answer = await through({ writes, size: 1 }, act);
      return Array.isArray(answer) ? answer[0] : answer;
    };
    return {
      real: statement,
      writes,
      bind: (...values: unknown[]) => wrap({ real: statement.bind(...values), writes }),
      run: one(() => statement.run()),
      all: one(() => statement.all()),
      first: async (column?: string) =>
        through({ writes, size: 1 }, () => (column ? statement.first(column) : statement.first())),
    } as unknown as D1PreparedStatement;
  };
  return Object.assign(seen, {
    prepare: (sql: string) => wrap({ real: real.prepare(sql), writes: !/^\s*(SELECT|WITH)/i.test(sql) }),
    batch: (statements: unknown[]) => {
      const list = statements as Statement[];
      const call = { writes: list.some((s) => s.writes), size: list.length };
      return through(call, () => real.batch(list.map((s) => s.real)));
    },
  }) as unknown as D1Database & { met: number };
}
