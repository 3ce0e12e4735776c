import type { Tier } from '#domain/governance/tier.ts';

/** Names agreed with `deploy/vault`: change them there too. */
export const pipelineRole = (tenant: string): string => `pipeline-${tenant}`;
export const agentRole = (tenant: string): string => `agent-${tenant}`;
/** What a pipeline's login has, and nothing else. */
export const pipelinePolicies = (tenant: string): string[] => ['pipeline-agent', `pipeline-${tenant}`];
export const agentPolicy = (tenant: string, tier: Tier): string => `agent-${tenant}-t${tier}`;
export const secretPath = (tenant: string, path: string): string => `secret/data/tenants/${tenant}/${path}`;

/** Store keys (CRED-2). */
export const pipelineTokenKey = (pipeline: string): string => `pipeline:${pipeline}:vault_token`;
export const agentTokenKey = (pipeline: string, agent: string): string =>
  `pipeline:${pipeline}:agent:${agent}:vault_token`;

/** A name that stands alone as one segment of a Vault path. */
export const isName = (text: string): boolean => /^[a-z0-9][a-z0-9_-]{0,62}$/.test(text);

/** A secret's path below its tenant: plain segments, so that none can climb out with `..` or smuggle a query. */
export const isSecretPath = (path: string): boolean =>
  path.length <= 200 && path.split('/').every((segment) => /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(segment));
