import { err } from '#domain/result.ts';

/**
 * What can go wrong with credentials (CRED-6). Vault: `unavailable` (silent, a 5xx), `slow` (no answer in time), `sealed`, `standby`, `throttled`, `denied`
 * (a live token without the right, or a refused login), `token_dead` (the token no longer exists), `not_found`, `bad_response`
 * (something that is not Vault answered), `wrong_grant` (a new token with other policies than were asked for, or without an end). Store: `store_unavailable`, `store_lost` (nothing there: log in anew), `unseal_failed`
 * (not sealed for this tenant, agent and generation, or by a key that is gone).
 */
export const CREDENTIAL_ERROR_KINDS = [
  'unavailable',
  'slow',
  'sealed',
  'standby',
  'denied',
  'throttled',
  'token_dead',
  'not_found',
  'bad_response',
  'wrong_grant',
  'store_unavailable',
  'store_lost',
  'unseal_failed',
] as const;
export type CredentialErrorKind = (typeof CREDENTIAL_ERROR_KINDS)[number];

export interface CredentialError {
  kind: CredentialErrorKind;
  /** May the same call succeed later without anyone's doing? */
  retryable: boolean;
  /** Seconds, when the other side named them. */
  retry_after_s?: number;
  /** Written here, never taken from an answer: those may quote secrets. */
  message: string;
}

const RETRYABLE: ReadonlySet<CredentialErrorKind> = new Set([
  'unavailable',
  'slow',
  'sealed',
  'standby',
  'throttled',
  'store_unavailable',
]);

/** OPS-1: Vault does not do its work. A refusal is an answer, and says nothing about its health. */
export const isAway = ({ kind }: CredentialError): boolean =>
  kind !== 'store_unavailable' && RETRYABLE.has(kind);

export function failure(
  kind: CredentialErrorKind,
  message: string,
  more: Partial<Pick<CredentialError, 'retryable' | 'retry_after_s'>> = {},
) {
  return err<CredentialError>({ kind, retryable: RETRYABLE.has(kind), message, ...more });
}
