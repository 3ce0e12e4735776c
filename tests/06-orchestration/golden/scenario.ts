import { assignmentFor } from '#domain/pipeline/assign.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { replay } from '#domain/pipeline/evolve.ts';
import { forkSource } from '#domain/pipeline/fork.ts';
import { ALLOW, proposal, Rig, report, spawnCommand, USAGE, vote, ASK } from '../../support/pipeline.ts';

/** Runs that between them write every type of event there is in version 1. */
export function goldenLogs(): Record<string, PipelineEvent[]> {
  const aborted = recovery();
  return {
    'v1-consensus': consensus().log,
    'v1-failure': failure().log,
    'v1-recovery': aborted.log,
    'v1-successor': successor(aborted).log,
    'v1-fork': fork(aborted).log,
    'v1-fork-done': forkOfDone().log,
    'v1-replaced': replaced().log,
    'v1-killed': killed().log,
    'v1-diagnostic': diagnostic().log,
    'v1-approval': approval().log,
    'v1-credentials': credentials().log,
    'v1-external': external().log,
    'v1-held': held().log,
    'v1-outage': outage().log,
  };
}

/** CRED-3, CRED-6: waiting for Vault, renewal, a failing one, replacement near the maximum TTL, an agent's lease that ends. */
function credentials(): Rig {
  const rig = new Rig().toRoundOne();
  const away = { code: 'credentials_sealed', message: 'Vault is sealed; could not read the secret' };
  rig.failing(rig.turnOf('ALPHA'), away);
  rig.now += 5_000;
  rig.speak('ALPHA', { proposal: proposal('after Vault') });
  const tokens = rig.state.tokens.map(({ accessor }) => accessor);
  const [own = '', ...children] = tokens;
  const record = (renewals: { seconds: number; capped: boolean }) =>
    rig.when({
      kind: 'record_renewals',
      renewed: [{ accessor: own, expires_at: rig.expiry(renewals.seconds), capped: renewals.capped }],
      failed: [{ accessor: children.at(-1) ?? '', ...away, dead: false }],
    });
  rig.now += 1_800_000;
  record({ seconds: 7_200, capped: false });
  rig.now += 60_000;
  record({ seconds: 7_190, capped: true });
  rig.login();
  const [alpha, beta] = rig.ready('agent_bootstrap');
  const child = (n: number) => ({ accessor: `acc-new-${n}`, policies: ['agent-acme-t1'] });
  rig.finish(alpha!, { kind: 'agent_bootstrap', ...child(1), expires_at: rig.expiry(600) });
  rig.finish(beta!, { kind: 'agent_bootstrap', ...child(2), expires_at: rig.expiry() });
  rig.revokeAll();
  rig.pass(601_000);
  rig.when({ kind: 'cancel', reason: 'seen enough' });
  return rig.revokeAll();
}

/** ENF-1, OPS-1, PIPE-11: a model that is away, tried once in vain, and back; a month that is used up until its tokens are gone, and the next. */
function held(): Rig {
  const rig = new Rig().toRoundOne();
  const trouble = {
    on: 'model' as const,
    code: 'model_breaker_open',
    message: 'The model compatible/scripted is not called: its circuit breaker is open.',
    retry_in_ms: 5_000,
  };
  const claim = () =>
    rig.when({ kind: 'claim', step_id: rig.turnOf('ALPHA').step_id, worker: 'w1', trouble });
  claim();
  rig.now += 5_000;
  rig.failing(rig.turnOf('ALPHA'), { code: 'model_unavailable', usage: USAGE }, trouble);
  rig.now += 10_000;
  rig.speak('ALPHA', { proposal: proposal('after the outage') });
  const none = { tokens: 0, cost_microusd: 0, used_up: true, month: '2026-11' };
  const draw = (slice: typeof none) =>
    rig.when({ kind: 'claim', step_id: rig.turnOf('BETA').step_id, worker: 'w1', slice });
  draw(none);
  rig.pass(31 * 60_000).revokeAll();
  draw({ tokens: 1e9, cost_microusd: 1e9, used_up: false, month: '2026-12' });
  rig.when({ kind: 'cancel', reason: 'seen enough' });
  return rig.revokeAll();
}

