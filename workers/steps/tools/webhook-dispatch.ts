import * as z from 'zod';
import { judgeUrl } from '#domain/governance/egress.ts';
import { byteLength } from './result.ts';
import { defineTool, type ToolContext, type ToolOutcome, textOf } from './tool.ts';

export const WEBHOOK_LIMITS = { timeout_ms: 10_000, bytes: 64 * 1024 } as const;
/** Where the tenant keeps the key that its webhooks are signed with, in Vault below its own path. */
export const SIGNING_KEY = 'tier2/webhooks';

const ORIGIN = ['tool:webhook_dispatch'];
const refused = (
  code: string,
  message: string,
  more: { transient?: boolean; unknown?: boolean } = {},
): ToolOutcome => ({
  ok: false,
  code,
  message,
  transient: false,
  origin: ORIGIN,
  ...more,
});

const hex = (bytes: ArrayBuffer): string =>
  [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** HMAC-SHA256 over `timestamp.body`, so that a receiver can refuse what is old or changed. */
export async function signWebhook(key: string, timestamp: string, body: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', encoder.encode(key), algorithm, false, ['sign']);
  return hex(await crypto.subtle.sign('HMAC', imported, encoder.encode(`${timestamp}.${body}`)));
}

async function dispatch(
  { url, event, data }: { url: string; event: string; data: Record<string, unknown> },
  context: ToolContext,
): Promise<ToolOutcome> {
  const judged = judgeUrl(url, context.egress);
  if (!judged.ok) return refused(judged.error.rule, judged.error.reason);
  const { pipeline_id, action_id } = context;
  const body = JSON.stringify({ event, pipeline_id, action_id, data });
  if (byteLength(body) > WEBHOOK_LIMITS.bytes) return refused('too_large', 'The body has more than 64 KiB.');
  const key = await context.readSecret(SIGNING_KEY);
  if (!key.ok || !key.value.key)
    return refused('no_signing_key', `Vault gives no field \`key\` at ${SIGNING_KEY}; nothing was sent.`);
  const timestamp = context.now();
  let response: Response;
  try {
    response = await context.fetch(judged.value.href, {
      method: 'POST',
      // An answer that sends us elsewhere is not followed: the body was meant for this host.
      redirect: 'manual',
      signal: AbortSignal.any([context.signal, AbortSignal.timeout(WEBHOOK_LIMITS.timeout_ms)]),
      headers: {
        'Content-Type': 'application/json',
        'Idempotency-Key': action_id,
        'X-AGS-Timestamp': timestamp,
        'X-AGS-Signature': `sha256=${await signWebhook(key.value.key, timestamp, body)}`,
        'User-Agent': 'agent-governance-system',
      },
      body,
    });
  } catch {
    return refused('no_answer', 'It was sent and nobody answered; the receiver may have it.', {
      unknown: true,
    });
  }
  await response.body?.cancel();
  const { status } = response;
  if (status >= 200 && status < 300) return { ok: true, value: { status, delivered: true }, origin: ORIGIN };
  return refused('not_accepted', `${judged.value.host} answered with HTTP ${status}.`, {
    unknown: status >= 500,
  });
}

/** T2, `once` (REC-6): sent at most one time; without an answer its outcome is unknown and a person looks. */
export const webhookDispatch = defineTool({
  name: 'webhook_dispatch',
  description:
    'Sends one signed JSON message to a listed host over https, once. You get the HTTP status, not the answer. 64 KiB at most.',
  args: z.strictObject({
    url: z.string().min(1).max(2_000),
    event: z.string().regex(/^[a-z][a-z0-9_.-]{0,79}$/, 'a name such as release.approved'),
    data: z.record(z.string().max(100), z.unknown()),
  }),
  min_tier: 2,
  effect: 'once',
  external: true,
  acts: false,
  // A message that was sent cannot be taken back.
  irreversible: true,
  target: (args) => URL.parse(textOf(args.url))?.host ?? '',
  run: dispatch,
});
