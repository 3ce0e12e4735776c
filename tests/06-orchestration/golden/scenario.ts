import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { ALLOW, proposal, Rig, spawnCommand, vote } from '../../support/pipeline.ts';

/** Two runs that between them write every type of event there is in version 1. */
export function goldenLogs(): Record<string, PipelineEvent[]> {
  return { 'v1-consensus': consensus().log, 'v1-failure': failure().log };
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

const document = {
  name: 'tfplan.json',
  sha256: 'd'.repeat(64),
  bytes: 12,
  media_type: 'application/json',
  origin: 'trusted' as const,
};