function consensus(): Rig {
  const rig = new Rig();
  rig.when(spawnCommand({ auto_continue: false, documents: [document] }));
  rig.login().plan(90);
  rig.when({ kind: 'log', level: 'info', source: 'golden', message: 'on it', fields: { n: 1 } });
  rig.when({ kind: 'continue', reason: 'looks right' });
  rig.bootstrap();
  const slow = rig.turnOf('ALPHA');
  const epoch = rig.claim(slow);
  rig.when({ kind: 'progress', step_id: slow.step_id, epoch, note: 'still writing' });
  rig.pass(20_001);
  rig.call('ALPHA', 'terraform_inspect', { document: 'tfplan.json' });
  const inspect = rig.ready('action')[0]!;
  const held = rig.claim(inspect);
  rig.when({
    kind: 'admit',
    step_id: inspect.step_id,
    epoch: held,
    version: rig.state.facts_seq,
    decision: ALLOW,
  });
  rig.when({
    kind: 'complete',
    step_id: inspect.step_id,
    epoch: held,
    result: {
      kind: 'action',
      status: 'succeeded',
      result: '{}',
      result_sha256: 'c'.repeat(64),
      truncated: false,
      error: null,
      origin: ['tool:terraform_inspect'],
    },
  });
  const citations = [
    { source: 'tfplan.json', locator: '/resource_changes/0', quote: 'aws_db_instance.main' },
  ];
  rig.speak('ALPHA', {
    findings: [{ severity: 'high', title: 'replaced', body: 'it is', citations }],
    proposal: { ...proposal('split'), citations },
    messages: [{ to: 'BETA', body: 'see the finding' }],
  });
  rig.failing(rig.turnOf('BETA'), { code: 'model_rate_limited' });
  rig.now += 5_000;
  const beta = rig.turnOf('BETA');
  rig.when({ kind: 'dead_letter', step_id: beta.step_id, reason: 'retries spent' });
  rig.when({ kind: 'redrive', step_id: beta.step_id });
  const { proposal_id } = rig.proposalOf('ALPHA');
  rig.speak('BETA', { votes: [vote(proposal_id, 1, 'approve')] });
  rig.bootstrap();
  rig.speak('ALPHA', { votes: [vote(proposal_id, 1, 'approve')] });
  rig.speak('BETA', { votes: [vote(proposal_id, 1, 'approve')] });
  rig.speak('GAMMA', { votes: [vote(proposal_id, 1, 'abstain')] });
  return rig.revokeAll();
}

function failure(): Rig {
  const rig = new Rig().toRoundOne();
  rig.call('ALPHA', 'delete_production', { target: 'prod-db' });
  const action = rig.ready('action')[0]!;
  const epoch = rig.claim(action);
  const violation = { rule: 'target_forbidden', severity: 'high' as const };
  rig.when({
    kind: 'admit',
    step_id: action.step_id,
    epoch,
    version: rig.state.facts_seq,
    decision: { ...ALLOW, decision: 'deny', violation },
  });
  const beta = Object.values(rig.state.agents).find((a) => a.role === 'BETA')!;
  rig.when({ kind: 'revoke', agent_id: beta.agent_id, reason: 'golden' });
  rig.speak('ALPHA', { proposal: proposal('alone') });
  while (rig.state.failure === null) {
    rig.bootstrap();
    for (const role of rig.state.round?.electorate ?? []) {
      if (rig.ready('agent_turn').some((s) => rig.roleOf(s) === role)) rig.speak(role);
    }
  }
  rig.revokeAll().pass(7 * 86_400_000);
  return rig.revokeAll();
}

/** Everything a person can do to a run, and then an abort. */
function recovery(): Rig {
  const rig = new Rig().toConsensusFailure().revokeAll();
  rig.finish(rig.ready('store_context')[0]!, {
    kind: 'store_context',
    key: 'pipeline:x:failure_context:1',
    sha256: 'e'.repeat(64),
    ttl_s: 60,
  });
  const again = { reason: 'golden', proposal_id: null, revision: null, confirm: false };
  rig.when({ kind: 'fallback', action: 'escalate_tier', ...again }, 'person:ada');
  const { approval_id, sha256 } = rig.state.approvals[0]!;
  rig.when({ kind: 'decide_approval', approval_id, decision: 'approve', reason: 'yes', sha256 }, 'person:bob');
  rig.login().bootstrap();
  rig.call('ALPHA', 'webhook_dispatch', { url: 'https://hooks.test/x' });
  const once = rig.ready('action')[0]!;
  const epoch = rig.claim(once);
  const decision = { ...ALLOW, effect: 'once' as const };
  rig.when({ kind: 'admit', step_id: once.step_id, epoch, version: rig.state.facts_seq, decision });
  rig.pass(20_001);
  const { action_id } = Object.values(rig.state.actions).find((a) => a.unknown)!;
  rig.when({ kind: 'resolve_action', action_id, status: 'failed', reason: 'not sent' });
  rig.when({ kind: 'pause', reason: 'golden' });
  rig.pass(31 * 60_000).revokeAll();
  rig.when({ kind: 'resume', reason: 'golden' });
  rig.login().bootstrap();
  rig.when({ kind: 'abort', reason: 'golden' });
  return rig.synthesise().revokeAll();
}

