import type { PipelineState } from '#domain/pipeline/evolve.ts';
import type { Explorer } from './model-check.ts';
import { must } from './model-check-invariants.ts';
import type { Answer, Order, Talk } from './model-check-moves.ts';

/** Far more than any plan in the scenarios needs; a run that is not over by then goes round in circles. */
const BOUND = 3_000;

const AGREEABLE: Talk = {
  proposal: 0,
  revises: false,
  actions: 1,
  finding: null,
  votes: Array.from({ length: 8 }, (_, pick) => ({
    pick,
    stance: 'approve' as const,
    critical: false,
    confidence: 80,
  })),
  tools: 0,
  complexity: 20,
  used: 1,
};

const GOOD: Answer = {
  how: 'good',
  talk: AGREEABLE,
  gate: { decision: 'allow', effect: 'idempotent', stale: false, critical: false },
  action: 'succeeded',
  gone: 100,
};

/** Brings a new pipeline to where the scenario is to begin, if its limits let it come so far. */
export function headStart(explorer: Explorer, to: 'spawn' | 'rounds' | 'failure' | 'actions'): Explorer {
  const there = ({ round, verdict, failure, outcome, waiting_for }: PipelineState): boolean =>
    outcome !== null ||
    (waiting_for !== null && waiting_for !== 'continue') ||
    { spawn: true, rounds: round !== null, failure: failure !== null, actions: verdict !== null }[to];
  const stance = to === 'failure' ? 'reject' : 'approve';
  const talk = { ...AGREEABLE, votes: AGREEABLE.votes.map((v) => ({ ...v, stance }) as const) };
  for (let n = 0; n < BOUND && !there(explorer.state); n++) {
    const [step] = explorer.ready();
    const claim = step && explorer.claim(step);
    if (claim) explorer.answer(claim, { ...GOOD, talk });
    else if (!explorer.send({ kind: 'continue', reason: null }, 'person:ada')) break;
  }
  return explorer;
}

/** Worlds in which a pipeline, however it got where it is, has to come to an end. */
export interface World {
  name: string;
  /** How a worker answers, given how many have answered; null: nobody claims anything any more. */
  answer: ((n: number) => Answer) | null;
  /** A person looks after it; otherwise it may wait for one. */
  person: boolean;
}

export const WORLDS: readonly World[] = [
  { name: 'all works and agrees', answer: () => GOOD, person: true },
  {
    name: 'seats reject each other',
    answer: (n) => ({
      ...GOOD,
      talk: {
        ...AGREEABLE,
        proposal: n % 6,
        votes: AGREEABLE.votes.map((v) => ({ ...v, stance: 'reject' })),
      },
    }),
    person: true,
  },
  { name: 'nothing can be worked on', answer: null, person: false },
  { name: 'workers claim and vanish', answer: () => ({ ...GOOD, how: 'silence' }), person: false },
  { name: 'every dependency fails', answer: () => ({ ...GOOD, how: 'retryable' }), person: false },
  { name: 'Vault is away for good', answer: () => ({ ...GOOD, how: 'away' }), person: false },
];

/** What a person who wants it over does about what it waits for. */
function decision(state: PipelineState, n: number): Order | null {
  const lost = Object.values(state.actions).some((a) => a.unknown);
  switch (state.waiting_for) {
    case 'continue':
      return { name: 'continue', pick: 0 };
    case 'resume':
      return { name: 'resume', pick: 0 };
    case 'approval':
      return lost ? { name: 'resolve', pick: n } : { name: n % 2 ? 'approve' : 'deny', pick: 0 };
    case 'fallback': {
      if (state.generation > 3) return { name: 'cancel', pick: 0 };
      if (state.proposals.length > 0 && n % 3 === 0) return { name: 'accept_partial', pick: 0 };
      return { name: (['rerun_same', 'rerun_gamma', 'escalate_tier'] as const)[n % 3] ?? 'cancel', pick: 0 };
    }
    default:
      return null;
  }
}

/**
 * Moves until the pipeline has ended and is sealed, or waits for a person in a world without one. Fails when it goes on for too long,
 * or when nothing is left that could move it.
 */
export function runToTheEnd(explorer: Explorer, world: World): void {
  // Whoever held a claim is gone.
  explorer.inFlight = [];
  for (let n = 0; n < BOUND; n++) {
    const { state } = explorer;
    if (isOver(state, world)) {
      atRest(explorer, world);
      return;
    }
    if (world.person && !state.outcome) {
      const order = decision(state, n);
      const command = order && explorer.order(order);
      // Two people: what one asks for the other may approve.
      const asked = state.approvals.at(-1)?.requested_by;
      if (command && explorer.send(command, asked === 'person:ada' ? 'person:bob' : 'person:ada')) continue;
      if (command) {
        must(
          explorer.send({ kind: 'cancel', reason: 'nothing fits' }, 'person:ada'),
          'PIPE-10: a person can stop',
        );
        continue;
      }
    }
    const [step] = world.answer ? explorer.ready() : [];
    const claim = step && explorer.claim(step);
    if (claim && world.answer) {
      explorer.answer(claim, world.answer(n));
      continue;
    }
    const due = explorer.nextDue();
    must(due !== null, `REL-1: nothing would ever move this pipeline again (${world.name})`, shown(state));
    explorer.rig.now = due ?? explorer.rig.now;
    explorer.tick(false);
  }
  must(false, `REL-1: no end within ${BOUND} moves (${world.name})`, shown(explorer.state));
}

const isOver = (state: PipelineState, world: World): boolean =>
  (state.sealed && (world.name !== WORLDS[0]?.name || Object.keys(state.steps).length === 0)) ||
  // CRED-6: Vault is no person; a run that waits for it ends by itself.
  (!world.person && state.outcome === null && ![null, 'credentials'].includes(state.waiting_for));

/** After quiescence nothing is left that could act. */
function atRest(explorer: Explorer, world: World): void {
  const { state } = explorer;
  if (state.outcome) {
    const left = state.tokens.filter((t) => t.confirmed_at === null);
    must(left.length === 0, 'REL-1: no recorded token outlives its pipeline', left);
  }
  if (world.name === WORLDS[0]?.name) {
    must(state.outcome !== null && Object.keys(state.steps).length === 0, 'REL-1: every step ends');
  }
  explorer.closeBooks();
}

const shown = ({ state, waiting_for, pause, steps, round, recovery, outcome }: PipelineState) => ({
  state,
  waiting_for,
  pause,
  steps,
  round,
  recovery,
  outcome,
});
