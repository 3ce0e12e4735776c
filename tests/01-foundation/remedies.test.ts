import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VERBS } from '#cli/commands/index.ts';
import { PROBLEMS, type ProblemCode } from '#contract/problem.ts';
import type { DomainError } from '#domain/errors.ts';
import type { Result } from '#domain/result.ts';
import { ACCESS } from '#workers/api/access.ts';
import { problemOf, remedyOf } from '#workers/api/problem.ts';
import { ALLOW, Rig, spawnCommand } from '../support/pipeline.ts';

/** API-2: `remedy` is the next command or call, and both exist. */

/** What is wrong with these is how the request was written, sent or timed: the remedy says what to change in it. */
const IN_THE_REQUEST: readonly ProblemCode[] = [
  'bad_json',
  'origin_refused',
  'method_not_allowed',
  'idempotency_conflict',
  'payload_too_large',
  'confirmation_required',
  'rate_limited',
  'overloaded',
];
/** These are for whoever runs the deployment. */
const FOR_OPERATIONS: readonly ProblemCode[] = [
  'host_not_allowed',
  'misconfigured',
  'pipeline_halted',
  'evidence_conflict',
  'archive_unavailable',
  'ledger_unavailable',
  'internal',
];

const REQUEST = /\b(GET|POST|PUT|DELETE) (\/api\/[a-z_\-/{}.]*[a-z_}])/g;
const COMMAND = /`ags ((?:[a-z-]+ ?)+)/g;

/** As people type it: letters of the shell's words only, so that ids and options fall away. */
const paths = VERBS.map(({ path }) => path.join(' '));
const names = Object.keys(ACCESS).map((name) => name.replaceAll(/\{\w+\}/g, '{}'));

function unknownIn(remedy: string): string[] {
  const commands = [...remedy.matchAll(COMMAND)].map(([, words = '']) => words.trim());
  const requests = [...remedy.matchAll(REQUEST)].map(
    ([, method, path = '']) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`,
  );
  return [
    ...commands.filter((words) => !paths.some((path) => words === path || words.startsWith(`${path} `))),
    ...requests.filter((name) => !names.includes(name)),
  ];
}
const saysWhatNext = (remedy: string): boolean => remedy.search(REQUEST) >= 0 || remedy.search(COMMAND) >= 0;

describe('remedies', () => {
  const codes = Object.keys(PROBLEMS) as ProblemCode[];

  it.each(codes)('API-2: that of %s names a command or a request, and only ones that exist', (code) => {
    const remedy = remedyOf(code);
    expect(unknownIn(remedy)).toEqual([]);
    if (![...IN_THE_REQUEST, ...FOR_OPERATIONS].includes(code)) expect(remedy).toSatisfy(saysWhatNext);
  });

  it('API-2: the check finds a command and a request that do not exist', () => {
    expect(unknownIn('Try `ags pipeline dance last` or POST /api/dances.')).toEqual([
      'pipeline dance last',
      'POST /api/dances',
    ]);
    expect('Wait for it.').not.toSatisfy(saysWhatNext);
  });

  it('API-2: no `wrong_state` of the core goes without one', () => {
    const files = ['approvals', 'fallback', 'gate', 'operate', 'outside', 'pause'];
    const source = files
      .map((name) => readFileSync(`domain/pipeline/decide/${name}.ts`, 'utf8').replaceAll(/\s+/g, ' '))
      .join(' ');
    const calls = source.match(/wrongState\((?:'[^']*'|[^;'])*?\);/g) ?? [];
    const said = calls.map((call) =>
      / remedy,? ?\)/.test(call)
        ? (source.slice(0, source.indexOf(call)).split('const remedy =').at(-1) ?? '')
        : call,
    );
    expect(calls.length).toBeGreaterThanOrEqual(12);
    for (const text of said) {
      expect(text).toSatisfy(saysWhatNext);
      expect(unknownIn(text)).toEqual([]);
    }
  });
});

describe('refusals by the state of a pipeline', () => {
  const ended = () => {
    const rig = new Rig().toRoundOne();
    rig.when({ kind: 'cancel', reason: 'enough' });
    return rig;
  };
  const external = () => {
    const rig = new Rig();
    rig.when(spawnCommand({ mode: 'external' }));
    return rig;
  };
  const at = (rig: Rig, command: Parameters<Rig['when']>[0]): Result<unknown, DomainError> =>
    rig.when(command);

  it.each<[string, () => Result<unknown, DomainError>, RegExp]>([
    ['pausing what is over', () => at(ended(), { kind: 'pause', reason: 'r' }), /ags pipeline show/],
    [
      'resuming what runs',
      () => at(new Rig().toRoundOne(), { kind: 'resume', reason: 'r' }),
      /ags pipeline show/,
    ],
    [
      'continuing what does not wait',
      () => at(new Rig().toRoundOne(), { kind: 'continue', reason: 'r' }),
      /waiting_for/,
    ],
    ['aborting an external one', () => at(external(), { kind: 'abort', reason: 'r' }), /ags pipeline end/],
    [
      'ending one of ours',
      () => at(new Rig().toRoundOne(), { kind: 'end', reason: 'r' }),
      /POST \/api\/agents/,
    ],
    [
      'a fallback before consensus has failed',
      () =>
        at(new Rig().toRoundOne(), {
          ...{ kind: 'fallback', action: 'rerun_same', reason: 'r', confirm: false },
          ...{ proposal_id: null, revision: null },
        }),
      /consensus\/status/,
    ],
    [
      'acting when the gate is closed',
      () => {
        const rig = external();
        rig.login();
        const session_expires_at = rig.expiry();
        rig.when({
          kind: 'register',
          name: 'n',
          framework: 'f',
          tier: 1,
          session_hash: 'h',
          session_expires_at,
        });
        const { agent_id } = rig.last('agent_registered')!.body;
        const tool = { min_tier: 1, effect: 'once', acts: true, external: true, server: null } as const;
        rig.when({
          ...{ kind: 'ask', agent_id, tool: 'x', arguments: {}, target: 'localhost', origin: [] },
          outside: { enforcement: 'cooperative', idempotency_key: null, arguments_sha256: 'a', tool },
        });
        const { action_id } = rig.last('action_requested')!.body;
        return at(rig, { kind: 'judge', action_id, version: rig.state.facts_seq, decision: ALLOW });
      },
      /GET \/api\/pipeline\/token/,
    ],
  ])('API-2: %s says what to do instead', (_, refused, expected) => {
    const done = refused();
    expect(done).toMatchObject({ ok: false, error: { code: 'wrong_state' } });
    if (done.ok) return;
    const { remedy } = problemOf(done.error).extras;
    expect(remedy).toMatch(expected);
    expect(remedy).toSatisfy(saysWhatNext);
    expect(unknownIn(remedy ?? '')).toEqual([]);
  });
});
