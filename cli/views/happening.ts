import type { PipelineEvent as WireEvent } from '#client/index.ts';
import { atLeast } from '#domain/governance/severity.ts';
import type { PipelineEvent } from '#domain/pipeline/event.ts';
import { plural } from '../terminal/format.ts';
import type { Style } from '../terminal/style.ts';
import { printable } from '../terminal/text.ts';
import { severityWord } from './verdict.ts';

/** Names that earlier events gave to agents and actions, so that later ones can be told in a sentence. */
export interface Cast {
  roles: Map<string, string>;
  actions: Map<string, { agent_id: string; tool: string; target: string }>;
  proposals: Map<string, string>;
}

export const newCast = (): Cast => ({ roles: new Map(), actions: new Map(), proposals: new Map() });

/** A code as words: `round_limit`, `round limit`. */
const words = (code: string): string => code.replaceAll('_', ' ');

/** What a person watching wants to read about one event; null for those that only the log needs. `detailed` tells more of them. */
export function happening(wire: WireEvent, cast: Cast, style: Style, detailed = false): string | null {
  const event = wire as PipelineEvent;
  const role = (agent_id: string | null) => style.strong(cast.roles.get(agent_id ?? '') ?? 'an agent');
  const proposal = (id: string) => `${cast.proposals.get(id) ?? id}'s proposal`;
  switch (event.type) {
    case 'pipeline_spawned':
      return `spawned from plan ${printable(event.body.plan_name)} ${event.body.plan_version}, tier ${event.body.tier}`;
    case 'credentials_recorded':
      return `Vault login, policies ${event.body.policies.join(', ')}`;
    case 'handoff_loaded':
      return `resumes from the handoff of ${event.body.prior_pipeline} ${style.faint(`(attempt ${event.body.handoff.attempt} ended by ${words(event.body.handoff.trigger)}; sha256 ${event.body.sha256.slice(0, 12)}…)`)}`;
    case 'pipeline_forked': {
      const { from, at_seq, findings, proposals } = event.body;
      for (const one of proposals) cast.proposals.set(one.proposal_id, one.author);
      return `forked from event ${at_seq} of ${from}, with ${plural(findings.length, 'finding')} and ${plural(proposals.length, 'proposal')}`;
    }
    case 'credentials_suspended':
      return style.caution(`tokens revoked while it waits: ${printable(event.body.reason)}`);
    case 'tokens_renewed':
      return detailed ? `${plural(event.body.tokens.length, 'token')} renewed` : null;
    case 'renewal_failing':
      return style.caution(`tokens cannot be renewed: ${printable(event.body.message)}`);
    case 'step_deferred':
      return style.caution(`waits for credentials: ${printable(event.body.message)}`);
    case 'step_released':
      return detailed ? 'what a step waited for is to be had again' : null;
    case 'step_held':
      return style.caution(`waits: ${printable(event.body.message)}`);
    case 'credentials_restored':
      return `credentials are back after ${Math.round(event.body.waited_ms / 1_000)} s`;
    case 'credentials_superseded':
      return detailed
        ? `${plural(event.body.accessors.length, 'older token')} to be revoked: ${printable(event.body.reason)}`
        : null;
    case 'pause_requested':
      return `${style.caution('pause asked for')} by ${printable(event.actor)}: ${printable(event.body.reason)}`;
    case 'outage_noticed':
      return style.caution(
        `the system was down from ${event.body.since.slice(0, 19)}Z on; the run’s clocks stood still`,
      );
    case 'paused':
      return style.caution('paused; nothing new is started, deadlines stand still');
    case 'resumed':
      return `resumed by ${printable(event.actor)}: ${printable(event.body.reason)}`;
    case 'state_entered':
      return style.title(event.body.state);
    case 'waiting_began':
      return style.caution(`waits for ${event.body.for}`);
    case 'continued':
      return 'continued by a person';
    case 'agent_spawned':
      cast.roles.set(event.body.agent_id, event.body.role);
      return `${style.strong(event.body.role)} joins ${style.faint(`(tier ${event.body.tier}, ${printable(event.body.reason)})`)}`;
    case 'agent_registered': {
      const { agent_id, name, framework, tier } = event.body;
      cast.roles.set(agent_id, name);
      return `${style.strong(printable(name))} registers ${style.faint(`(${printable(framework)}, tier ${tier})`)}`;
    }
    case 'agent_token_issued':
      return detailed
        ? `${role(event.body.agent_id)} has its own token until ${event.body.expires_at}`
        : null;
    case 'report_written': {
      const { tasks, risks, complexity } = event.body.report;
      return `${role(event.body.agent_id)} reports ${plural(tasks.length, 'task')}, ${plural(risks.length, 'risk')}, complexity ${complexity}`;
    }
    case 'round_started':
      return `${style.title(`round ${event.body.round}`)} ${style.faint(event.body.electorate.join(', '))}`;
    case 'finding_written': {
      if (!detailed && !atLeast(event.body.severity, 'high')) return null;
      const { author, severity, title, citations } = event.body;
      const cited = citations[0]
        ? style.faint(` ${printable(`${citations[0].source} ${citations[0].locator}`)}`)
        : '';
      return `${style.strong(author)} found ${severityWord(severity, style)}: ${printable(title)}${cited}`;
    }
    case 'proposal_written': {
      const { author, revision, title, proposal_id } = event.body;
      cast.proposals.set(proposal_id, author);
      return `${style.strong(author)} ${revision > 1 ? `revises (${revision})` : 'proposes'}: ${printable(title)}`;
    }
    case 'vote_cast': {
      const { seat, vote, proposal_id, confidence, reason, critical } = event.body;
      const verb = {
        approve: style.good('approves'),
        reject: style.bad('rejects'),
        abstain: style.faint('abstains on'),
      }[vote];
      const weight = style.faint(`(${confidence} %${critical ? ', critical' : ''})`);
      return `${style.strong(seat)} ${verb} ${proposal(proposal_id)} ${weight}: ${printable(reason)}`;
    }
    case 'vote_refused':
      return detailed ? `a vote of ${event.body.seat} does not count: ${event.body.why}` : null;
    case 'message_sent':
      return `${style.strong(event.body.from)} → ${event.body.to}: ${printable(event.body.body)}`;
    case 'round_closed':
      return event.body.conflicts > 0
        ? style.caution(`round ${event.body.round} ends with ${plural(event.body.conflicts, 'conflict')}`)
        : null;
    case 'mediator_called':
      return `a mediator is called: ${printable(event.body.detail)}`;
    case 'consensus_reached':
      return style.good(`consensus in round ${event.body.round}: ${event.body.approvals.join(', ')}`);
    case 'consensus_failed':
      return style.bad(`no consensus after round ${event.body.round}: ${printable(event.body.reason)}`);
    case 'failure_context_stored':
      return detailed ? `failure context stored under ${event.body.key} for ${event.body.ttl_s} s` : null;
    case 'fallback_chosen':
      return `${style.strong(words(event.body.action))} chosen by ${printable(event.actor)}: ${printable(event.body.reason)}`;
    case 'generation_started': {
      const { generation, tier, mediator } = event.body;
      return `${style.title(`generation ${generation}`)} ${style.faint(`tier ${tier}${mediator ? ', GAMMA from the start' : ''}; budgets continue`)}`;
    }
    case 'partial_accepted':
      return style.caution(
        `${printable(event.actor)} accepts ${proposal(event.body.proposal_id)} (revision ${event.body.revision}) without consensus: ${printable(event.body.reason)}`,
      );
    case 'approval_requested': {
      const { approval_id, action, tier, requested_by, reason } = event.body;
      return `${style.caution('approval needed')} ${approval_id}: ${words(action)} to tier ${tier}, asked for by ${printable(requested_by)}: ${printable(reason)}`;
    }
    case 'action_approval_requested': {
      const { approval_id, tool, target, reason } = event.body;
      return `${style.caution('approval needed')} ${approval_id}: ${printable(tool)} on ${printable(target || 'no target')}: ${printable(reason)}`;
    }
    case 'approval_decided': {
      const { approval_id, decision, reason } = event.body;
      if (decision === 'expired')
        return style.caution(`approval ${approval_id} expired: ${printable(reason)}`);
      const decided = decision === 'approve' ? style.good('approved') : style.bad('denied');
      return `${approval_id} ${decided} by ${printable(event.actor)}: ${printable(reason)}`;
    }
    case 'recovery_started': {
      const { trigger, detail } = event.body;
      return `${style.caution(`the supervisor ends the run (${words(trigger)})`)}: ${printable(detail)}`;
    }
    case 'synthesis_written': {
      const by = event.body.agent_id === null ? 'put together by rule' : `by ${role(event.body.agent_id)}`;
      return `synthesis ${by}: ${printable(event.body.title)}`;
    }
    case 'handoff_sealed': {
      const { successor_id, sha256 } = event.body;
      const next = successor_id === null ? style.bad('no successor') : `${successor_id} goes on`;
      return `handoff sealed ${style.faint(`(sha256 ${sha256.slice(0, 12)}…)`)}; ${next}`;
    }
    case 'action_unknown': {
      const { action_id, why } = event.body;
      return `${style.bad('outcome unknown')} ${cast.actions.get(action_id)?.tool ?? ''} ${action_id}: ${printable(why)}; a person has to look (ags pipeline resolve)`;
    }
    case 'action_unreported': {
      const { action_id, why } = event.body;
      return `${style.caution('outcome not told')} ${cast.actions.get(action_id)?.tool ?? ''} ${action_id}: ${printable(why)}`;
    }
    case 'action_resolved': {
      const { action_id, status, reason } = event.body;
      return `${cast.actions.get(action_id)?.tool ?? action_id} ${status}, says ${printable(event.actor)}: ${printable(reason)}`;
    }
    case 'action_requested': {
      const { action_id, agent_id, tool, target } = event.body;
      cast.actions.set(action_id, { agent_id, tool, target });
      return detailed ? `${role(agent_id)} asks for ${tool} ${printable(target)}` : null;
    }
    case 'action_decided': {
      const { decision, reason } = event.body.decision;
      const action = cast.actions.get(event.body.action_id);
      const what = action
        ? `${role(action.agent_id)} ${action.tool} ${printable(action.target)}`
        : event.body.action_id;
      if (decision === 'allow') return `${what} ${style.good('allowed')}`;
      return `${what} ${decision === 'deny' ? style.bad('refused') : style.caution('needs an approval')}: ${printable(reason)}`;
    }
    case 'action_finished': {
      const action = cast.actions.get(event.body.action_id);
      if (!detailed && !['failed', 'unknown'].includes(event.body.status)) return null;
      return `${action?.tool ?? event.body.action_id} ${event.body.status}${event.body.error ? `: ${printable(event.body.error)}` : ''}`;
    }
    case 'violation_recorded': {
      const { severity, rule, evidence } = event.body;
      return `${style.bad('violation')} ${severityWord(severity, style)} ${printable(rule)}: ${printable(evidence)}`;
    }
    case 'step_failed': {
      const next = event.body.retry_at ? 'will be tried again' : 'gives up';
      return `${style.caution('a step failed')} (${event.body.code}, ${next}): ${printable(event.body.message)}`;
    }
    case 'step_lost':
      return style.caution('a worker was lost; its step starts again');
    case 'step_dead_lettered':
      return style.bad(`the queue gave up on ${event.body.step_id}: ${printable(event.body.reason)}`);
    case 'step_redriven':
      return `${event.body.step_id} is put back to work`;
    case 'log_written': {
      const { level, source, message } = event.body;
      const paint = level === 'error' ? style.bad : level === 'warn' ? style.caution : style.faint;
      return `${paint(level)} ${printable(source)}: ${printable(message)}`;
    }
    case 'agent_replaced':
      return style.caution(`${role(event.body.agent_id)} is replaced: ${printable(event.body.reason)}`);
    case 'agent_revoked':
      return `${role(event.body.agent_id)} ${style.bad('revoked')}: ${printable(event.body.reason)}`;
    case 'token_confirmed_gone':
      return detailed
        ? `token of ${event.body.agent_id ? role(event.body.agent_id) : 'the pipeline'} confirmed gone by ${event.body.how}`
        : null;
    case 'pipeline_ended': {
      const { state, exit_code, detail } = event.body;
      const paint = state === 'COMPLETED' ? style.good : style.bad;
      return `${paint(state)} exit ${exit_code}${detail ? `: ${printable(detail)}` : ''}; gate closed, tokens being revoked`;
    }
    case 'sealed':
      return `sealed: ${plural(event.body.tokens, 'token')} confirmed gone`;
    default:
      return detailed ? style.faint(`${wire.type}`) : null;
  }
}
