import * as z from 'zod';
import { SEVERITIES } from '../../governance/severity.ts';

/** SBX-1: what can be wrong with a playbook or an inventory. The ids are stable: tests, policies and dashboards name them. */
export const ANSIBLE_RULES = [
  'forbidden_target',
  'all_hosts',
  'data_destroyed',
  'destructive_command',
  'remote_script',
  'unverified_download',
  'tls_unchecked',
  'host_key_unchecked',
  'world_writable',
  'open_network',
  'secret_in_clear',
  'secret_logged',
  'becomes_root',
  'errors_ignored',
  'always_changes',
  'unpinned_version',
] as const;
export type AnsibleRule = (typeof ANSIBLE_RULES)[number];

export const AnsibleFinding = z.strictObject({
  rule: z.enum(ANSIBLE_RULES),
  severity: z.enum(SEVERITIES),
  title: z.string().max(300),
  body: z.string().max(2_000),
  /** The task's or the host's name; empty for what belongs to a whole play. */
  subject: z.string().max(300),
  /** 1-based, in the document. */
  line: z.int().min(1),
  column: z.int().min(1),
  /** The value found there; `[redacted]` for a secret. */
  quote: z.string().max(500),
  remedy: z.string().max(500),
});
export type AnsibleFinding = z.infer<typeof AnsibleFinding>;

const count = z.int().min(0);

export const AnsibleInspection = z.strictObject({
  kind: z.enum(['playbook', 'tasks', 'inventory']),
  counts: z.strictObject({ plays: count, tasks: count, handlers: count, hosts: count, groups: count }),
  blast_radius: z.strictObject({
    /** Patterns of hosts that plays run on, or hosts of the inventory. */
    hosts: z.array(z.string().max(300)).max(200),
    /** Tasks that destroy data. */
    destroys: count,
    /** Tasks that run as root. */
    privileged: count,
    level: z.enum(['none', 'low', 'medium', 'high']),
  }),
  /** 0 nothing found, 100 the worst. */
  score: z.int().min(0).max(100),
  /** Severest first, then in the document's order. */
  findings: z.array(AnsibleFinding).max(500),
  findings_left_off: count,
});
export type AnsibleInspection = z.infer<typeof AnsibleInspection>;

export interface AnsibleError {
  code: 'not_ansible' | 'malformed';
  message: string;
}

export interface Position {
  line: number;
  column: number;
}

/** What a rule finds; where it is, and in what, is added by who asked the rule. */
export type Found = Pick<AnsibleFinding, 'rule' | 'severity' | 'title' | 'body' | 'quote' | 'remedy'> & {
  at: Position;
};
