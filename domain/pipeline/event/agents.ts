import type { CitationDraft } from '../../agents/output.ts';
import type { Role } from '../../agents/roles.ts';
import type { Severity } from '../../governance/severity.ts';
import type { Tier } from '../../governance/tier.ts';
import type { DeclaredTool } from './actions.ts';

/** Who takes part, and who does no longer (AGENT, ENF). */
export interface AgentEvents {
  agent_spawned: { agent_id: string; role: Role; tier: Tier; reason: string };
  /** GOV-7: `session_hash` is keyed with a secret of the deployment; the session token itself was shown once. */
  agent_registered: {
    agent_id: string;
    name: string;
    framework: string;
    tier: Tier;
    session_hash: string;
    session_expires_at: string;
    /** GOV-1: its own tools that were declared; absent in logs from before there were any. */
    tools?: DeclaredTool[];
  };
  /** An operator took one agent's authority away; its seat is silent from here on. */
  agent_revoked: {
    agent_id: string;
    reason: string;
    /** CONS-4: it had broken a rule, so its votes do not count. */
    votes_void: boolean;
  };
  /** ENF-2, CONS-4: `by` takes the seat of an agent that made no progress; votes of the old one stand in `round` only. */
  agent_replaced: { agent_id: string; by: string; round: number; reason: string };
  /** ENF-4: from here on its calls are refused while the window is full. */
  agent_throttled: { agent_id: string; calls: number; until: string };
  /** ENF-1: what a DIAGNOSTIC found, for people to work on. */
  bug_filed: {
    bug_id: string;
    /** The run it is about. */
    about: string;
    agent_id: string;
    severity: Severity;
    title: string;
    body: string;
    citations: CitationDraft[];
  };
}
