import { credentialScope, isoIn, type StepContext } from './context.ts';
import { credentialFailure, done, type StepOutcome } from './outcome.ts';

/**
 * CRED-1: the pipeline's own login. It is recorded while its lease is still the role's short first one, so that a login whose recording
 * is lost to a crash dies by itself. A pipeline that lives longer has it extended like any other renewal (CRED-3).
 */
export async function login({ assignment, deps }: StepContext): Promise<StepOutcome> {
  const began = deps.clocks.now();
  const issued = await deps.credentials.login(credentialScope(assignment));
  if (!issued.ok) return credentialFailure(issued.error);
  const { accessor, policies, lease_s } = issued.value;
  return done({ kind: 'credentials_login', accessor, policies, expires_at: isoIn(began, lease_s) });
}
