import fc from 'fast-check';

/**
 * What can happen to a pipeline, as plain data that shrinks well. Numbers called `pick` choose among whatever there is to choose from
 * when the move is made (modulo its size), so that any sequence of moves can be made in any state.
 */
export type Move =
  | { do: 'work'; pick: number; answer: Answer }
  | { do: 'claim'; pick: number }
  | { do: 'answer'; pick: number; answer: Answer }
  | { do: 'repeat'; pick: number }
  | { do: 'time'; ms: number; heard: boolean }
  | { do: 'timer'; heard: boolean }
  | { do: 'crash'; workersDie: boolean }
  | { do: 'operate'; order: Order; actor: number }
  /** CRED-3: the cron came by; of the tokens that are due, `pick` chooses what becomes of each. */
  | { do: 'renew'; pick: number; late: boolean };

/** An agent's contribution before it is known what it is about. */
export interface Talk {
  /** Index of a title; null: no proposal. The same index again is the same content (CONS-7). */
  proposal: number | null;
  revises: boolean;
  actions: number;
  finding: number | null;
  votes: { pick: number; stance: 'approve' | 'reject' | 'abstain'; critical: boolean; confidence: number }[];
  /** Tools asked for instead of an answer. */
  tools: number;
  complexity: number;
  /** Of what was reserved, in percent. */
  used: number;
}

export interface Answer {
  how: 'good' | 'retryable' | 'fatal' | 'lost' | 'away' | 'dead' | 'foreign' | 'silence';
  talk: Talk;
  gate: {
    decision: 'allow' | 'deny' | 'require_approval';
    effect: 'pure' | 'idempotent' | 'once';
    stale: boolean;
    critical: boolean;
  };
  action: 'succeeded' | 'failed' | 'unknown';
  /** Percent of the tokens of a revocation that are confirmed gone. */
  gone: number;
}

export const ORDERS = [
  'continue',
  'pause',
  'resume',
  'cancel',
  'abort',
  'revoke_agent',
  'revoke_all',
  'rerun_same',
  'rerun_gamma',
  'escalate_tier',
  'accept_partial',
  'approve',
  'deny',
  'resolve',
  'log',
  'redrive',
  'dead_letter',
  'spawn_again',
] as const;
export interface Order {
  name: (typeof ORDERS)[number];
  pick: number;
}

const pick = fc.nat({ max: 97 });
const often = <T>(weight: number, value: T) => ({ weight, arbitrary: fc.constant(value) });

const talk: fc.Arbitrary<Talk> = fc.record({
  proposal: fc.option(fc.nat({ max: 5 }), { nil: null, freq: 3 }),
  revises: fc.boolean(),
  actions: fc.nat({ max: 2 }),
  finding: fc.option(fc.nat({ max: 9 }), { nil: null }),
  votes: fc.array(
    fc.record({
      pick,
      stance: fc.oneof(
        often(2, 'approve' as const),
        often(3, 'reject' as const),
        often(1, 'abstain' as const),
      ),
      critical: fc.oneof(often(4, false), often(1, true)),
      confidence: fc.nat({ max: 100 }),
    }),
    { maxLength: 4, size: 'max' },
  ),
  tools: fc.oneof(often(4, 0), often(1, 1), often(1, 2)),
  complexity: fc.oneof(often(3, 20), often(1, 95)),
  used: fc.nat({ max: 100 }),
});

const answer: fc.Arbitrary<Answer> = fc.record({
  how: fc.oneof(
    often(14, 'good' as const),
    often(2, 'retryable' as const),
    often(1, 'fatal' as const),
    often(1, 'lost' as const),
    often(2, 'away' as const),
    often(1, 'dead' as const),
    often(1, 'foreign' as const),
    often(1, 'silence' as const),
  ),
  talk,
  gate: fc.record({
    decision: fc.oneof(
      often(4, 'allow' as const),
      often(1, 'deny' as const),
      often(1, 'require_approval' as const),
    ),
    effect: fc.constantFrom('pure' as const, 'idempotent' as const, 'once' as const),
    stale: fc.oneof(often(5, false), often(1, true)),
    critical: fc.oneof(often(12, false), often(1, true)),
  }),
  action: fc.oneof(often(4, 'succeeded' as const), often(1, 'failed' as const), often(1, 'unknown' as const)),
  gone: fc.oneof(often(4, 100), often(1, 50), often(1, 0)),
});

/** Runs are long when what ends them at once is rare. */
const order: fc.Arbitrary<Order> = fc.record({
  name: fc.oneof(
    ...ORDERS.map((name) => often(['cancel', 'revoke_all', 'abort'].includes(name) ? 1 : 8, name)),
  ),
  pick,
});

const SHORT = [0, 1, 500, 5_000, 19_999, 20_001];
const LONG = [31_000, 61_000, 121_000, 301_000, 1_801_000, 3_700_000, 86_500_000];

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('work' as const), pick, answer }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('claim' as const), pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('answer' as const), pick, answer }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('repeat' as const), pick }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('time' as const),
      ms: fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...SHORT) },
        { weight: 1, arbitrary: fc.constantFrom(...LONG) },
      ),
      heard: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('timer' as const), heard: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), workersDie: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('renew' as const), pick, late: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('operate' as const), order, actor: fc.nat({ max: 2 }) }),
  },
);

/** How a run begins. */
export interface Setting {
  tier: 0 | 1 | 2;
  auto_continue: boolean;
  rounds: number;
  round_s: number;
  deadline_s: number;
  tokens: number;
  cost_microusd: number;
  /** Attempts that came before (REC-3). */
  earlier: 0 | 1 | 2;
  /** How far everything goes well before anything else happens. */
  start: 'spawn' | 'rounds' | 'failure' | 'actions';
}

const setting: fc.Arbitrary<Setting> = fc.record({
  tier: fc.constantFrom(0, 1, 2),
  auto_continue: fc.oneof(often(4, true), often(1, false)),
  rounds: fc.constantFrom(1, 2, 4, 8),
  round_s: fc.constantFrom(30, 300),
  deadline_s: fc.constantFrom(60, 600, 3_600),
  tokens: fc.constantFrom(20_000, 60_000, 1_000_000),
  cost_microusd: fc.constantFrom(0, 30_000, 5_000_000),
  earlier: fc.constantFrom(0, 0, 1, 2),
  start: fc.constantFrom('spawn', 'rounds', 'rounds', 'failure', 'actions'),
});

export interface Scenario {
  setting: Setting;
  moves: Move[];
  /** Where in the log a fork is taken afterwards, in percent (PIPE-7). */
  fork: number;
}

export const scenario = (longest: number): fc.Arbitrary<Scenario> =>
  fc.record({
    setting,
    moves: fc.array(move, { minLength: Math.floor(longest / 4), maxLength: longest, size: 'max' }),
    fork: fc.nat({ max: 100 }),
  });
