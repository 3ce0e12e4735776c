/** What an agent is here for. A seat is a role's place in the electorate (CONS-4); DIAGNOSTIC and PLANNER have no vote. */
export const ROLES = ['PLANNER', 'ALPHA', 'BETA', 'GAMMA', 'DIAGNOSTIC'] as const;
export type Role = (typeof ROLES)[number];

/** Seats that can be part of an electorate (CONS-4). */
export const SEATS = ['ALPHA', 'BETA', 'GAMMA'] as const;
export type Seat = (typeof SEATS)[number];

/** AGENT-1: the phases that an agent's card shows. */
export const AGENT_PHASES = [
  'BOOTSTRAP',
  'PREFLIGHT',
  'PLAN',
  'EXECUTE',
  'VERIFY',
  'PACKAGE',
  'REPORT',
  'EXIT',
  'REVOKED',
] as const;
export type AgentPhase = (typeof AGENT_PHASES)[number];

/** `OUTSIDE`: an agent that runs elsewhere (GOV-7); it has no seat, no prompt and no model of ours. */
export const AGENT_ROLES = [...ROLES, 'OUTSIDE'] as const;
export type AgentRole = (typeof AGENT_ROLES)[number];

export const isOurs = (role: AgentRole): role is Role => role !== 'OUTSIDE';

export const isSeat = (role: AgentRole): role is Seat => (SEATS as readonly string[]).includes(role);

/** Works before any seat does, with nobody to take its place. */
export const isSolo = (role: AgentRole): boolean => role === 'PLANNER' || role === 'DIAGNOSTIC';
