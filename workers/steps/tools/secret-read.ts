import * as z from 'zod';
import { hashJson } from '#domain/ledger/canonical.ts';
import { defineTool, type ToolOutcome, textOf } from './tool.ts';

const refused = (code: string, message: string, transient = false): ToolOutcome => ({
  ok: false,
  code,
  message,
  transient,
  origin: ['tool:secret_read'],
});

/**
 * GOV-6, GOV-3: proves that the agent may read the secret, now, with its own token, and says which version it saw. The value itself stays
 * here: a handle and a salted hash are all that is recorded or shown to a model, and from the admission on nothing external may be asked.
 */
export const secretRead = defineTool({
  name: 'secret_read',
  description:
    "Reads one of the tenant's secrets, below `tier0/`, `tier1/` or `tier2/` up to your own tier, with your own token. You get a handle, the names of its fields and a hash that tells whether it changed; never the value. Afterwards no external request is allowed in this run.",
  args: z.strictObject({
    path: z
      .string()
      .regex(/^tier[012](\/[A-Za-z0-9][A-Za-z0-9_-]{0,63}){1,6}$/, 'a path such as tier1/checkout/db'),
  }),
  min_tier: 1,
  effect: 'pure',
  external: false,
  acts: false,
  labels: ['read_secret'],
  target: (args) => `secret://${textOf(args.path)}`,
  async run({ path }, { readSecret, tenant, action_id }) {
    const read = await readSecret(path);
    if (read.ok) {
      const fields = Object.keys(read.value).sort();
      const sha256 = hashJson({ tenant, path, value: read.value });
      const value = { handle: `secret://${path}`, read_by: action_id, fields, sha256 };
      return { ok: true, value, origin: ['tool:secret_read'] };
    }
    const { kind, retryable } = read.error;
    if (kind === 'not_found') return refused('not_found', `There is no secret at ${path}.`);
    if (kind === 'denied') return refused('denied', `Your token may not read ${path}.`);
    if (kind === 'token_dead') return refused('token_dead', 'Your token has been revoked.');
    return refused('vault_unavailable', 'Vault does not answer as it should.', retryable);
  },
});
