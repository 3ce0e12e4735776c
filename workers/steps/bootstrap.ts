import { TOKEN_TTL_S } from '#workers/credentials/index.ts';
import { credentialScope, isoIn, type StepContext } from './context.ts';
import { credentialFailure, done, malformed, type StepOutcome } from './outcome.ts';

/** CRED-1: one child token per agent, by tier. The token itself stays sealed in the store; only its accessor is reported. */
export async function bootstrap({ assignment, deps }: StepContext): Promise<StepOutcome> {
  const { agent } = assignment;
  if (agent === null) return malformed('A bootstrap step names no agent.');
  const parent = assignment.login_accessor;
  const began = deps.clocks.now();
  const issued = await deps.credentials.issueAgent({
    ...credentialScope(assignment),
    agent: agent.agent_id,
    tier: agent.tier,
    ttl_s: TOKEN_TTL_S,
    ...(parent ? { parent } : {}),
  });
  if (!issued.ok) return credentialFailure(issued.error);
  const { accessor, policies, lease_s } = issued.value;
  return done({ kind: 'agent_bootstrap', accessor, policies, expires_at: isoIn(began, lease_s) });
}