function successor(prior: Rig): Rig {
  const step = prior.ready('spawn_successor')[0]!;
  const next = assignmentFor(prior.state, step.step_id)!.successor!;
  const { predecessor_id, attempt, handoff, sha256, plan, pipeline_id } = next;
  const rig = new Rig();
  rig.when(
    spawnCommand({
      pipeline_id,
      plan,
      successor_of: { pipeline_id: predecessor_id, attempt, handoff, sha256 },
    }),
  );
  rig.login().plan().bootstrap();
  rig.when({ kind: 'cancel', reason: 'golden' });
  return rig.revokeAll();
}

function fork(prior: Rig): Rig {
  const at = prior.log.findIndex((e) => e.type === 'round_closed') + 1;
  const source = forkSource(replay(prior.log.slice(0, at)), prior.log[at - 1]!.hash)!;
  const rig = new Rig();
  rig.when(spawnCommand({ pipeline_id: 'pl_golden000fork', plan: source.plan, fork: source.seed }));
  rig.login();
  const { proposal_id } = rig.proposalOf('ALPHA');
  const no = { votes: [vote(proposal_id, 1, 'reject' as const)] };
  for (let n = 0; n < 20 && !rig.state.failure; n++) rig.round({ BETA: no });
  rig.revokeAll();
  rig.when(
    { kind: 'fallback', action: 'accept_partial', reason: 'golden', proposal_id, revision: 1, confirm: true },
    'person:ada',
  );
  return rig.revokeAll();
}

/** PIPE-7: of a run that had acted, once with an outcome and once without, and that had revoked an agent for a violation. */
function forkOfDone(): Rig {
  const prior = new Rig().toRoundOne(spawnCommand({ documents: [document] }));
  const calls = [{ text: 'told' }, { text: 'perhaps' }];
  for (const [n, call] of calls.entries()) {
    prior.call('ALPHA', 'webhook_dispatch', call);
    prior.judge({ ...ALLOW, effect: 'once' });
    if (n === 0) prior.report({ origin: ['tool:webhook_dispatch'] });
  }
  prior.speak('BETA', { proposal: proposal('void') });
  const beta = Object.values(prior.state.agents).find((a) => a.role === 'BETA')!;
  const violation = { rule: 'egress_private_address', severity: 'medium' as const };
  prior.pass(20_001);
  const [open] = Object.values(prior.state.actions).filter((a) => a.unknown);
  prior.when({ kind: 'resolve_action', action_id: open!.action_id, status: 'failed', reason: 'golden' });
  prior.call('ALPHA', 'webhook_dispatch', calls[1]);
  prior.judge({ ...ALLOW, effect: 'once' });
  prior.pass(20_001);
  prior.state = { ...prior.state, violations: [{ ...violation, violation_id: 'vi_1', agent_id: beta.agent_id, evidence: 'golden', consequence: 'golden', seq: 1, at: '' }] };
  prior.when({ kind: 'revoke', agent_id: beta.agent_id, reason: 'golden' });
  const source = forkSource(prior.state, prior.head.hash)!;
  const rig = new Rig();
  rig.when(spawnCommand({ pipeline_id: 'pl_golden0forked', plan: source.plan, fork: source.seed, documents: [document] }));
  rig.login().bootstrap();
  for (const call of calls) rig.call('ALPHA', 'webhook_dispatch', call);
  const asked = Object.values(rig.state.actions).find((a) => a.unknown)!;
  rig.when({ kind: 'resolve_action', action_id: asked.action_id, status: 'succeeded', reason: 'golden' });
  const { proposal_id } = rig.proposalOf('BETA');
  rig.speak('ALPHA', { votes: [vote(proposal_id, 1, 'approve')] }).speak('BETA');
  rig.when(
    { kind: 'fallback', action: 'download_log', reason: 'golden', proposal_id: null, revision: null, confirm: false },
    'person:ada',
  );
  rig.when({ kind: 'cancel', reason: 'golden' });
  return rig.revokeAll();
}

/** A seat's agent that lives and comes to nothing. */
function replaced(): Rig {
  const rig = new Rig().toRoundOne();
  const stuck = rig.turnOf('BETA');
  rig.claim(stuck);
  rig.pass(130_000, { [stuck.step_id]: { heard_at: rig.now + 130_000, progress_at: 0 } }).bootstrap();
  rig.speak('BETA', { proposal: proposal('in its place') });
  rig.when({ kind: 'cancel', reason: 'golden' });
  return rig.revokeAll();
}

