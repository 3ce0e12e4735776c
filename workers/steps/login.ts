import { credentialScope, isoIn, type StepContext } from './context.ts';
import { credentialFailure, done, dropped, type StepOutcome } from './outcome.ts';

/** CRED-1. */
export const TOKEN_TTL_S = 7_200;

/**
 * The pipeline's own login. Its accessor is recorded while the lease is still the short first one, and only then extended: a login
 * whose recording is lost to a crash dies by itself.
 */
export async function login({ assignment, deps, ask }: StepContext): Promise<StepOutcome> {
  const { tenant, step_id, epoch } = assignment;
  const issued = await deps.credentials.login(credentialScope(assignment));
  if (!issued.ok) return credentialFailure(issued.error);
  const { accessor, policies, lease_s } = issued.value;
  const expires_at = isoIn(deps.clocks.now(), lease_s);
  const recorded = await ask((pipeline) =>
    pipeline.recordLogin(tenant, step_id, epoch, { accessor, policies, expires_at }),
  );
  if (!recorded.accepted) {
    await deps.credentials.revoke(accessor);
    return dropped(recorded.why);
  }
  const extended = await deps.credentials.extend({ accessor, increment_s: TOKEN_TTL_S });
  if (!extended.ok) return credentialFailure(extended.error);
  return done({
    kind: 'credentials_login',
    expires_at: isoIn(deps.clocks.now(), extended.value.lease_s),
  });
}
