import { describe, expect, it } from 'vitest';
import { assignmentFor } from '#domain/pipeline/assign.ts';
import type { Command } from '#domain/pipeline/command.ts';
import { forkSource } from '#domain/pipeline/fork.ts';
import { ALLOW, proposal, Rig, report, spawnCommand, USAGE, vote } from '../support/pipeline.ts';

type Spawn = Extract<Command, { kind: 'spawn' }>;
const WEB = ['tool:http_get', 'untrusted', 'url:example.org'];
const documents: Spawn['documents'] = [
  { name: 'plan', sha256: 'a'.repeat(64), bytes: 10, media_type: 'text/plain', origin: 'trusted' },
];
const trustedOnly = (change: Partial<Spawn> = {}) => spawnCommand({ documents, ...change });

/** The role reads a page. */
function reads(rig: Rig, role: 'PLANNER' | 'ALPHA' | 'BETA'): Rig {
  rig.call(role, 'http_get', { url: 'https://example.org' });
  rig.judge(ALLOW);
  rig.report({ origin: WEB });
  return rig;
}

/** What the next action of the role says it derives from. */
function asks(rig: Rig, role: 'ALPHA' | 'BETA' | 'GAMMA'): string[] {
  rig.call(role, 'webhook_dispatch', { text: 'x' });
  return rig.last('action_requested')!.body.origin;
}

function successorOf(rig: Rig): Rig {
  const [step] = rig.ready('spawn_successor');
  const next = assignmentFor(rig.state, step!.step_id)!.successor!;
  const { pipeline_id, predecessor_id, attempt, handoff, sha256, plan } = next;
  const successor = new Rig();
  const successor_of = { pipeline_id: predecessor_id, attempt, handoff, sha256 };
  successor.when(trustedOnly({ pipeline_id, plan, successor_of }));
  return successor.login().plan().bootstrap();
}

describe('where things come from', () => {
  it('AGENT-5: without anything foreign a run’s actions derive from its documents alone', () => {
    const rig = new Rig().toRoundOne(trustedOnly());
    expect(asks(rig, 'ALPHA')).toEqual(['trusted']);
  });

  it('AGENT-5: what the planner was shown stands behind the report that the seats read', () => {
    const rig = new Rig();
    rig.when(trustedOnly());
    reads(rig.login().bootstrap(), 'PLANNER');
    rig.finish(rig.turnOf('PLANNER'), { kind: 'planner_report', report: report(), usage: USAGE });
    expect(asks(rig.bootstrap(), 'ALPHA')).toEqual(expect.arrayContaining(WEB));
  });

  it('AGENT-5, CONS-2: what a seat was shown reaches the other with the blackboard, proposals and messages too, a round later', () => {
    const rig = reads(new Rig().toRoundOne(trustedOnly()), 'ALPHA');
    expect(asks(rig, 'BETA')).toEqual(['trusted']);
    rig.judge(ALLOW);
    rig.report();
    rig.speak('BETA').speak('ALPHA', { proposal: proposal('x') });
    expect(rig.last('proposal_written')?.body.origin).toEqual(expect.arrayContaining(WEB));
    expect(asks(rig, 'BETA')).toEqual(expect.arrayContaining(WEB));
    // Its own turn is a new one, whose results are gone; what it wrote of them is not.
    const own = new Rig().toRoundOne(trustedOnly());
    reads(own, 'ALPHA')
      .speak('ALPHA', { messages: [{ to: 'BETA', body: 'look' }] })
      .speak('BETA');
    expect(asks(own, 'BETA')).toEqual(expect.arrayContaining(WEB));
  });

  it('AGENT-5, REC-1: an earlier generation’s origins stay with what is told of it', () => {
    const rig = reads(new Rig().toRoundOne(trustedOnly()), 'ALPHA').round({
      ALPHA: { proposal: proposal('x') },
    });
    const { proposal_id } = rig.proposalOf('ALPHA');
    const no = { BETA: { votes: [vote(proposal_id, 1, 'reject' as const)] } };
    for (let n = 0; n < 20 && !rig.state.failure; n++) rig.round(no);
    const again = { reason: 'again', proposal_id: null, revision: null, confirm: false };
    rig.revokeAll().when({ kind: 'fallback', action: 'rerun_same', ...again });
    rig.login().bootstrap();
    expect(asks(rig, 'BETA')).toEqual(expect.arrayContaining(WEB));
  });

  it('AGENT-5, REC-3: a handoff carries them to the successor, whatever part of it derives from them', () => {
    const rig = reads(new Rig().toRoundOne(trustedOnly()), 'ALPHA');
    rig.when({ kind: 'abort', reason: 'enough' });
    rig.synthesise();
    expect(rig.state.handoff?.handoff.origin).toEqual(expect.arrayContaining(WEB));
    expect(asks(successorOf(rig), 'GAMMA')).toEqual(expect.arrayContaining(WEB));
  });

  it('AGENT-5, PIPE-7: and so does a fork', () => {
    const rig = reads(new Rig().toRoundOne(trustedOnly()), 'ALPHA');
    rig.speak('ALPHA', { messages: [{ to: 'BETA', body: 'look' }] }).speak('BETA');
    const source = forkSource(rig.state, rig.head.hash)!;
    const fork = new Rig();
    fork.when(trustedOnly({ pipeline_id: 'pl_fork0000', plan: source.plan, fork: source.seed }));
    expect(asks(fork.login().bootstrap(), 'BETA')).toEqual(expect.arrayContaining(WEB));
  });

  it('REC-3, REC-6: a successor is told what its predecessor did instead of doing it again', () => {
    const rig = new Rig().toRoundOne(trustedOnly());
    rig.call('ALPHA', 'webhook_dispatch', { text: 'x' });
    rig.judge({ ...ALLOW, effect: 'once' });
    rig.report();
    rig.when({ kind: 'abort', reason: 'enough' });
    rig.synthesise();
    const next = successorOf(rig);
    next.call('ALPHA', 'webhook_dispatch', { text: 'x' });
    expect(next.ready('action')).toEqual([]);
    expect(next.last('action_finished')?.body.result).toContain('already_done');
    next.call('ALPHA', 'webhook_dispatch', { text: 'y' });
    expect(next.ready('action').length).toBe(1);
  });
});