/** A DIAGNOSTIC that calls too often before it answers. */
function diagnostic(): Rig {
  const rig = new Rig();
  rig.when(spawnCommand({ mode: 'diagnostic', tier: 0, diagnoses: 'pl_golden00failed' }));
  rig.login().bootstrap();
  const calls = Array.from({ length: 101 }, (_, n) => ({
    call_id: `c${n}`,
    tool: 'document_read',
    arguments: {},
    target: 'failed-run.json',
  }));
  rig.finish(rig.turnOf('DIAGNOSTIC'), { kind: 'tool_calls', calls, usage: USAGE });
  for (const step of rig.ready('action'))
    rig.finish(step, {
      kind: 'action',
      status: 'succeeded',
      result: '{}',
      result_sha256: null,
      truncated: false,
      error: null,
      origin: ['untrusted'],
    });
  rig.finish(rig.turnOf('DIAGNOSTIC'), { kind: 'planner_report', report: report(), usage: USAGE });
  return rig.revokeAll();
}

/** A switch for one agent, then one from above for everything. */
function killed(): Rig {
  const rig = new Rig().toRoundOne();
  const { work } = rig.turnOf('BETA');
  const agent_id = 'agent_id' in work ? work.agent_id : '';
  rig.when({ kind: 'kill', kill: null, agent_id, reason: 'it looks odd' });
  rig.when({ kind: 'lift', kill_id: rig.state.kills[0]!.kill_id, reason: 'a false alarm' }, 'person:ps_3');
  const kill = {
    kill_id: 'ks_golden',
    scope: 'project' as const,
    id: 'prj_1',
    reason: 'all of it',
    by: 'person:ps_2',
    at: '2026-11-22T12:00:00.000Z',
  };
  rig.when({ kind: 'kill', kill, agent_id: null, reason: kill.reason }, 'system:supervisor');
  return rig.revokeAll();
}

/** An action that needs a person: parked, approved, judged again, run. */
function approval(): Rig {
  const rig = new Rig().toRoundOne();
  rig.call('ALPHA', 'webhook_dispatch', { endpoint: 'sandbox-ops', text: 'done' });
  rig.judge(ASK);
  const asked = rig.last('action_approval_requested')!.body;
  const { approval_id, sha256 } = asked;
  rig.when({ kind: 'decide_approval', approval_id, decision: 'approve', reason: 'golden', sha256 }, 'person:ada');
  rig.judge({ ...ALLOW, effect: 'once', labels: ['told_outside'] });
  rig.report({ origin: ['tool:webhook_dispatch'] });
  rig.when({ kind: 'cancel', reason: 'golden' });
  return rig.revokeAll();
}

/** GOV-7: an outside agent tells one outcome, leaves another untold, and its caller ends the pipeline. */
function external(): Rig {
  const rig = new Rig();
  rig.when(spawnCommand({ mode: 'external', pipeline_id: 'pl_golden0outside' }));
  rig.login();
  const session = { session_hash: 'e'.repeat(64), session_expires_at: rig.expiry() };
  rig.when({ kind: 'register', name: 'coder', framework: 'claude-code', tier: 1, ...session });
  rig.bootstrap();
  const agent_id = rig.last('agent_registered')!.body.agent_id;
  for (const key of ['told', 'untold']) {
    const tool = { min_tier: 1, effect: 'once', acts: true, external: true, server: null } as const;
    const outside = { enforcement: 'cooperative', idempotency_key: key, tool } as const;
    const asked = { tool: 'Bash', arguments: { command: 'ls' }, target: 'localhost', origin: [] };
    rig.when({ kind: 'ask', agent_id, ...asked, outside: { ...outside, arguments_sha256: 'f'.repeat(64) } });
    const action_id = rig.last('action_requested')!.body.action_id;
    rig.when({ kind: 'judge', action_id, version: rig.state.facts_seq, decision: ALLOW });
    const outcome = { status: 'succeeded', result: '1', result_sha256: null, truncated: false, error: null } as const;
    if (key === 'told') rig.when({ kind: 'report', agent_id, action_id, outcome });
  }
  rig.when({ kind: 'end', reason: 'golden' });
  return rig.revokeAll();
}

/** REC-6: the system was down for a quarter of an hour while a worker had a step. */
function outage(): Rig {
  const rig = new Rig().toRoundOne();
  rig.claim(rig.turnOf('ALPHA'));
  rig.pass(900_000);
  rig.when({ kind: 'cancel', reason: 'golden' });
  return rig.revokeAll();
}

const document = {
  name: 'tfplan.json',
  sha256: 'd'.repeat(64),
  bytes: 12,
  media_type: 'application/json',
  origin: 'trusted' as const,
};
