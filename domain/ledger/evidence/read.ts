import type { EvidenceEvent, EvidenceIndex, EvidenceOutcome } from './package.ts';
import { isRedacted } from './package.ts';

/** By the beginning of an event's type, or its whole; a new type of the same kind belongs to its part by itself. */
const PARTS: Record<keyof EvidenceIndex, { begins: string[]; is: string[] }> = {
  actions: { begins: ['action_'], is: ['violation_recorded'] },
  approvals: { begins: ['approval_', 'action_approval_'], is: [] },
  tokens: { begins: ['credentials_', 'agent_token_', 'token_'], is: ['agent_revoked', 'sealed'] },
  verdict: {
    begins: ['round_', 'proposal_', 'vote_', 'consensus_'],
    is: [
      'agent_replaced',
      'agent_revoked',
      'fallback_chosen',
      'generation_started',
      'mediator_called',
      'partial_accepted',
      'pipeline_forked',
    ],
  },
};

export function isPartOf(part: keyof EvidenceIndex, type: string): boolean {
  const { begins, is } = PARTS[part];
  return is.includes(type) || begins.some((b) => type.startsWith(b));
}

export const emptyIndex = (): EvidenceIndex => ({ actions: [], approvals: [], tokens: [], verdict: [] });

export function addToIndex(index: EvidenceIndex, { seq, type }: Pick<EvidenceEvent, 'seq' | 'type'>): void {
  for (const part of Object.keys(index) as (keyof EvidenceIndex)[])
    if (isPartOf(part, type)) index[part].push(seq);
}

type Json = Record<string, unknown>;
export const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};

/** The body of an event; empty when it is redacted. */
export const bodyOf = (event: EvidenceEvent | undefined): Json =>
  event === undefined || isRedacted(event) ? {} : objectOf(event.body);

/** GOV-4: the policies that a decision of the gate was made under, as its event names them. */
export interface PolicyReference {
  version: string;
  /** Of all texts together; null where the event does not say. */
  sha256: string | null;
  /** The tenant's own, as `version:hash`; null: none. */
  tenant_policy: string | null;
}

const textOr = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** null for events that are no decision. */
export function policyOf(event: EvidenceEvent): PolicyReference | null {
  if (!event.type.startsWith('action_')) return null;
  const body = bodyOf(event);
  const decision = objectOf(body.decision);
  const version = textOr(decision.policy_version ?? body.policy_version);
  return version === null
    ? null
    : {
        version,
        sha256: textOr(decision.policy_sha256 ?? body.policy_sha256),
        tenant_policy: textOr(decision.tenant_policy),
      };
}

/** What is gathered while the events pass by, one after the other. */
export class EvidenceReader {
  readonly index = emptyIndex();
  /** By version; a later event may say more of one than an earlier. */
  readonly policies = new Map<string, PolicyReference>();
  #ended: Omit<EvidenceOutcome, 'sealed'> | null = null;
  #sealed = false;

  add(event: EvidenceEvent): void {
    addToIndex(this.index, event);
    const policy = policyOf(event);
    if (policy) {
      const known = this.policies.get(policy.version);
      this.policies.set(policy.version, {
        version: policy.version,
        sha256: policy.sha256 ?? known?.sha256 ?? null,
        tenant_policy: policy.tenant_policy ?? known?.tenant_policy ?? null,
      });
    }
    if (event.type === 'sealed') this.#sealed = true;
    if (event.type !== 'pipeline_ended' || isRedacted(event)) return;
    // As they stand: text for a number, or nothing for a text, must not pass for what was signed.
    const { state, exit_code, reason } = bodyOf(event) as Omit<EvidenceOutcome, 'sealed'>;
    this.#ended = { state, exit_code, reason };
  }

  /** null: the end is not among the events, or is redacted. */
  get outcome(): EvidenceOutcome | null {
    return this.#ended && { ...this.#ended, sealed: this.#sealed };
  }
}
