/**
 * Vault's HTTP envelope. Shapes, codes and wordings follow HashiCorp Vault 1.1x (OpenBao answers alike):
 * `{"errors":[…]}` for every failure, an empty list for a 404 of an absent thing.
 */
export type Operation = 'create' | 'read' | 'update' | 'delete' | 'list';

export interface Auth {
  client_token: string;
  accessor: string;
  policies: string[];
  token_policies: string[];
  metadata: Record<string, string> | null;
  lease_duration: number;
  renewable: boolean;
  entity_id: string;
  token_type: string;
  orphan: boolean;
  mfa_requirement: null;
  num_uses: number;
}

/** What a handler gives back; an empty outcome is a 204. */
export interface Outcome {
  data?: unknown;
  auth?: Auth;
  warnings?: string[];
  /** Status when it is not 200 (404 of a deleted version still carries data). */
  status?: number;
  /** Fields merged into the top level, as `sys/*` endpoints do beside `data`. */
  flat?: Record<string, unknown>;
}

/** A failure with the status and the error texts that real Vault gives. */
export class VaultFault extends Error {
  readonly status: number;
  readonly errors: string[];
  constructor(status: number, ...errors: string[]) {
    super(errors.join('; '));
    this.status = status;
    this.errors = errors;
  }
}

/** Go's multierror wording, which Vault uses where an error comes from its core and not from a backend. */
export function multierror(...causes: string[]): string {
  const head = causes.length === 1 ? '1 error occurred:' : `${causes.length} errors occurred:`;
  return `${head}\n${causes.map((cause) => `\t* ${cause}\n`).join('')}\n`;
}

export const denied = () => new VaultFault(403, multierror('permission denied'));
export const invalidToken = () => new VaultFault(403, multierror('permission denied', 'invalid token'));
export const badRequest = (message: string) => new VaultFault(400, message);
export const notFound = () => new VaultFault(404);

const HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' };

export function respond(outcome: Outcome, mountType: string): Response {
  const empty = outcome.data === undefined && !outcome.auth && !outcome.warnings?.length && !outcome.flat;
  if (empty) return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } });
  const body = {
    request_id: crypto.randomUUID(),
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data: outcome.data ?? null,
    wrap_info: null,
    warnings: outcome.warnings?.length ? outcome.warnings : null,
    auth: outcome.auth ?? null,
    mount_type: mountType,
    ...outcome.flat,
  };
  return new Response(`${JSON.stringify(body)}\n`, { status: outcome.status ?? 200, headers: HEADERS });
}

export function respondFault(fault: VaultFault): Response {
  return new Response(`${JSON.stringify({ errors: fault.errors })}\n`, {
    status: fault.status,
    headers: HEADERS,
  });
}
